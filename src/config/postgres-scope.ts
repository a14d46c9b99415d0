import { NamePattern } from "../backup/name-pattern.ts";
import type { DigestRules } from "../stores/postgres/catalog/digest.ts";
import type { DumpSettings } from "../stores/postgres/backup/dump.ts";
import type { ScopeRules } from "../stores/postgres/backup/scope.ts";
import type { PostgresKey } from "./postgres-keys.ts";
import type { Sources } from "./sources.ts";
import { readSizeBytes } from "./values.ts";

/** What is backed up of a Postgres store, and how, as far as the operator says anything. */
export interface PostgresChoices {
  excludeSchemas: string[];
  scope?: ScopeRules;
  dump?: DumpSettings;
  digest?: DigestRules;
  globals?: boolean;
  /** Recognised by itself when absent. */
  preset?: "supabase" | "none";
  /** Of what a preset leaves out. */
  keepSchemas?: string[];
}

const HIGHEST_LEVEL = { zstd: 19, gzip: 9, none: 0 };
const FORMATS = ["custom", "directory", "plain"] as const;

/** Reads the keys of postgres-keys.ts of one store. */
export function readPostgresChoices(sources: Sources, name: string): PostgresChoices {
  const store = sources.content.stores?.[name];
  const digest = readDigest(sources, name);
  const scope = readScope(sources, name);
  const dump = readDump(sources, name);
  return {
    excludeSchemas: readPatterns(sources, name, "exclude-schemas", 1),
    ...(Object.keys(scope).length > 0 && { scope }),
    ...(dump && { dump }),
    ...(digest && { digest }),
    ...(store?.globals && { globals: true }),
    ...(store?.preset && { preset: store.preset }),
    ...(store?.["keep-schemas"] && { keepSchemas: readPatterns(sources, name, "keep-schemas", 1) }),
  };
}

function readScope(sources: Sources, name: string): ScopeRules {
  const store = sources.content.stores?.[name];
  const list = (key: "schemas" | "tables" | "exclude-tables" | "exclude-data", parts: number) => {
    const patterns = readPatterns(sources, name, key, parts);
    return patterns.length > 0 ? patterns : undefined;
  };
  const [schemas, tables] = [list("schemas", 1), list("tables", 2)];
  const [excludeTables, excludeData] = [list("exclude-tables", 2), list("exclude-data", 2)];
  const { content, "large-objects": largeObjects } = store ?? {};
  return {
    ...(schemas && { schemas }),
    ...(tables && { tables }),
    ...(excludeTables && { excludeTables }),
    ...(excludeData && { excludeData }),
    ...(content && { content }),
    ...(largeObjects !== undefined && { largeObjects }),
  };
}

function readPatterns(
  sources: Sources,
  name: string,
  key: "schemas" | "exclude-schemas" | "keep-schemas" | "tables" | "exclude-tables" | "exclude-data",
  parts: number,
): string[] {
  return (sources.content.stores?.[name]?.[key] ?? []).flatMap((_, index) => {
    const given = sources.text(["stores", name, key, index]);
    if (given && !NamePattern.parse(given.text, parts)) {
      sources.problems.add(
        given.place,
        `is no ${parts === 1 ? "name of a schema" : "schema.table"}. ${QUOTING}`,
      );
    }
    return given ? [given.text] : [];
  });
}

const QUOTING = "Put a name that holds a dot, a star or a quote in double quotes: '\"my.schema\".orders'.";

function readDump(sources: Sources, name: string): DumpSettings | undefined {
  const store = sources.content.stores?.[name];
  const option = sources.option("postgres-format");
  const chosen = FORMATS.find((format) => format === option?.text);
  if (option && !chosen) sources.problems.add(option.place, `is none of ${FORMATS.join(", ")}.`);
  const format = chosen ?? store?.format;
  const refuse = (key: PostgresKey, text: string): void =>
    sources.problems.add(sources.place(["stores", name, key]), text);
  const { compression, "compression-level": level, jobs } = store ?? {};
  const scratchDir = sources.text(["stores", name, "scratch-dir"])?.text;
  const highest = HIGHEST_LEVEL[compression ?? "zstd"];
  if (level !== undefined && level > highest) {
    refuse("compression-level", highest === 0 ? "goes with no compression." : `may be ${highest} at most.`);
  }
  if ((format ?? "custom") !== "directory") {
    const why = "means nothing but for format: directory.";
    if (jobs !== undefined) refuse("jobs", why);
    if (scratchDir !== undefined) refuse("scratch-dir", why);
  }
  if (format === undefined && compression === undefined && level === undefined) return undefined;
  return {
    format: format ?? "custom",
    ...(compression && { compression }),
    ...(level !== undefined && { level }),
    ...(jobs !== undefined && { jobs }),
    ...(scratchDir !== undefined && { scratchDir }),
  };
}

function readDigest(sources: Sources, name: string): DigestRules | undefined {
  const digest = sources.content.stores?.[name]?.digest;
  if (digest === undefined) return undefined;
  if (typeof digest === "string") return { depth: digest };
  const path = ["stores", name, "digest"];
  const { depth, "one-in": oneIn } = digest;
  const given = sources.text([...path, "above"]);
  const aboveBytes = given && readSizeBytes(given, sources.problems);
  const tables = Object.entries(digest.tables ?? {}).map(([pattern, ofTable]) => {
    if (!NamePattern.parse(pattern, 2)) {
      sources.problems.add(sources.place([...path, "tables", pattern]), `is no schema.table. ${QUOTING}`);
    }
    return { pattern, depth: ofTable };
  });
  if (given && (depth ?? "full") === "full") {
    sources.problems.add(given.place, "means nothing without depth: sample or counts.");
  }
  return {
    depth: depth ?? "full",
    ...(aboveBytes !== undefined && { aboveBytes }),
    ...(oneIn !== undefined && { oneIn }),
    ...(tables.length > 0 && { tables }),
  };
}
