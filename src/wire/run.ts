import { copy } from "../commands/copy.ts";
import { doctor } from "../commands/doctor.ts";
import { drill } from "../commands/drill.ts";
import { finish } from "../commands/finish.ts";
import { list } from "../commands/list.ts";
import { pin, unpin } from "../commands/pin.ts";
import { plan } from "../commands/plan.ts";
import { policy } from "../commands/policy.ts";
import { prune } from "../commands/prune.ts";
import { pickReceivers } from "../commands/catalogue/receivers.ts";
import { rekey } from "../commands/rekey.ts";
import { restore } from "../commands/restore.ts";
import type { RunResult } from "../commands/result.ts";
import { status } from "../commands/status.ts";
import { SummaryCache } from "../commands/catalogue/summary-cache.ts";
import { verify } from "../commands/verify.ts";
import { writeBadge } from "../commands/write-badge.ts";
import type { Config, NamedDestination } from "../config/config.ts";
import type { Destination } from "../destinations/destination.ts";
import { SeveralDestinations } from "../destinations/several.ts";
import { createContext } from "../run-context.ts";
import type { ContextSource, RunContext } from "../run-context.ts";
import { wireBackup, wireShard } from "./backup.ts";
import { describeForPolicy, openAll } from "./destinations.ts";
import type { OpenedDestination } from "./destinations.ts";
import { estimateOf, listSubjects } from "./doctor.ts";
import { buildEncryption, buildKeyring } from "./keys.ts";
import { withNotices } from "./notices.ts";
import { withServerPlaces } from "./server-places.ts";
import { buildProof, buildTarget, buildThrowaway, withAll, withStores } from "./stores.ts";
import { buildStep } from "./steps.ts";

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
    case "backup":
      return "shard" in config
        ? await wireShard(config, opened, context, shell)
        : await wireBackup(config, opened, context, shell);
    case "plan": {
      const { name, full, keys, count } = config;
      const destination = new SeveralDestinations(await pickReceivers(opened, context), context);
      return await withStores(config.stores, context, (stores) =>
        plan({ name, stores, destination, full, keys, count }, context),
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
