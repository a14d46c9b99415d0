import type { Manifest } from "../../backup/manifest.ts";
import type { RunContext } from "../../run-context.ts";
import type { ThrowawayTarget } from "../../stores/store.ts";
import { refuseLacks, refuseSurprise } from "./restore-checks.ts";
import { settleAll } from "../together.ts";

/** Makes the throwaway target of each store, by the store's name. */
export type OpenTarget = ReadonlyMap<string, () => Promise<ThrowawayTarget>>;

/** Fills `targets` as they open, so that those that did are destroyed even when one does not. */
export async function openTargets(
  manifest: Manifest,
  openTarget: OpenTarget,
  only: readonly string[] | undefined,
  targets: ThrowawayTarget[],
  allowMissing: readonly string[] = [],
): Promise<void> {
  for (const store of manifest.stores) {
    const open = openTarget.get(store.store);
    if (!open || (only && !only.includes(store.store))) continue;
    const target = await open();
    targets.push(target);
    const hint = "A drill needs a target where nothing of the backup's names is; give it an empty one.";
    const facts = await target.inspect(store);
    refuseSurprise(store, facts, hint);
    refuseLacks(store, facts, allowMissing);
  }
}

/** Destroys what was restored, all of it even when one cannot be. @throws AppError as the targets */
export async function destroyAll(
  targets: readonly ThrowawayTarget[],
  { reporter }: RunContext,
): Promise<void> {
  if (targets.length === 0) return;
  await reporter.phase("Destroy", async () => {
    await settleAll(
      targets.map(async (target) => {
        try {
          await target.destroy();
        } catch (error) {
          // A cancelled drill has no verdict that could tell it.
          reporter.warn(`The restored data of ${target.store} may still be there.`);
          throw error;
        }
      }),
    );
    reporter.info("The restored data is destroyed.");
  });
}
