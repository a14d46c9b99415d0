import { isSelective } from "../backup/restore-scope.ts";
import type { RestoreScope } from "../backup/restore-scope.ts";
import type { Placement } from "../stores/store.ts";
import { readDatabaseNames } from "./into-database.ts";
import { OPTIONS } from "./options.ts";
import type { Option, OptionName } from "./options.ts";
import type { Sources } from "./sources.ts";
import { readRestoreCommands } from "./steps.ts";
import type { RunStepConfig } from "./steps.ts";
import type { StoreReader, TargetConfig } from "./stores.ts";

/** More at once than any server is built for. */
const MOST_JOBS = 64;

/** What is restored, and how. */
export interface RestoreSettings {
  /** Everything when absent. */
  scope?: RestoreScope;
  placement: Placement;
  allowMissing: string[];
  jobs?: number;
  stream: boolean;
  /** ClickHouse: users, roles and what they may do are brought back as well. */
  access: boolean;
  /** Run before the first change, and after the comparison. */
  before: RunStepConfig[];
  after: RunStepConfig[];
}

/** Options that do not go together: what each pair would mean, nobody could say. */
const CONFLICTS: readonly (readonly [OptionName, OptionName])[] = [
  ["schema-only", "data-only"],
  ["schema-only", "partition"],
  ["create-db", "replace-db"],
  ["create-db", "replace"],
  ["replace-db", "replace"],
  ["data-only", "create-db"],
  ["data-only", "replace-db"],
  ["table", "replace-db"],
  ["schema", "replace-db"],
  ["schema-only", "replace-db"],
  ["stream", "jobs"],
  ["stream", "data-only"],
  // Grants and row policies name databases by their old names.
  ["access", "into-database"],
];

/** @param isNeeded - whether the command is a restore */
export function readRestore(
  sources: Sources,
  stores: StoreReader,
  targets: readonly TargetConfig[],
  isNeeded: boolean,
): RestoreSettings {
  refuseConflicts(sources);
  refuseForeign(sources, targets);
  const scope = readScope(sources);
  const replaceDb = sources.option("replace-db")?.text;
  const maintenanceDb = sources.option("maintenance-db")?.text;
  const databaseNames = readDatabaseNames(sources);
  const jobs = readJobs(sources);
  return {
    ...(scope && { scope }),
    placement: {
      ...(isSet(sources, "create-db") && { create: true }),
      ...(replaceDb !== undefined && { replace: replaceDb }),
      ...(maintenanceDb !== undefined && { maintenanceDatabase: maintenanceDb }),
      ...(databaseNames && { databaseNames }),
    },
    allowMissing: sources.list("allow-missing"),
    ...(jobs !== undefined && { jobs }),
    stream: isSet(sources, "stream"),
    access: isSet(sources, "access"),
    before: readRestoreCommands(sources, stores, "before", isNeeded),
    after: readRestoreCommands(sources, stores, "after", isNeeded),
  };
}

function readScope(sources: Sources): RestoreScope | undefined {
  const list = (name: "table" | "schema" | "partition"): string[] | undefined => {
    const items = sources.list(name);
    return items.length > 0 ? items : undefined;
  };
  const tables = list("table");
  const schemas = list("schema");
  const partitions = list("partition");
  if (partitions && !tables && !schemas) {
    const tableOption = sources.nameOptions(["table"]);
    sources.problems.add(
      sources.optionPlace("partition"),
      `needs the tables it is about. Give ${tableOption}.`,
    );
  }
  const scope: RestoreScope = {
    ...(tables && { tables }),
    ...(schemas && { schemas }),
    ...(partitions && { partitions }),
    content: isSet(sources, "schema-only") ? "structure" : isSet(sources, "data-only") ? "data" : "all",
  };
  return isSelective(scope) || scope.content !== "all" ? scope : undefined;
}

function readJobs(sources: Sources): number | undefined {
  const given = sources.option("jobs");
  if (!given) return undefined;
  const jobs = Number(given.text);
  if (/^\d+$/.test(given.text) && jobs >= 1 && jobs <= MOST_JOBS) return jobs;
  sources.problems.add(given.place, `must be a whole number from 1 to ${MOST_JOBS}.`);
  return undefined;
}

function refuseConflicts(sources: Sources): void {
  for (const [first, second] of CONFLICTS) {
    if (!isSet(sources, first) || !isSet(sources, second)) continue;
    const text = `does not go with ${sources.nameOptions([first])}. Give one of them.`;
    sources.problems.add(sources.optionPlace(second), text);
  }
}

/** Options that mean nothing to any of the stores that are restored. */
function refuseForeign(sources: Sources, targets: readonly TargetConfig[]): void {
  if (targets.length === 0) return; // told about already
  for (const [name, { stores }] of Object.entries<Option>(OPTIONS)) {
    if (!stores || !isSet(sources, name as OptionName)) continue;
    if (targets.some(({ kind }) => stores.includes(kind))) continue;
    const kinds = [...new Set(targets.map(({ kind }) => kind))].join(" and ");
    const text = `means nothing for ${kinds}; it is for ${stores.join(" and ")}. Leave it out.`;
    sources.problems.add(sources.optionPlace(name as OptionName), text);
  }
}

/** Given, and not given as false. */
function isSet(sources: Sources, name: OptionName): boolean {
  const given = sources.option(name);
  if (!given) return false;
  return OPTIONS[name].kind !== "flag" || sources.flag(name) === true;
}
