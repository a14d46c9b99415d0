import { afterAll, beforeAll, describe, test } from "vitest";
import { fillProduct } from "../../../demo/product.ts";
import { damageAfterRestore } from "../../../src/commands/restoring/controls.ts";
import { drill } from "../../../src/commands/drill.ts";
import type { DrillResult } from "../../../src/commands/drill.ts";
import { openDestination } from "../../../src/destinations/open.ts";
import { createContext } from "../../../src/run-context.ts";

import { buildThrowaway } from "../../../src/wire/stores.ts";
import { DrillSite, expectReasons, keepSteps, startDrillShell } from "../../support/drill-site.ts";

let site: DrillSite;
beforeAll(async () => {
  site = await DrillSite.create(fillProduct);
});
afterAll(() => site[Symbol.asyncDispose]());

describe("a restored Postgres differs when", () => {
  test.each([
    [
      "a table has half its rows",
      "DELETE FROM spans WHERE id % 2 = 0",
      /^postgres: rows of public\.spans: expected 35999 rows, found 18000 rows\.$/,
    ],
    [
      "a value is another, and the counts are equal",
      "UPDATE spans SET cost = cost + 0.01 WHERE id = 4242",
      /^postgres: content of public\.spans: expected digest \d+, found digest \d+\.$/,
    ],
    ["an index is lost", "DROP INDEX traces_by_time", /^postgres: index of public\.traces_by_time: /],
    [
      "a policy is lost",
      "DROP POLICY projects_of_organisation ON projects",
      /^postgres: policy of public\.projects\.projects_of_organisation: /,
    ],
    ["a view is lost", "DROP VIEW active_api_keys", /^postgres: view of public\.active_api_keys: /],
    [
      "a sequence has moved",
      "SELECT setval('spans_id_seq', 7)",
      /^postgres: sequence value of public\.spans_id_seq: expected 35999, used, found 7, used\.$/,
    ],
  ])("%s", async (_what, statement, reason) => {
    expectReasons(await drillDamaged("postgres", statement), "differs", reason);
  });
});

describe("a restored ClickHouse differs when", () => {
  test.each([
    [
      "a table has half its rows",
      "DELETE FROM requests WHERE cityHash64(id) % 2 = 0",
      /^clickhouse: rows of test_\w+\.requests: expected 50000 rows, found \d+ rows\.$/,
    ],
    [
      "a value is another, and the counts are equal",
      "ALTER TABLE requests UPDATE status = 201 WHERE created_at = (SELECT min(created_at) FROM requests) SETTINGS mutations_sync = 1",
      /^clickhouse: content of test_\w+\.requests: /,
    ],
    ["a view is lost", "DROP VIEW failed_requests SYNC", /^clickhouse: view of test_\w+\.failed_requests: /],
    [
      "a partition is lost",
      "ALTER TABLE events DROP PARTITION 202601",
      /^clickhouse: rows of test_\w+\.events: /,
    ],
  ])("%s", async (_what, statement, reason) => {
    // A restore holds merges still until the rows are compared, and it is a merge that changes them.
    const wakeUp = "SYSTEM START MERGES requests";
    expectReasons(await drillDamaged("clickhouse", `${wakeUp}; ${statement}`), "differs", reason);
  });
});

/** Drills the backup of one store, whose restored copy is damaged before it is compared. */
async function drillDamaged(store: string, statements: string): Promise<DrillResult> {
  const config = await site.configureDrill({ options: { store }, edit: (file) => keepSteps(file, []) });
  const context = createContext(startDrillShell());
  const destination = await openDestination(config.destinations[0]!.config, config.name, context);
  try {
    const openTarget = config.targets.map(
      (target) =>
        [
          target.store,
          async () => damageAfterRestore(await buildThrowaway(target, context), statements),
        ] as const,
    );
    const { selection, objectives, reportDir, only = [] } = config;
    return await drill(
      {
        destination,
        selection,
        openTarget: new Map(openTarget),
        only,
        steps: [],
        objectives,
        keepOnFailure: false,
        reportDir,
      },
      context,
    );
  } finally {
    destination.close();
  }
}
