import { Secret } from "../sys/secret.ts";
import { readVerifyScope } from "./verify.ts";
import type { VerifyScope } from "./verify.ts";
import { chooseFrom, readCopy, readDestinations } from "./destination.ts";
import type { NamedDestination } from "./destination.ts";
import type { EncryptionConfig, KeyringConfig } from "./encryption.ts";
import { readEncryption, readKeyring, requireRekeyOptions } from "./encryption.ts";
import type { ApplicationKeyConfig } from "./keys.ts";
import { readKeys } from "./keys.ts";
import { readNotify } from "./notify.ts";
import type { NotifyConfig } from "./notify.ts";
import type { Command, OptionName, PickRule, Shell } from "./options.ts";
import { COMMANDS, OPTIONS, PICKS } from "./options.ts";
import { readPostgresArchive } from "./postgres-archive.ts";
import { Problems, suggest } from "./problems.ts";
import { ROLES } from "../policy/roles.ts";
import type { Role } from "../policy/roles.ts";
import type { ToolArchive } from "../run-context.ts";
import { NAME, NAME_RULE } from "./schema.ts";
import { readRestore } from "./restore.ts";
import type { RestoreSettings } from "./restore.ts";
import { readSharding } from "./sharding.ts";
import { Sources } from "./sources.ts";
import type { ServerDestination } from "../stores/clickhouse/server-mode/server-destination.ts";
import type { UpstreamSettings } from "../drill/upstream/step-upstream.ts";
import type { StepConfig } from "./steps.ts";
import { needsUpstream, readSteps, readUpstream } from "./steps.ts";
import type { StoreConfig, TargetConfig } from "./stores.ts";
import { StoreReader } from "./stores.ts";
import type { Environment } from "./values.ts";
import { readDurationMs, readTime } from "./values.ts";

export type { ApplicationKeyConfig, EncryptionConfig, KeyringConfig };
export type { NamedDestination, StepConfig, StoreConfig, TargetConfig };

/** What a shell has read; nothing is interpreted yet. */
export interface RawInput {
  shell: Shell;
  command: string;
  /** By the names of options.ts, as given. An empty text is not given; items of a list may stand on lines. */
  options: Readonly<Record<string, string | undefined>>;
  env: Environment;
  /** lifeboat.yml, when there is one. */
  file?: { path: string; text: string };
}

interface CommonConfig {
  /** The folder below the destination that holds this product's backups. */
  name: string;
  /** All of them, or the one that the option `from` names; one at the least. */
  destinations: NamedDestination[];
  json: boolean;
  notify: NotifyConfig;
  /** A mirror of the archive that Postgres clients are fetched from. */
  postgresArchive?: ToolArchive;
  /** Every credential that was read, for masking. */
  secrets: Secret[];
}

/** Which backup; the newest complete one without any of them. */
export interface Selection {
  id?: string;
  before?: Date;
  pick?: PickRule;
}

export interface Objectives {
  rpoHours?: number;
  rtoMinutes?: number;
}

export interface BackupConfig extends CommonConfig {
  command: "backup";
  stores: StoreConfig[];
  full: boolean;
  /** Nothing is encrypted when absent. */
  encryption?: EncryptionConfig;
  keys: ApplicationKeyConfig[];
}

/** One of several runs that share a backup: what `plan` says decides what is sent. */
export interface ShardConfig extends Omit<BackupConfig, "full" | "keys"> {
  backupId: string;
  /** Such as `2/3`. */
  shard: string;
}

export interface PlanConfig extends Omit<BackupConfig, "command"> {
  command: "plan";
  /** How many shards. */
  count: number;
}

export interface FinishConfig extends CommonConfig {
  command: "finish";
  backupId: string;
}

export interface ListConfig extends CommonConfig {
  command: "list";
}

