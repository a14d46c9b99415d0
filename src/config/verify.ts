import type { Sources } from "./sources.ts";

/** Which backups are looked at: one by its id, all, or the newest with a share of the older ones. */
export type VerifyScope =
  { kind: "newest" } | { kind: "one"; id: string } | { kind: "all" } | { kind: "sample"; share: number };

export function readVerifyScope(sources: Sources): VerifyScope {
  const id = sources.option("backup");
  const sample = sources.option("sample");
  const isAll = sources.flag("all") ?? false;
  const place = sources.optionPlace("all");
  if (isAll && id) sources.problems.add(place, "does not go with the option backup. Give one of them.");
  if (isAll) return { kind: "all" };
  if (id) return { kind: "one", id: id.text };
  if (!sample) return { kind: "newest" };
  const share = /^(\d+(?:\.\d+)?)\s*%$/.exec(sample.text)?.[1];
  const percent = Number(share ?? Number.NaN);
  if (!(percent >= 1 && percent <= 100)) {
    sources.problems.add(sample.place, "is no share from 1% to 100%. Write it such as 10%.");
  }
  return { kind: "sample", share: percent / 100 };
}
