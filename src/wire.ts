import { backup } from "./commands/backup.ts";
import { copy } from "./commands/copy.ts";
import { doctor } from "./commands/doctor.ts";
import type { Subject } from "./commands/doctor.ts";
import { drill } from "./commands/drill.ts";
import { estimate } from "./commands/estimate.ts";
import { finish } from "./commands/finish.ts";
import { list } from "./commands/list.ts";
import { pin, unpin } from "./commands/pin.ts";
import { plan } from "./commands/plan.ts";
import { policy } from "./commands/policy.ts";
import type { PolicySubject } from "./commands/policy.ts";
import { prune } from "./commands/prune.ts";
import { pickReceivers } from "./commands/receivers.ts";
import { rekey } from "./commands/rekey.ts";
import { restore } from "./commands/restore.ts";
import { backupShard } from "./commands/shard.ts";
import { pickPlanned, readPlan } from "./commands/shards.ts";
import { status } from "./commands/status.ts";
import { SummaryCache } from "./commands/summary-cache.ts";
import { verify } from "./commands/verify.ts";
import type { RunResult } from "./commands/result.ts";
import { writeBadge } from "./commands/write-badge.ts";
import type { StoreKind } from "./backup/manifest.ts";
import type { MonthEstimate } from "./backup/month-estimate.ts";
import type {
  Config,
  DoctorConfig,
  NamedDestination,
  StepConfig,
  StoreConfig,
  TargetConfig,
} from "./config/config.ts";
import { ConninfoProblem, parseConninfo } from "./conninfo.ts";
import type { Destination } from "./destinations/destination.ts";
import type { ProbedDestination } from "./destinations/rights.ts";
import { judgeRights } from "./policy/judge-rights.ts";
import type { DestinationConfig } from "./destinations/open.ts";
import { findOrExplain } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { findBucket, openDestination } from "./destinations/open.ts";
import { isAwsEndpoint } from "./destinations/s3-address.ts";
import { SeveralDestinations } from "./destinations/several.ts";
import { buildDecryptStep } from "./drill/steps/decrypt.ts";
import { buildAssertStep } from "./drill/steps/assert.ts";
import { buildChangesStep } from "./drill/steps/changes.ts";
import { buildHttpStep } from "./drill/steps/http.ts";
import { buildOrphansStep } from "./drill/steps/orphans.ts";
import { buildProxiedCallStep } from "./drill/steps/proxied-call.ts";
import { buildStartStep } from "./drill/steps/start.ts";
import { buildRunStep } from "./drill/steps/run.ts";
import { buildSqlStep } from "./drill/steps/sql.ts";
import type { Step } from "./drill/steps/step.ts";
import { findBucketProvider } from "./presets/prices.ts";
import { createContext } from "./run-context.ts";
import type { ContextSource, RunContext } from "./run-context.ts";
import { createDeadline } from "./sys/clock.ts";
import type { ContentProof, Placement, Store, Target, ThrowawayTarget } from "./stores/store.ts";
import { buildEncryption, buildKeyring } from "./wire-keys.ts";
import { withNotices } from "./wire-notify.ts";
import { inspectServerPlace, withServerPlaces } from "./wire-server-places.ts";

/** Tidying up after a cancelled run must fit, with all else, into the 7.5 s that GitHub leaves. */
const CANCELLED_CLEAN_UP_MS = 3000;
const FAILED_CLEAN_UP_MS = 60_000;

/** What a shell gives to a run. */
export interface Shell extends ContextSource {
  /** Told the id of a backup as soon as it is known. */
  onBackupStart?: (backupId: string) => void;
  /** Where people can read the run's log. */
  runUrl?: string;
}

/** Builds the real parts that a configuration names, and carries the command out. */
export async function run(config: Config, shell: Shell): Promise<RunResult> {
  for (const secret of config.secrets) shell.redactor.add(secret);
  const { postgresArchive } = config;
  const context = createContext({ ...shell, ...(postgresArchive && { postgresArchive }) });
  return await withNotices(config, shell, context, async () => {
    const destinations = await openAll(config.destinations, config.name, context);
    try {
      return await carryOut(config, destinations, context, shell);
    } finally {
      for (const { destination } of destinations) destination.close();
    }
  });
}

