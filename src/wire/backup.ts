import { backup } from "../commands/backup.ts";
import { pickReceivers } from "../commands/catalogue/receivers.ts";
import type { RunResult } from "../commands/result.ts";
import { backupShard } from "../commands/shard.ts";
import { pickPlanned, readPlan } from "../commands/catalogue/shards.ts";
import type { BackupConfig, ShardConfig } from "../config/config.ts";
import type { Destination } from "../destinations/destination.ts";
import { SeveralDestinations } from "../destinations/several.ts";
import type { RunContext } from "../run-context.ts";
import { createDeadline } from "../sys/clock.ts";
import { openAll } from "./destinations.ts";
import type { OpenedDestination } from "./destinations.ts";
import { buildEncryption } from "./keys.ts";
import { withStores } from "./stores.ts";

/** Tidying up after a cancelled run must fit, with all else, into the 7.5 s that GitHub leaves. */
const CANCELLED_CLEAN_UP_MS = 3000;
const FAILED_CLEAN_UP_MS = 60_000;

/** @param shell - its signal fires when the run is cancelled from outside; told the backup's id once it is known */
export async function wireBackup(
  config: BackupConfig,
  opened: readonly OpenedDestination[],
  context: RunContext,
  shell: { signal: AbortSignal; onBackupStart?: (backupId: string) => void },
): Promise<RunResult> {
  const { name, full, keys } = config;
  const encryption = await buildEncryption(config.encryption);
  const destination = new SeveralDestinations(await pickReceivers(opened, context), context);
  const openForCleanUp = cleaner(config, context, shell.signal);
  const onStart = shell.onBackupStart;
  return await withStores(config.stores, context, (stores) =>
    backup(
      { name, stores, destination, full, keys, ...encryption, openForCleanUp, ...(onStart && { onStart }) },
      context,
    ),
  );
}

/** One of the parts that `plan` divided a backup into. */
export async function wireShard(
  config: ShardConfig,
  opened: readonly OpenedDestination[],
  context: RunContext,
  shell: { signal: AbortSignal },
): Promise<RunResult> {
  const { shard } = config;
  const encryption = await buildEncryption(config.encryption);
  const all = opened.map(({ destination }) => destination);
  const plan = await readPlan(all, config.backupId, context);
  const destination = new SeveralDestinations(pickPlanned(all, plan), context);
  const openForCleanUp = cleaner(config, context, shell.signal);
  return await withStores(config.stores, context, (stores) =>
    backupShard({ plan, shard, stores, destination, ...encryption, openForCleanUp }, context),
  );
}

/** Opens the destinations once more, to tidy up when the run's own connections have ended with its signal. */
function cleaner(
  { destinations, name }: Pick<BackupConfig, "destinations" | "name">,
  context: RunContext,
  signal: AbortSignal,
): () => Promise<Destination> {
  return async () => {
    const limitMs = signal.aborted ? CANCELLED_CLEAN_UP_MS : FAILED_CLEAN_UP_MS;
    const calm = { ...context, signal: createDeadline(limitMs) };
    const all = await openAll(destinations, name, calm);
    return new SeveralDestinations(
      all.map(({ destination }) => destination),
      calm,
    );
  };
}
