import { Readable } from "node:stream";
import { divide, serialisePlan } from "../backup/shard-plan.ts";
import type { PlannedShard } from "../backup/shard-plan.ts";
import { drawBackupId, planKey } from "../destinations/keys.ts";
import { describeShard } from "../report/shards.ts";
import type { RunContext } from "../run-context.ts";
import { fingerprintKeys } from "./application-keys.ts";
import { check } from "./backup.ts";
import type { BackupRequest } from "./backup.ts";
import { findEarlier, NOTHING, recall } from "./catalogue/earlier.ts";
import { runTogether } from "./together.ts";

export interface PlanRequest extends Pick<
  BackupRequest,
  "name" | "stores" | "destination" | "full" | "keys"
> {
  /** How many runs there are to be; fewer where there is not so much to divide. */
  count: number;
}

export interface PlanResult {
  command: "plan";
  backupId: string;
  shards: readonly PlannedShard[];
}

/**
 * Divides a backup among several runs, and writes down at each destination which of them backs up what. Nothing is listed
 * before `finish`.
 *
 * @throws AppError of any store or of the destination
 */
export async function plan(request: PlanRequest, context: RunContext): Promise<PlanResult> {
  const { name, stores, destination, full, keys = [], count } = request;
  const { clock, reporter } = context;
  const startedAt = clock.now();
  const backupId = drawBackupId(startedAt);
  await reporter.phase("Check", () => check(request, context));
  return await reporter.phase("Plan", async () => {
    const found = await findEarlier(destination, startedAt, context);
    const earlier = full ? NOTHING : found;
    const outlines = await runTogether(context, stores, async (store) => {
      const { previous } = recall(store, earlier, startedAt, reporter);
      return { store: store.name, ...(await store.outline(previous)) };
    });
    const shards = divide(outlines, count);
    const bytes = serialisePlan({
      backupId,
      name,
      startedAt: startedAt.toISOString(),
      destinations: destination.outcomes.flatMap(({ url, failure }) => (failure ? [] : [url])),
      full,
      keys: await fingerprintKeys(keys, found.newest, context),
      shards,
    });
    await destination.put(planKey(backupId), Readable.from([bytes]), bytes.length);
    for (const shard of shards) reporter.info(describeShard(shard));
    return { command: "plan", backupId, shards };
  });
}