async function carryOut(
  config: Config,
  opened: readonly OpenedDestination[],
  context: RunContext,
  shell: Shell,
): Promise<RunResult> {
  const { destination } = opened[0]!;
  switch (config.command) {
    case "list":
      return await list(destination, context, await SummaryCache.open(context.cacheDir, destination.url));
    case "status": {
      const result = await status({ ...config, subjects: opened }, context);
      if (config.badge !== undefined) await writeBadge(config.badge, result, context);
      return result;
    }
    case "policy":
      return policy(
        config.role,
        config.destinations.map((named) => describeForPolicy(named.config, config.name)),
        context.reporter,
      );
    case "prune":
      return await withServerPlaces(config.serverDestinations, context, (places) =>
        prune(opened, config.isDryRun, context, { places, areAllDestinationsKnown: config.isWhole }),
      );
    case "copy": {
      const find = ({ name }: NamedDestination): Destination =>
        opened.find((candidate) => candidate.name === name)!.destination;
      const { from, to, selection, isAll } = config;
      return await copy({ from: find(from), to: to.map(find), selection, isAll }, context);
    }
    case "pin":
      return await pin(destination, config, context);
    case "unpin":
      return await unpin(destination, config);
    case "doctor":
      return await doctor(listSubjects(config, opened, context), context, (isSound) =>
        estimateOf(config, opened, context, isSound),
      );
    case "backup": {
      const encryption = await buildEncryption(config.encryption);
      const openForCleanUp = async (): Promise<Destination> => {
        const limitMs = shell.signal.aborted ? CANCELLED_CLEAN_UP_MS : FAILED_CLEAN_UP_MS;
        const calm = { ...context, signal: createDeadline(limitMs) };
        const all = await openAll(config.destinations, config.name, calm);
        return new SeveralDestinations(
          all.map(({ destination }) => destination),
          calm,
        );
      };
      if ("shard" in config) {
        const { shard } = config;
        const all = opened.map(({ destination }) => destination);
        const plan = await readPlan(all, config.backupId, context);
        const destination = new SeveralDestinations(pickPlanned(all, plan), context);
        return await withAll(
          config.stores.map((store) => buildStore(store, context)),
          (stores) =>
            backupShard({ plan, shard, stores, destination, ...encryption, openForCleanUp }, context),
        );
      }
      const receivers = await pickReceivers(opened, context);
      return await withAll(
        config.stores.map((store) => buildStore(store, context)),
        (stores) =>
          backup(
            {
              name: config.name,
              stores,
              destination: new SeveralDestinations(receivers, context),
              full: config.full,
              keys: config.keys,
              ...encryption,
              openForCleanUp,
              ...(shell.onBackupStart && { onStart: shell.onBackupStart }),
            },
            context,
          ),
      );
    }
    case "plan": {
      const { name, full, keys, count } = config;
      const destination = new SeveralDestinations(await pickReceivers(opened, context), context);
      return await withAll(
        config.stores.map((store) => buildStore(store, context)),
        (stores) => plan({ name, stores, destination, full, keys, count }, context),
      );
    }
    case "finish":
      return await finish(
        {
          backupId: config.backupId,
          destinations: opened.map(({ destination }) => destination),
          group: (chosen) => new SeveralDestinations(chosen, context),
        },
        context,
      );
    case "restore": {
      const keyring = await buildKeyring(config.unlock, context.redactor);
      return await withAll(
        config.targets.map((target) => buildTarget(target, config.placement, context)),
        (targets) =>
          restore(
            {
              ...config,
              destination,
              targets,
              before: config.before.map(buildStep),
              after: config.after.map(buildStep),
              ...keyring,
            },
            context,
          ),
      );
    }
    case "verify": {
      const keyring = await buildKeyring(config.unlock, context.redactor);
      return await withServerPlaces(config.serverDestinations, context, (serverPlaces) =>
        verify(
          {
            destination,
            scope: config.scope,
            full: config.full,
            ...keyring,
            openProof: (kind) => buildProof(kind, context),
            serverPlaces,
          },
          context,
        ),
      );
    }
    case "rekey": {
      const { encryption } = await buildEncryption(config.encryption);
      if (!encryption) throw new Error("rekey has recipients");
      const { backupId } = config;
      return await rekey(
        {
          destination,
          encryption,
          ...(await buildKeyring(config.unlock, context.redactor)),
          ...(backupId !== undefined && { backupId }),
        },
        context,
      );
    }
    case "drill":
      return await drill(
        {
          destination,
          selection: config.selection,
          openTarget: new Map(
            config.targets.map((target) => [target.store, () => buildThrowaway(target, context)]),
          ),
          ...(config.only && { only: config.only }),
          steps: config.steps.map(buildStep),
          isRecorded: !config.isPartial,
          allowMissing: config.allowMissing,
          ...(config.upstream && { upstream: config.upstream }),
          objectives: config.objectives,
          proveRed: config.proveRed,
          keys: config.keys,
          ...(await buildKeyring(config.unlock, context.redactor)),
          keepOnFailure: config.keep,
          reportDir: config.reportDir,
        },
        context,
      );
  }
}

interface OpenedDestination extends NamedDestination {
  destination: ProbedDestination;
}

