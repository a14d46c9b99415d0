import { expect, test } from "vitest";
import type { ListedBackup } from "../../../src/commands/list.ts";
import { describeLastDrill } from "../../../src/report/last-drill.ts";

const BACKUP: ListedBackup = {
  backupId: "20261120T021704Z-7f3a",
  startedAt: "2026-11-20T02:17:04.000Z",
  ageHours: 1,
  seconds: 60,
  sizeBytes: 1000,
  stores: ["app", "log"].map((store) => ({
    store,
    kind: "postgres",
    serverVersion: "17",
    tables: 1,
    rows: 1,
  })),
};
const lastDrill = {
  id: "20261120T043000Z-00aa",
  startedAt: "2026-11-20T04:30:00.000Z",
  verdict: "proven" as const,
  restoreSeconds: 10,
};

test.each([
  ["never", BACKUP],
  ["proven, 2026-11-20", { ...BACKUP, lastDrill: { ...lastDrill, stores: ["app", "log"] } }],
  ["proven (app only), 2026-11-20", { ...BACKUP, lastDrill: { ...lastDrill, stores: ["app"] } }],
])("a listing says %j", (expected, backup) => {
  expect(describeLastDrill(backup)).toBe(expected);
});
