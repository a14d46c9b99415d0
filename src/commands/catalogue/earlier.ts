import type { ClickHousePart, Manifest, StoreManifest } from "../../backup/manifest.ts";
import type { Receipt } from "../../backup/receipt.ts";
import type { Destination } from "../../destinations/destination.ts";
import { findBackupTime, findWriterOfPart } from "../../destinations/keys.ts";
import { AppError } from "../../errors.ts";
import type { Reporter, RunContext } from "../../run-context.ts";
import type { Store } from "../../stores/store.ts";
import { findNewestBackup } from "./catalogue.ts";
import { RUN_LIMIT_MS } from "../prune.ts";
import { readReceipts } from "./receipts.ts";

/** What lies at the destination that need not be sent again. */
export interface Earlier {
  newest: Manifest | undefined;
  receipts: readonly Receipt[];
}
export const NOTHING: Earlier = { newest: undefined, receipts: [] };

/**
 * The newest backup, and what dead runs had finished. A credential that may not read is no obstacle to a backup,
 * and neither is a damaged manifest: everything is sent then.
 */
export async function findEarlier(
  destination: Destination,
  now: Date,
  context: RunContext,
): Promise<Earlier> {
  try {
    const [newest, receipts] = await Promise.all([
      findNewestBackup(destination),
      readReceipts(destination, new Date(now.getTime() - RUN_LIMIT_MS)),
    ]);
    return { newest, receipts };
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
    context.reporter.warn(
      `Everything will be sent, since the newest backup cannot be read: ${error.message}`,
    );
    return NOTHING;
  }
}

/** What is known of one store; nothing when it is time to read all of it again. */
export function recall(
  store: Store,
  { newest, receipts }: Earlier,
  now: Date,
  reporter: Reporter,
): { previous: StoreManifest | undefined; finished: ClickHousePart[] } {
  const previous = newest?.stores.find((candidate) => candidate.store === store.name);
  const finished = receipts.flatMap((receipt) => (receipt.store === store.name ? receipt.parts : []));
  const oldest = previous && findOldestData(previous);
  const { fullEveryMs } = store;
  if (fullEveryMs !== undefined && oldest && now.getTime() - oldest.getTime() >= fullEveryMs) {
    reporter.info(
      `${store.name}: everything is sent, since some of it was last sent ${oldest.toISOString()} (full-every).`,
    );
    return { previous: undefined, finished };
  }
  return { previous, finished };
}

/** When the oldest of the objects that a backup shares with others was sent; undefined when it shares none. */
function findOldestData(store: StoreManifest): Date | undefined {
  if (store.kind !== "clickhouse") return undefined;
  const [full] = store.serverBackup?.chain ?? [];
  if (full !== undefined) return findBackupTime(full.split("/").at(-1) ?? "");
  const times = store.parts.flatMap(({ key }) => findBackupTime(findWriterOfPart(key) ?? "") ?? []);
  return times.sort((a, b) => a.getTime() - b.getTime())[0];
}
