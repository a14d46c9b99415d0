import { countKept, measureSeries } from "../backup/backup-series.ts";
import { estimateMonth } from "../backup/month-estimate.ts";
import type { BilledDestination, BilledStore, MonthEstimate } from "../backup/month-estimate.ts";
import type { RetentionPolicy } from "../backup/retention.ts";
import type { Destination } from "../destinations/destination.ts";
import type { RunContext } from "../run-context.ts";
import type { Outline } from "../stores/store.ts";
import { recallManifests } from "./catalogue/history.ts";
import { settleAll } from "./together.ts";

const EVERY_DAYS = { every: 1, daily: 1, weekly: 7, monthly: 30 } as const;

export interface PricedStore extends Pick<BilledStore, "name" | "kind" | "host"> {
  outline: () => Promise<Outline>;
}

export interface PricedDestination extends Pick<
  BilledDestination,
  "provider" | "storageClass" | "hasRequests"
> {
  destination: Destination;
  receives: keyof typeof EVERY_DAYS;
  policy: RetentionPolicy;
}

/**
 * Measures what backups take, by the newest ones where there are any and at the source itself, and says what a month
 * costs. Writes nothing.
 *
 * @throws what `outline` throws
 */
export async function estimate(
  stores: readonly PricedStore[],
  destinations: readonly PricedDestination[],
  context: RunContext,
): Promise<MonthEstimate> {
  const now = context.clock.now();
  const measured = await settleAll(
    stores.map(async ({ outline, ...store }): Promise<BilledStore> => {
      const { sizeBytes, pieces } = await outline();
      return { ...store, sourceBytes: pieces.reduce((sum, piece) => sum + piece.sizeBytes, sizeBytes) };
    }),
  );
  const billed = await settleAll(
    destinations.map(async ({ destination, receives, policy, ...about }): Promise<BilledDestination> => {
      const manifests = (await recallManifests(destination, context)) ?? [];
      const everyDays = EVERY_DAYS[receives];
      const held = stores.map(({ name }) => ({
        store: name,
        keptBackups: countKept(policy.stores[name] ?? policy.rule, policy.timeZone, everyDays, now),
        series: measureSeries(manifests, name),
      }));
      return { ...about, url: destination.url, everyDays, stores: held };
    }),
  );
  return estimateMonth(measured, billed);
}
