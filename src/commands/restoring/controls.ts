import type { Manifest } from "../../backup/manifest.ts";
import type { Destination } from "../../destinations/destination.ts";
import { judgeDamage, judgeSteps, listControls } from "../../drill/controls/control.ts";
import type { Control } from "../../drill/controls/control.ts";
import type { ControlResult } from "../../drill/record.ts";
import { performSteps } from "../../drill/steps/perform.ts";
import { shareStores } from "../../drill/steps/step.ts";
import type { Step } from "../../drill/steps/step.ts";
import type { UpstreamSettings } from "../../drill/upstream/step-upstream.ts";
import type { Keyring } from "../../encryption/keyring.ts";
import { AppError, throwIfCancelled } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import type { Target, ThrowawayTarget } from "../../stores/store.ts";
import { secondsSince } from "../../sys/clock.ts";
import { Scratch } from "../../sys/scratch.ts";
import { readObjects } from "../objects/object-reader.ts";
import { restoreAndCompare } from "../restore.ts";
import { pairTargets } from "./restore-checks.ts";
import { destroyAll, openTargets } from "./throwaways.ts";
import type { OpenTarget } from "./throwaways.ts";

interface ControlRequest {
  destination: Destination;
  keyring?: Keyring;
  openTarget: OpenTarget;
  only?: readonly string[];
  steps: readonly Step[];
  allowMissing?: readonly string[];
  upstream?: UpstreamSettings;
}

/** What came of one control; its time is added by who measures it. */
type Outcome = Omit<ControlResult, "name" | "seconds">;

/**
 * Drills again, each time with something wrong: copies that were damaged after the restore, keys with a bit flipped,
 * an upstream that answers nobody. Only a drill that notices each of them proves something when it is green.
 *
 * @throws AppError CANCELLED
 */
export async function performControls(
  manifest: Manifest,
  request: ControlRequest,
  context: RunContext,
): Promise<ControlResult[]> {
  const { openTarget, only } = request;
  const restored = [...openTarget.keys()].filter((store) => !only || only.includes(store));
  const results: ControlResult[] = [];
  for (const control of listControls(manifest, new Set(restored), request.steps)) {
    const { name } = control;
    const startMs = context.clock.ticksMs();
    const outcome = await performControl(control, manifest, request, context);
    context.reporter.info(`Control, ${name}: ${outcome.outcome}. ${outcome.reason}`);
    results.push({ name, ...outcome, seconds: secondsSince(context.clock, startMs) });
  }
  return results;
}

async function performControl(
  control: Control,
  manifest: Manifest,
  request: ControlRequest,
  context: RunContext,
): Promise<Outcome> {
  if (control.kind === "not applicable") return { outcome: control.kind, reason: control.reason };
  const targets: ThrowawayTarget[] = [];
  const stores = control.kind === "damage" ? [control.store] : request.only;
  try {
    try {
      await openTargets(manifest, request.openTarget, stores, targets, request.allowMissing);
      return await drillAgain(control, manifest, targets, request, context);
    } finally {
      await destroyAll(targets, context);
      await Promise.allSettled(targets.map((target) => target.close()));
    }
  } catch (error) {
    throwIfCancelled(context.signal);
    if (!(error instanceof AppError)) throw error;
    return { outcome: "missed", reason: `It could not be tried: ${error.message}` };
  }
}

async function drillAgain(
  control: Exclude<Control, { kind: "not applicable" }>,
  manifest: Manifest,
  targets: readonly ThrowawayTarget[],
  { destination, keyring, upstream, allowMissing = [] }: ControlRequest,
  context: RunContext,
): Promise<Outcome> {
  await using scratch = await Scratch.create();
  const objects = readObjects(destination, keyring, context);
  const request = { objects, replace: false, scratchDir: scratch.path, allowMissing };
  let outcome: Outcome = { outcome: "missed", reason: "Nothing was restored." };
  for (const { store, target } of pairTargets(manifest, targets)) {
    if (control.kind === "damage") damageAfterRestore(target, control.damage.statements ?? "");
    const { comparison } = await context.reporter.phase(`Control: ${control.name}`, () =>
      restoreAndCompare({ store, target }, request, context),
    );
    if (control.kind === "damage") outcome = judgeDamage(control.damage, comparison);
  }
  if (control.kind === "damage") return outcome;
  const silent = upstream && { ...upstream, isSilent: control.isUpstreamSilent };
  const results = await performSteps(control.steps, shareStores(context, manifest.stores, targets), silent);
  return judgeSteps(control.stopper, results);
}

/** Gives a target back whose copy is damaged as soon as it is restored, before it is compared. */
export function damageAfterRestore<T extends Target>(target: T, statements: string): T {
  const restore = target.restore.bind(target);
  target.restore = async (backup, request) => {
    const { lost } = await restore(backup, request);
    await target.query(statements);
    // Not the tables it read before the damage.
    return { lost };
  };
  return target;
}