/** What reading data objects takes. */
interface ReadingConfig extends CommonConfig {
  /** What opens encrypted backups. */
  unlock: KeyringConfig;
  keys: ApplicationKeyConfig[];
}

export interface RestoreConfig extends ReadingConfig, RestoreSettings {
  command: "restore";
  selection: Selection;
  targets: TargetConfig[];
  /** Target databases whose contents may be replaced. */
  replace: string[];
  isDryRun: boolean;
}

export interface DrillConfig extends ReadingConfig {
  command: "drill";
  selection: Selection;
  targets: TargetConfig[];
  /** Only these stores of the backup, when the operator chose. */
  only?: readonly string[];
  steps: StepConfig[];
  /** Only the first steps are performed: it is no drill of the backup, and no record tells of one. */
  isPartial: boolean;
  /** What the restored copy may lack, as kind and name. */
  allowMissing: string[];
  /** Present when the drill runs the built-in upstream. */
  upstream?: UpstreamSettings;
  objectives: Objectives;
  keep: boolean;
  /** Damage further copies afterwards, and require that each is noticed. */
  proveRed: boolean;
  reportDir: string;
}

export interface StatusConfig extends CommonConfig {
  command: "status";
  /** Those that must be there; none where neither the option nor the file names any. */
  stores: readonly string[];
  objectives: Objectives & { drillEveryHours?: number };
  /** The file that receives a badge, .svg or .json. */
  badge?: string;
}

/** What a backup needs, to be looked at, and the targets of drills as far as they are given. */
export interface DoctorConfig extends CommonConfig {
  command: "doctor";
  stores: StoreConfig[];
  targets: TargetConfig[];
  /** Whose rights the credentials are to have at the destinations, and no others. */
  role?: Role;
}

export interface PolicyConfig extends CommonConfig {
  command: "policy";
  role: Role;
}

export interface PruneConfig extends CommonConfig {
  command: "prune";
  isDryRun: boolean;
  serverDestinations: readonly ServerDestination[];
  /** Whether all destinations are pruned, and not some that were chosen. */
  isWhole: boolean;
}

export interface CopyConfig extends CommonConfig {
  command: "copy";
  from: NamedDestination;
  to: NamedDestination[];
  selection: Selection;
  /** All backups that lie at `from`, and not one alone. */
  isAll: boolean;
}

export interface PinConfig extends CommonConfig {
  command: "pin" | "unpin";
  backupId: string;
  /** Why it is kept; empty for `unpin`. */
  note: string;
}

export interface VerifyConfig extends CommonConfig {
  command: "verify";
  unlock: KeyringConfig;
  scope: VerifyScope;
  full: boolean;
  serverDestinations: readonly ServerDestination[];
}

export interface RekeyConfig extends CommonConfig {
  command: "rekey";
  unlock: KeyringConfig;
  encryption: EncryptionConfig;
  /** All when absent. */
  backupId?: string;
}

/** What one run is to do. */
export type Config =
  | VerifyConfig
  | RekeyConfig
  | BackupConfig
  | ShardConfig
  | PlanConfig
  | FinishConfig
  | ListConfig
  | StatusConfig
  | PruneConfig
  | CopyConfig
  | PinConfig
  | RestoreConfig
  | DrillConfig
  | DoctorConfig
  | PolicyConfig;

/** Where the configuration file is, and whether it must be there. */
export function locateConfigFile(
  options: RawInput["options"],
  env: Environment,
): { path: string; isRequired: boolean } {
  const path = options["config"] || env[OPTIONS.config.env];
  return path ? { path, isRequired: true } : { path: "lifeboat.yml", isRequired: false };
}

/**
 * Options go before their variables, and those before the file. The whole file is checked whatever the command is,
 * but only what the command uses must be there: a drill does not need the passwords of production.
 *
 * @throws AppError CONFIG_INVALID with every problem and its place, and no value
 */