/** What a policy needs to know of a destination: one without keys of its own is in the account of the environment's. */
function describeForPolicy(config: DestinationConfig, name: string): PolicySubject {
  const { url, endpoint, accessKeyId = "", region, kmsKey, objectLock, legalHold } = config;
  const bucket = findBucket(config, name);
  return {
    url,
    account: `${endpoint} ${accessKeyId}`,
    ...(endpoint !== undefined && { endpoint }),
    ...(bucket && {
      place: {
        ...bucket,
        isAws: isAwsEndpoint(endpoint),
        ...(region !== undefined && { region }),
        ...(kmsKey !== undefined && { kmsKey }),
        objectLock: objectLock !== undefined,
        legalHold: legalHold === true,
      },
    }),
  };
}

async function openAll(
  destinations: readonly NamedDestination[],
  name: string,
  context: RunContext,
): Promise<OpenedDestination[]> {
  return await Promise.all(
    destinations.map(async (named) => ({
      ...named,
      destination: await openDestination(named.config, name, context),
    })),
  );
}

/** Everything that `doctor` looks at. Each is built when it is looked at: one that cannot be is a finding, too. */
function listSubjects(
  config: DoctorConfig,
  opened: readonly OpenedDestination[],
  context: RunContext,
): Subject[] {
  return [
    ...opened.map(({ destination }): Subject => ({
      kind: "destination",
      name: destination.url,
      diagnose: async () => {
        const connection = await findOrExplain("connection", async () => {
          await destination.check();
          return "It is there.";
        });
        if (connection.state !== "good") return [connection];
        return [connection, ...judgeRights(config.role, await destination.tryRights())];
      },
    })),
    ...config.stores.map((store): Subject => ({
      kind: "store",
      name: store.name,
      diagnose: () =>
        withAll([buildStore(store, context)], async ([built]) => (await built?.diagnose()) ?? []),
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
async function estimateOf(
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
      outline: () =>
        withAll([buildStore(store, context)], async ([built]) => await built!.outline(undefined)),
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
    const { diagnosePostgresTarget } = await import("./stores/postgres/diagnose-target.ts");
    return await diagnosePostgresTarget(target, source, context);
  }
  const { diagnoseClickHouseTarget } = await import("./stores/clickhouse/diagnose-target.ts");
  return await diagnoseClickHouseTarget(target, context);
}

async function withAll<Part extends { close(): Promise<void> }, Result>(
  opening: Promise<Part>[],
  work: (parts: Part[]) => Promise<Result>,
): Promise<Result> {
  const parts = await Promise.all(opening);
  try {
    return await work(parts);
  } finally {
    await Promise.all(parts.map((part) => part.close()));
  }
}

// Each kind of store is loaded when it is used only: its client library takes time to load.

async function buildStore(config: StoreConfig, context: RunContext): Promise<Store> {
  if (config.kind === "postgres") {
    const { createPostgresStore } = await import("./stores/postgres/store.ts");
    return createPostgresStore(config, context);
  }
  const { createClickHouseStore } = await import("./stores/clickhouse/store.ts");
  return createClickHouseStore(config, context);
}

async function buildTarget(config: TargetConfig, placement: Placement, context: RunContext): Promise<Target> {
  if (config.kind === "postgres") {
    const { createPostgresTarget } = await import("./stores/postgres/target.ts");
    return createPostgresTarget({ ...config, placement }, context);
  }
  const { createClickHouseTarget } = await import("./stores/clickhouse/target.ts");
  return createClickHouseTarget({ ...config, placement }, context);
}

export async function buildThrowaway(config: TargetConfig, context: RunContext): Promise<ThrowawayTarget> {
  if (config.kind === "postgres") {
    const { createPostgresThrowaway } = await import("./stores/postgres/target.ts");
    return await createPostgresThrowaway(config, context);
  }
  const { createClickHouseThrowaway } = await import("./stores/clickhouse/target.ts");
  return await createClickHouseThrowaway(config, context);
}

async function buildProof(kind: StoreKind, context: RunContext): Promise<ContentProof> {
  if (kind === "postgres") {
    const { createPostgresProof } = await import("./stores/postgres/proof.ts");
    return createPostgresProof(context);
  }
  const { createClickHouseProof } = await import("./stores/clickhouse/proof.ts");
  return createClickHouseProof(context);
}

function buildStep(config: StepConfig): Step {
  switch (config.kind) {
    case "run":
      return buildRunStep(config);
    case "sql":
      return buildSqlStep(config);
    case "start":
      return buildStartStep(config);
    case "http":
      return buildHttpStep(config);
    case "decrypt":
      return buildDecryptStep(config);
    case "proxied-call":
      return buildProxiedCallStep(config);
    case "assert":
      return buildAssertStep(config);
    case "orphans":
      return buildOrphansStep(config);
    case "changes":
      return buildChangesStep(config);
  }
}
