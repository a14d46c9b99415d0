import type { Command } from "./options.ts";
import { OPTIONS } from "./options.ts";
import type { Sources } from "./sources.ts";

/** The jobs that GitHub starts of one matrix. */
const MOST_SHARDS = 256;

/** How a backup is divided over several runs, and which of them this one is. */
export function readSharding(
  sources: Sources,
  command: Command,
): { shard: string | undefined; count: number } {
  const { problems } = sources;
  const shard = sources.option("shard");
  const backupId = sources.option("backup");
  if (shard && !/^[1-9]\d*\/[1-9]\d*$/.test(shard.text)) {
    problems.add(shard.place, "is no shard. Write it as plan does, such as 2/3.");
  }
  if (shard || command === "finish") {
    if (!backupId) problems.add(sources.optionPlace("backup"), "is missing. Give the id that plan printed.");
    else if (!/^\d{8}T\d{6}Z-[0-9a-f]{4}$/.test(backupId.text))
      problems.add(backupId.place, "is no id of a backup, such as 20261120T021704Z-7f3a.");
  }
  if (command === "backup" && backupId && !shard) {
    problems.add(backupId.place, "goes with the option shard only. Leave it out, or give both.");
  }
  if (shard && sources.flag("full")) {
    problems.add(sources.optionPlace("full"), "is decided by plan. Give it there.");
  }
  const given = sources.option("shards");
  const count = Number(given?.text ?? OPTIONS.shards.default);
  if (given && !(Number.isInteger(count) && count >= 1 && count <= MOST_SHARDS)) {
    problems.add(given.place, `is not a number from 1 to ${MOST_SHARDS}.`);
  }
  return { shard: shard?.text, count };
}