export function parseConfig(raw: RawInput): Config {
  const command = requireCommand(raw);
  const sources = new Sources(raw, command);
  const { problems, secrets } = sources;
  const isDrill = command === "drill";

  const postgresArchive = readPostgresArchive(sources);
  const reader = new StoreReader(sources);
  const destinations = readDestinations(sources, reader);
  const common: CommonConfig = {
    name: readName(sources),
    destinations: command === "copy" ? destinations : chooseFrom(sources, destinations),
    json: sources.flag("json") ?? false,
    notify: readNotify(sources),
    ...(postgresArchive && { postgresArchive }),
    secrets,
  };
  secrets.push(...listStandardSecrets(raw.env));
  const role = readChoice(sources, "role", ROLES);
  const looksAtStores = command === "doctor" && (role === undefined || role === "backup");
  const stores = reader.readStores(command === "backup" || command === "plan" || looksAtStores);
  const targets = reader.readTargets(command);
  const steps = readSteps(sources, reader, isDrill);
  const settings = readRestore(sources, reader, targets, command === "restore");
  const { drillEveryHours, ...objectives } = readObjectives(sources, isDrill || command === "status");
  const selection = readSelection(sources);
  const full = sources.flag("full") ?? false;
  const keep = sources.flag("keep") ?? false;
  const proveRed = sources.flag("prove-red") ?? false;
  const isDryRun = sources.flag("dry-run") ?? false;
  const isAll = sources.flag("all") ?? false;
  const copy = command === "copy" ? readCopy(sources, destinations) : undefined;
  const note = sources.option("note")?.text ?? "";
  if (command === "pin" || command === "unpin") requirePinOptions(sources, command);
  if (command === "policy" && !sources.option("role")) {
    sources.problems.add(sources.optionPlace("role"), `is missing. Give one of ${ROLES.join(", ")}.`);
  }
  const encryption = readEncryption(sources, command === "backup" || command === "rekey");
  const unlock = readKeyring(sources, ["restore", "drill", "verify", "rekey"].includes(command));
  const scope = readVerifyScope(sources);
  if (command === "rekey") requireRekeyOptions(sources, encryption);
  const { shard, count } = readSharding(sources, command);
  const keys = readKeys(
    sources,
    command === "plan" || looksAtStores || (command === "backup" && shard === undefined),
  );
  const badge = readBadge(sources);
  problems.throwIfAny();

  switch (command) {
    case "backup": {
      const what = { command, ...common, stores, ...(encryption && { encryption }) };
      return shard === undefined ? { ...what, full, keys } : { ...what, shard, backupId: selection.id ?? "" };
    }
    case "plan":
      return { command, ...common, stores, full, keys, count };
    case "finish":
      return { command, ...common, backupId: selection.id ?? "" };
    case "list":
      return { command, ...common };
    case "status":
      return {
        command,
        ...common,
        stores: reader.chosen ?? reader.names,
        objectives: { ...objectives, ...(drillEveryHours !== undefined && { drillEveryHours }) },
        ...(badge !== undefined && { badge }),
      };
    case "prune":
      return {
        command,
        ...common,
        isDryRun,
        serverDestinations: reader.serverDestinations,
        isWhole: common.destinations.length === destinations.length,
      };
    case "copy":
      return { command, ...common, ...copy!, selection, isAll };
    case "pin":
    case "unpin":
      return { command, ...common, backupId: selection.id ?? "", note };
    case "verify":
      return { command, ...common, unlock, scope, full, serverDestinations: reader.serverDestinations };
    case "rekey": {
      if (!encryption) throw new Error("rekey without recipients is a problem that was told");
      const { id } = selection;
      return { command, ...common, unlock, encryption, ...(id !== undefined && { backupId: id }) };
    }
    case "doctor":
      return { command, ...common, stores, targets, ...(role && { role }) };
    case "policy":
      if (!role) throw new Error("policy without a role is a problem that was told");
      return { command, ...common, role };
    case "restore":
      return {
        command,
        ...common,
        unlock,
        keys,
        selection,
        targets,
        replace: sources.list("replace"),
        isDryRun,
        ...settings,
      };
    case "drill": {
      const reportDir = sources.option("report-dir")?.text ?? OPTIONS["report-dir"].default;
      return {
        command,
        ...common,
        unlock,
        keys,
        selection,
        targets,
        ...(reader.chosen && { only: reader.chosen }),
        steps,
        isPartial: sources.option("until") !== undefined,
        allowMissing: settings.allowMissing,
        ...(needsUpstream(steps, sources) && { upstream: readUpstream(sources) }),
        objectives,
        keep,
        proveRed,
        reportDir,
      };
    }
  }
}

