/** How the rows behind a table engine are read. */
export type Storage =
  /** By partition, pinned to the parts that system.parts lists. */
  | "parts"
  /** Whole: the engine keeps rows of its own, but knows no parts. */
  | "whole"
  /** Not at all: what it shows lies elsewhere, or nowhere. */
  | "none";

const WHOLE: ReadonlySet<string> = new Set([
  "Log",
  "TinyLog",
  "StripeLog",
  "Memory",
  "Join",
  "EmbeddedRocksDB",
]);

/** Engines that need nothing but their own server: kept as they are, though they hold no rows to copy. */
const LOCAL: ReadonlySet<string> = new Set([
  "Buffer",
  "Merge",
  "Null",
  "Set",
  "GenerateRandom",
  "Dictionary",
  "Alias",
  "Proxy",
  "TimeSeries",
]);

/** Databases whose tables are the server's own; others show what another system holds. */
const LOCAL_DATABASES: ReadonlySet<string> = new Set([
  "Atomic",
  "Ordinary",
  "Replicated",
  "Shared",
  "Overlay",
  "Memory",
  "Lazy",
]);

export function findStorage(engine: string): Storage {
  if (engine.endsWith("MergeTree")) return "parts";
  return WHOLE.has(toPlainEngine(engine)) ? "whole" : "none";
}

/** Strips what only a cluster or ClickHouse Cloud has: `ReplicatedMergeTree`, `SharedSet`. */
export function toPlainEngine(engine: string): string {
  return engine.replace(/^(?:Replicated|Shared)(?=\w)/, "");
}

/** Whether a table of this engine would reach out to another system as soon as it exists. */
export function isOutward(engine: string): boolean {
  return findStorage(engine) === "none" && !LOCAL.has(toPlainEngine(engine));
}

export function isLocalDatabase(engine: string): boolean {
  return LOCAL_DATABASES.has(engine);
}
