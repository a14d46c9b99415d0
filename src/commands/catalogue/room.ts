import { measureSeries, sumOf } from "../../backup/backup-series.ts";
import type { Destination } from "../../destinations/destination.ts";
import { good, warning } from "../../finding.ts";
import type { Finding } from "../../finding.ts";
import { formatBytes } from "../../report/quantities.ts";
import type { RunContext } from "../../run-context.ts";
import { recallManifests } from "./history.ts";

/**
 * Holds what is free at a destination against what its newest backup added: the next one will take about as much. A warning
 * where that does not fit; less may change tonight. Undefined where nobody tells what is free, and nothing beside.
 */
export async function lookForRoom(
  destination: Destination,
  context: RunContext,
): Promise<Finding | undefined> {
  const freeBytes = await destination.findFreeBytes();
  if (freeBytes === undefined) return undefined;
  const manifests = (await recallManifests(destination, context)) ?? [];
  const free = `${formatBytes(freeBytes)} are free at ${destination.url}`;
  const [newest] = manifests;
  if (!newest) return good("room", `${free}.`);
  const series = newest.stores.map(({ store }) => measureSeries(manifests.slice(0, 2), store));
  const addedBytes = sumOf(series.map((one) => one?.sentBytes ?? 0));
  const found = `${free}, and the newest backup added ${formatBytes(addedBytes)}.`;
  if (freeBytes > addedBytes) return good("room", found);
  const mend = "Free space there: lifeboat prune removes what retention lets go, --dry-run says what.";
  return warning("room", found, mend);
}