function requireCommand({ shell, command }: RawInput): Command {
  const known = COMMANDS.find((candidate) => candidate === command);
  if (known) return known;
  const problems = new Problems();
  const label = shell === "cli" ? `Command ${command}` : "Input command";
  problems.add({ label, order: 0 }, `is none of ${COMMANDS.join(", ")}.${suggest(command, COMMANDS)}`);
  throw problems.toError();
}

function readName(sources: Sources): string {
  const given = sources.option("name") ?? sources.text(["name"]);
  if (!given) return OPTIONS.name.default;
  if (!NAME.test(given.text)) sources.problems.add(given.place, `${NAME_RULE}.`);
  return given.text;
}

function readSelection(sources: Sources): Selection {
  const id = sources.option("backup");
  const before = sources.option("before");
  if (id && before)
    sources.problems.add(before.place, "does not go with the option backup. Give one of them.");
  const given = sources.option("pick");
  if (id && given) sources.problems.add(given.place, "does not go with the option backup. Give one of them.");
  const pick = readChoice(sources, "pick", PICKS);
  const time = before && readTime(before, sources.problems);
  return { ...(id && { id: id.text }), ...(time && { before: time }), ...(pick && { pick }) };
}

function readChoice<Choice extends string>(
  sources: Sources,
  name: OptionName,
  choices: readonly Choice[],
): Choice | undefined {
  const given = sources.option(name);
  const choice = given && choices.find((candidate) => candidate === given.text);
  if (given && !choice) {
    sources.problems.add(given.place, `is none of ${choices.join(", ")}.${suggest(given.text, choices)}`);
  }
  return choice;
}

function requirePinOptions(sources: Sources, command: "pin" | "unpin"): void {
  for (const name of command === "pin" ? (["backup", "note"] as const) : (["backup"] as const)) {
    if (!sources.option(name)) sources.problems.add(sources.optionPlace(name), "is missing. Give it.");
  }
}

function readBadge(sources: Sources): string | undefined {
  const given = sources.option("badge");
  if (given && !/\.(svg|json)$/.test(given.text))
    sources.problems.add(given.place, "must end in .svg or .json.");
  return given?.text;
}

function readObjectives(sources: Sources, isNeeded: boolean): StatusConfig["objectives"] {
  const read = (key: "rpo" | "rto" | "drill-every"): number | undefined => {
    const given = sources.option(key) ?? sources.text(["objectives", key], isNeeded);
    return given && readDurationMs(given, sources.problems);
  };
  const rpoMs = read("rpo");
  const rtoMs = read("rto");
  const drillEveryMs = read("drill-every");
  return {
    ...(rpoMs !== undefined && { rpoHours: rpoMs / 3_600_000 }),
    ...(rtoMs !== undefined && { rtoMinutes: rtoMs / 60_000 }),
    ...(drillEveryMs !== undefined && { drillEveryHours: drillEveryMs / 3_600_000 }),
  };
}

/** What the AWS SDK reads from the environment by itself, and may quote. */
function listStandardSecrets(env: Environment): Secret[] {
  return [env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]].flatMap((value) =>
    value ? [new Secret(value)] : [],
  );
}
