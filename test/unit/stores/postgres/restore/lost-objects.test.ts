import { beforeEach, expect, test } from "vitest";
import type { Inventory } from "../../../../../src/backup/inventory.ts";
import { LostObjects } from "../../../../../src/stores/postgres/restore/lost-objects.ts";
import { parseToc } from "../../../../../src/stores/postgres/archive/toc.ts";
import { startTestRun } from "../../../../support/run-context.ts";

const INVENTORY: Inventory = { digestMethod: "d", tables: [], schema: [], notCovered: [] };
const TOC = parseToc(
  `3479; 0 0 INDEX ATTACH public events_2026_at_idx app
3480; 1259 16601 INDEX public events_by_kind app`,
  INVENTORY,
);
const DEADLOCK = {
  entryId: 3479,
  text: "deadlock detected",
  command: "ALTER INDEX public.events_at_idx ATTACH",
};

let lost: LostObjects;
beforeEach(() => {
  lost = new LostObjects(TOC, INVENTORY, new Set(), startTestRun());
});

test("what a deadlock ended is handed out once, to be tried again, and is no loss when that succeeds", () => {
  expect(lost.judge(DEADLOCK)).toMatchObject({ kind: "harmless" });
  expect(lost.takeDeadlocked().map(({ id }) => id)).toEqual([3479]);
  expect(lost.takeDeadlocked()).toEqual([]);
  expect(lost.requireAllowed([])).toEqual([]);
});

test("what a deadlock ends again is lost, and so is what nobody tried again", () => {
  lost.judge(DEADLOCK);
  lost.takeDeadlocked();
  expect(lost.judge(DEADLOCK)).toMatchObject({ kind: "lost" });
  expect(() => lost.requireAllowed([])).toThrow("index attach public.events_2026_at_idx: deadlock detected");

  const untried = new LostObjects(TOC, INVENTORY, new Set(), startTestRun());
  untried.judge({ ...DEADLOCK, entryId: 3480 });
  expect(() => untried.requireAllowed([])).toThrow("index public.events_by_kind: deadlock detected");
});

test("a deadlock of rows is a loss at once", () => {
  const text = 'COPY failed for table "events": ERROR:  deadlock detected';
  expect(lost.judge({ ...DEADLOCK, text })).toMatchObject({ kind: "lost" });
});
