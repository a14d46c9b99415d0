import type { RestoreScope } from "../backup/restore-scope.ts";

/** What of a backup was restored, as the beginning of a sentence that names the backup; undefined for all of it. */
export function describeScope(scope: RestoreScope | undefined): string | undefined {
  if (!scope) return undefined;
  const { tables = [], schemas = [], partitions = [], content } = scope;
  const what = { all: "", structure: "The definitions ", data: "The rows " }[content];
  const parts = [...schemas, ...tables].join(", ");
  const chosen = partitions.length > 0 ? `${parts} (partitions ${partitions.join(", ")})` : parts;
  if (what === "") return `${chosen} of backup`;
  return chosen === "" ? `${what}of backup` : `${what}of ${chosen} of backup`;
}
