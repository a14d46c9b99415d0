import { isDeepStrictEqual } from "node:util";
import type { Difference } from "../src/backup/inventory.ts";
import { damageAfterRestore } from "../src/commands/restoring/controls.ts";
import { drill } from "../src/commands/drill.ts";
import type { DrillResult } from "../src/commands/drill.ts";
import type { DrillConfig, TargetConfig } from "../src/config/config.ts";
import { openDestination } from "../src/destinations/open.ts";
import { createContext } from "../src/run-context.ts";
import type { ContextSource, RunContext } from "../src/run-context.ts";
import type { ThrowawayTarget } from "../src/stores/store.ts";
import { buildThrowaway } from "../src/wire/stores.ts";

/** What is done to a restored copy, and what a drill that is worth anything says about it. */
interface Damage {
  statements: string[];
  noticed: Pick<Difference, "store" | "kind" | "name">;
}

/** One value among 36,000 rows, and three rows among 50,000: both easily overlooked. */
const DAMAGES: readonly Damage[] = [
  {
    statements: ["UPDATE spans SET cost = cost + 0.01 WHERE id = 4242"],
    noticed: { store: "postgres", kind: "content", name: "public.spans" },
  },
  {
    statements: [
      // A restore holds merges still until the rows are compared, and it is a merge that deletes.
      "SYSTEM START MERGES product.requests",
      "DELETE FROM product.requests WHERE toDate(created_at) = '2026-04-01' AND status = 500",
    ],
    noticed: { store: "clickhouse", kind: "rows", name: "product.requests" },
  },
];

/** Drills the newest backup as always, but for the damage that each restored copy takes before it is compared. */
export async function drillDamagedCopy(config: DrillConfig, shell: ContextSource): Promise<DrillResult> {
  const context = createContext(shell);
  const destination = await openDestination(config.destinations[0]!.config, config.name, context);
  try {
    return await drill(
      {
        destination,
        selection: config.selection,
        openTarget: new Map(
          config.targets.map((target) => [target.store, () => openDamagedTarget(target, context)]),
        ),
        steps: [],
        objectives: {},
        keepOnFailure: false,
        reportDir: config.reportDir,
      },
      context,
    );
  } finally {
    destination.close();
  }
}

/** A throwaway target like any other, except that it is damaged as soon as it is restored. */
async function openDamagedTarget(config: TargetConfig, context: RunContext): Promise<ThrowawayTarget> {
  const statements = DAMAGES.filter(({ noticed }) => noticed.store === config.store).flatMap(
    (damage) => damage.statements,
  );
  for (const statement of statements) context.reporter.info(`${config.store}, to be damaged: ${statement}`);
  return damageAfterRestore(await buildThrowaway(config, context), statements.join("; "));
}

/** Whether a drill found the damage: each part of it, and nothing else. */
export function isJustTheDamage({ record }: DrillResult): boolean {
  const identify = ({ store, kind, name }: Damage["noticed"]): string => `${store} ${kind} ${name}`;
  const found = record.comparisons.flatMap(({ differences }) => differences.map(identify));
  const done = DAMAGES.map(({ noticed }) => identify(noticed));
  return record.verdict === "differs" && isDeepStrictEqual(found.sort(), done.sort());
}
