import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { StatusResult } from "../../../src/commands/status.ts";
import { writeBadge } from "../../../src/commands/write-badge.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { startTestRun } from "../../support/run-context.ts";

function statusOf(verdict: StatusResult["verdict"], ...days: string[]): StatusResult {
  const stores = days.map((day) => ({
    store: "app",
    backupId: "",
    startedAt: `${day}T02:17:04.000Z`,
    ageHours: 7,
    sizeBytes: 1,
    seconds: 1,
    rows: 1,
  }));
  const destination = { url: "s3://b", backups: days.length, findings: [], stores, trend: [] };
  return { command: "status", verdict, objectives: {}, destinations: [destination], drills: [] };
}

test.each([
  [statusOf("good", "2026-11-20", "2026-11-21"), "2026-11-21, all well", "brightgreen"],
  [statusOf("warning", "2026-11-21"), "2026-11-21, deserves a look", "yellow"],
  [statusOf("bad", "2026-11-11"), "2026-11-11, objective missed", "red"],
  [statusOf("bad"), "none", "red"],
])("a badge names the newest backup and the verdict: %#", async (status, message, color) => {
  await using scratch = await Scratch.create();
  const run = startTestRun();
  const [json, svg] = ["badge.json", "badge.svg"].map((name) => scratch.file(name));
  for (const path of [json!, svg!]) await writeBadge(path, status, run);
  expect(JSON.parse(await readFile(json!, "utf8"))).toEqual({
    schemaVersion: 1,
    label: "backup",
    message,
    color,
  });
  expect(await readFile(svg!, "utf8")).toMatch(new RegExp(`^<svg [^]*>${message}<[^]*</svg>\n$`));
  expect(run.lines).toEqual([]);
});

test("a badge that cannot be written is a warning", async () => {
  await using scratch = await Scratch.create();
  const run = startTestRun();
  await writeBadge(scratch.file("no/folder.svg"), statusOf("good"), run);
  expect(run.lines).toEqual([expect.stringMatching(/^The badge .* could not be written: .*ENOENT/)]);
});
