import { DateTime } from "luxon";
import type { RetentionPolicy, RetentionRule } from "../backup/retention.ts";
import type { Path } from "./faults.ts";
import { valueAt } from "./faults.ts";
import type { Sources } from "./sources.ts";
import type { StoreReader } from "./stores.ts";
import { readDurationMs } from "./values.ts";

const COUNTS = ["last", "daily", "weekly", "monthly", "yearly"] as const;

/**
 * Reads how long backups stay.
 *
 * @param path - where the rules stand in the file; where nothing stands there, everything is kept
 */
export function readRetention(sources: Sources, path: Path, reader: StoreReader): RetentionPolicy {
  const stores: Record<string, RetentionRule> = {};
  for (const name of Object.keys(valueAt(sources.content, [...path, "stores"]) ?? {})) {
    reader.requireKnown(name, sources.place([...path, "stores", name]));
    stores[name] = readRule(sources, [...path, "stores", name]);
  }
  return { rule: readRule(sources, path), stores, timeZone: readTimeZone(sources, [...path, "time-zone"]) };
}

function readRule(sources: Sources, path: Path): RetentionRule {
  const rule: RetentionRule = {};
  for (const key of COUNTS) {
    const count = valueAt(sources.content, [...path, key]);
    if (typeof count === "number") rule[key] = count;
  }
  const within = sources.text([...path, "within"]);
  const withinMs = within && readDurationMs(within, sources.problems);
  if (withinMs !== undefined) rule.withinMs = withinMs;
  return rule;
}

function readTimeZone(sources: Sources, path: Path): string {
  const given = sources.text(path);
  if (!given) return "UTC";
  if (!DateTime.local({ zone: given.text }).isValid) {
    sources.problems.add(given.place, "is no time zone. Write a name such as Europe/Berlin or UTC.");
  }
  return given.text;
}
