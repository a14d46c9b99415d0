import { expect, test } from "vitest";
import { renderResult } from "../../../src/cli/render.ts";
import { bad, good, warning } from "../../../src/finding.ts";

test("a doctor says the answer first, then each finding with the line that mends it", () => {
  const text = renderResult({
    command: "doctor",
    verdict: "bad",
    subjects: [
      { kind: "destination", name: "file:///backups", findings: [good("connection", "It is there")] },
      {
        kind: "store",
        name: "app",
        findings: [
          bad(
            "rights",
            "The role app may not read a.\nNor b.",
            "GRANT SELECT ON a TO app;\nGRANT SELECT ON b TO app;",
          ),
          warning("clock", "The server's clock is 9 minutes ahead.", "Set the clock of this machine."),
        ],
      },
    ],
  });
  expect(text).toMatchInlineSnapshot(`
    "A backup or a drill would fail: mend what is marked ✗.
    destination file:///backups
      ✓ connection: It is there
    store app
      ✗ rights: The role app may not read a.
            Nor b.
          → GRANT SELECT ON a TO app;
            GRANT SELECT ON b TO app;
      ! clock: The server's clock is 9 minutes ahead.
          → Set the clock of this machine.
    "
  `);
});

test("a status says the answer first, then each finding, then the series with the newest last", () => {
  const point = (backupId: string, sizeBytes: number) => ({
    backupId,
    startedAt: "2026-11-20T02:17:04.000Z",
    sizeBytes,
    seconds: 90,
    rows: 1234,
    stores: [],
  });
  const text = renderResult({
    command: "status",
    verdict: "bad",
    objectives: { rpoHours: 26 },
    destinations: [
      {
        url: "file:///backups",
        backups: 2,
        findings: [bad("app age", "It is too old.", "Run lifeboat backup.")],
        stores: [],
        trend: [point("b", 2000), point("a", 1000)],
      },
    ],
    drills: [good("app drill", "It ended proven.")],
  });
  expect(text).toMatchInlineSnapshot(`
    "An objective is missed.
    destination file:///backups
      ✗ app age: It is too old.
          → Run lifeboat backup.
    drills
      ✓ app drill: It ended proven.
    file:///backups, the newest last
    ┌────────┬──────┬───────┬────────────┐
    │ Backup │ Size │ Rows  │ Time       │
    ├────────┼──────┼───────┼────────────┤
    │ a      │ 1 kB │ 1,234 │ 1 min 30 s │
    ├────────┼──────┼───────┼────────────┤
    │ b      │ 2 kB │ 1,234 │ 1 min 30 s │
    └────────┴──────┴───────┴────────────┘
    "
  `);
});
