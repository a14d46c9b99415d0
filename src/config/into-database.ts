import type { Sources } from "./sources.ts";

/** Reads `old=new` pairs: the new names of databases by their old ones; undefined when none is given. */
export function readDatabaseNames(sources: Sources): ReadonlyMap<string, string> | undefined {
  const items = sources.list("into-database");
  if (items.length === 0) return undefined;
  const pairs = items.map((item) => item.split("=").map((name) => name.trim()));
  const names = pairs.flat();
  const place = sources.optionPlace("into-database");
  if (pairs.some((pair) => pair.length !== 2 || pair.includes(""))) {
    sources.problems.add(place, "must be pairs of names, such as shop=shop_restored.");
  } else if (new Set(names).size < names.length) {
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    sources.problems.add(place, `names ${twice} twice. Give each database one name of its own.`);
  }
  return new Map(pairs.map(([old = "", renamed = ""]) => [old, renamed]));
}
