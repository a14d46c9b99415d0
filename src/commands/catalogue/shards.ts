import { parsePlan } from "../../backup/shard-plan.ts";
import type { ShardPlan } from "../../backup/shard-plan.ts";
import { parseShardRecord } from "../../backup/shard-result.ts";
import type { ShardRecord } from "../../backup/shard-result.ts";
import type { Destination } from "../../destinations/destination.ts";
import { planKey, shardKey, shardsFolder } from "../../destinations/keys.ts";
import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { RUN_LIMIT_MS } from "../prune.ts";
import { settleAll } from "../together.ts";

/**
 * The plan of a backup, from the first destination that has it.
 *
 * @throws AppError BACKUP_NOT_FOUND when there is none, or it is so old that prune may remove what belongs to it; and what
 *   the destinations throw
 */
export async function readPlan(
  destinations: readonly Destination[],
  backupId: string,
  { clock }: RunContext,
): Promise<ShardPlan> {
  let fault: unknown;
  for (const destination of destinations) {
    try {
      const key = planKey(backupId);
      const plan = parsePlan(await destination.read(key), `${destination.url}/${key}`);
      if (clock.now().getTime() - new Date(plan.startedAt).getTime() > RUN_LIMIT_MS) throw tooOld(plan);
      return plan;
    } catch (error) {
      if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
      // That it could not be read somewhere tells more than that it is not elsewhere.
      if (fault === undefined || error.code !== "OBJECT_MISSING") fault = error;
    }
  }
  if (!(fault instanceof AppError)) throw new Error("there is a destination");
  if (fault.code === "OBJECT_MISSING") throw noPlan(backupId, destinations, fault);
  if (fault.code === "DESTINATION_REFUSED") throw mayNotRead(fault);
  throw fault;
}

/** The destinations that receive the backup of a plan. */
export function pickPlanned<T extends { url: string }>(destinations: readonly T[], plan: ShardPlan): T[] {
  return destinations.filter(({ url }) => plan.destinations.includes(url));
}

/** What a shard has done; undefined while it has not finished. */
export async function findRecord(
  destination: Destination,
  backupId: string,
  shard: string,
): Promise<ShardRecord | undefined> {
  const key = shardKey(backupId, shard);
  try {
    return parseShardRecord(await destination.read(key), `${destination.url}/${key}`);
  } catch (error) {
    if (error instanceof AppError && error.code === "OBJECT_MISSING") return undefined;
    throw error;
  }
}

/** What all shards of a plan have done. @throws AppError SHARD_UNFINISHED, naming those that have not */
export async function readRecords(destination: Destination, plan: ShardPlan): Promise<ShardRecord[]> {
  const { backupId } = plan;
  const records = await settleAll(
    plan.shards.map(async ({ shard }) => ({ shard, record: await findRecord(destination, backupId, shard) })),
  );
  const missing = records.flatMap(({ shard, record }) => (record ? [] : [shard]));
  if (missing.length > 0) {
    throw new AppError(
      "SHARD_UNFINISHED",
      `Backup ${backupId} is not complete: of its ${records.length} shards, ${missing.join(" and ")} ${missing.length === 1 ? "has" : "have"} not finished.`,
      {
        hint: "Run what failed again (on GitHub: re-run failed jobs), and finish after it: shards that have finished are not run again.",
      },
    );
  }
  return records.flatMap(({ record }) => record ?? []);
}

/** Removes plan and records, which nobody needs once the backup is listed. */
export async function removeShards(destination: Destination, backupId: string): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of destination.list(shardsFolder(backupId))) keys.push(key);
  await settleAll(keys.map((key) => destination.remove(key)));
}

function noPlan(backupId: string, destinations: readonly Destination[], cause: AppError): AppError {
  const where = destinations.map(({ url }) => url).join(" and ");
  return new AppError("BACKUP_NOT_FOUND", `There is no plan of a backup ${backupId} at ${where}.`, {
    hint: "Give the id that plan printed, and the same name and destination. A backup that is complete has no plan any more.",
    cause,
  });
}

function tooOld({ backupId }: ShardPlan): AppError {
  const hours = RUN_LIMIT_MS / 3_600_000;
  return new AppError(
    "BACKUP_NOT_FOUND",
    `The plan of backup ${backupId} is more than ${hours} hours old: what belongs to it may be removed by prune.`,
    { hint: "Run plan again, and the shards after it (on GitHub: re-run all jobs)." },
  );
}

function mayNotRead(cause: AppError): AppError {
  return new AppError("DESTINATION_REFUSED", `The plan cannot be read: ${cause.message}`, {
    hint: "Runs that share a backup read what the others wrote: give the credentials the right to read and list, or back up with one run.",
    cause,
  });
}
