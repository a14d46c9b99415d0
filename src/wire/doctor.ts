import type { MonthEstimate } from "../backup/month-estimate.ts";
import type { Subject } from "../commands/doctor.ts";
import { estimate } from "../commands/estimate.ts";
import { lookForRoom } from "../commands/catalogue/room.ts";
import type { DoctorConfig, StoreConfig, TargetConfig } from "../config/config.ts";
import { ConninfoProblem, parseConninfo } from "../conninfo.ts";
import { NO_RIGHT } from "../destinations/directory-errors.ts";
import { findOrExplain } from "../finding.ts";
import type { Finding } from "../finding.ts";
import { judgeRights } from "../policy/judge-rights.ts";
import { findBucketProvider } from "../presets/prices.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenedDestination } from "./destinations.ts";
import { inspectServerPlace } from "./server-places.ts";
import { withStores } from "./stores.ts";

/** Everything that `doctor` looks at. Each is built when it is looked at: one that cannot be is a finding, too. */
export function listSubjects(
  config: DoctorConfig,
  opened: readonly OpenedDestination[],
  context: RunContext,
): Subject[] {
  return [
    ...opened.map(({ destination, config: { url } }): Subject => ({
      kind: "destination",
      name: destination.url,
      diagnose: async () => {
        const connection = await findOrExplain("connection", async () => {
          await destination.check();
          return "It is there.";
        });
        if (connection.state !== "good") return [connection];
        const mend = url.startsWith("file:") ? NO_RIGHT : undefined;
        const [rights, room] = await Promise.all([
          destination.tryRights(),
          lookForRoom(destination, context),
        ]);
        return [connection, ...judgeRights(config.role, rights, mend), ...(room ? [room] : [])];
      },
    })),
    ...config.stores.map((store): Subject => ({
      kind: "store",
      name: store.name,
      diagnose: () => withStores([store], context, async ([built]) => await built!.diagnose()),
    })),
    ...config.stores.flatMap((store) =>
      store.kind === "clickhouse" && store.serverMode
        ? [inspectServerPlace(store.serverMode.destination, context)]
        : [],
    ),
    ...config.targets.map((target): Subject => ({
      kind: "target",
      name: target.store,
      diagnose: () => diagnoseTarget(target, config.stores, context),
    })),
  ];
}

/** What a month costs, of what `isSound` names; undefined where no store or no destination is. */
export async function estimateOf(
  config: DoctorConfig,
  opened: readonly OpenedDestination[],
  context: RunContext,
  isSound: (kind: Subject["kind"], name: string) => boolean,
): Promise<MonthEstimate | undefined> {
  // What a server writes by itself goes past lifeboat, on the server's own account.
  const stores = config.stores.filter(
    (store) => isSound("store", store.name) && !(store.kind === "clickhouse" && store.serverMode),
  );
  const destinations = opened.filter(({ destination }) => isSound("destination", destination.url));
  if (stores.length === 0 || destinations.length === 0) return undefined;
  return await estimate(
    stores.map((store) => ({
      name: store.name,
      kind: store.kind,
      host: findHost(store),
      outline: () => withStores([store], context, async ([built]) => await built!.outline(undefined)),
    })),
    destinations.map(({ destination, receives, policy, config: { url, endpoint, storageClass } }) => ({
      destination,
      receives,
      policy,
      provider: url.startsWith("s3:") ? findBucketProvider(endpoint) : undefined,
      storageClass,
      hasRequests: url.startsWith("s3:"),
    })),
    context,
  );
}

function findHost({ kind, url }: StoreConfig): string {
  if (kind === "clickhouse") return new URL(url.reveal()).hostname;
  const address = parseConninfo(url.reveal());
  return address instanceof ConninfoProblem ? "" : (address.get("host") ?? "");
}

/** @param stores - that of the target's name says what a restore will need there */
async function diagnoseTarget(
  target: TargetConfig,
  stores: readonly StoreConfig[],
  context: RunContext,
): Promise<Finding[]> {
  const source = stores.find(({ name }) => name === target.store);
  if (target.kind === "postgres" && (source === undefined || source.kind === "postgres")) {
    const { diagnosePostgresTarget } = await import("../stores/postgres/doctor/diagnose-target.ts");
    return await diagnosePostgresTarget(target, source, context);
  }
  const { diagnoseClickHouseTarget } = await import("../stores/clickhouse/doctor/diagnose-target.ts");
  return await diagnoseClickHouseTarget(target, context);
}
