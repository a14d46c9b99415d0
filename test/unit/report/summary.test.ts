import { expect, test } from "vitest";
import type { Comparison } from "../../../src/backup/inventory.ts";
import { sizeOfBackup } from "../../../src/backup/manifest.ts";
import type { RunResult } from "../../../src/commands/result.ts";
import type { DrillRecord } from "../../../src/drill/record.ts";
import { AppError } from "../../../src/errors.ts";
import { bad } from "../../../src/finding.ts";
import { explainFailure } from "../../../src/report/failure.ts";
import { renderFailureSummary, renderSummary } from "../../../src/report/summary.ts";
import { Redactor, Secret } from "../../../src/sys/secret.ts";
import { BACKUP_ID, buildDrillRecord, buildManifest, buildPostgresManifest } from "../../support/builders.ts";

const HOSTILE = "a|b\n# <img src=x onerror=alert(1)> @octocat [x](javascript:1) `c` **d** &amp; | --- |";

function buildComparison(parts: Partial<Comparison> = {}): Comparison {
  return {
    store: "app",
    differences: [],
    tablesCompared: 12,
    contentsCompared: 12,
    rowsCompared: 1_234_567,
    schemaObjectsCompared: 40,
    notProven: [],
    ...parts,
  };
}

function drillOf(record: Partial<DrillRecord>, kept: string[] = []): RunResult {
  return {
    command: "drill",
    record: buildDrillRecord(record),
    isRecorded: true,
    seconds: 80,
    reportPath: "drill.md",
    kept,
  };
}

function backupOf(leftOut: { what: string; why: string }[] = [], store = "app"): RunResult {
  const manifest = buildManifest({ stores: [buildPostgresManifest({ store, leftOut })] });
  return {
    command: "backup",
    backupId: BACKUP_ID,
    sizeBytes: sizeOfBackup(manifest),
    sentBytes: 20,
    seconds: 90,
    destinations: [{ url: "s3://bucket/shop" }],
    manifest,
  };
}

test("a backup", () => {
  const leftOut = [{ what: "schema auth", why: "the configuration leaves it out" }];
  expect(renderSummary(backupOf(leftOut))).toMatchInlineSnapshot(`
    "## ✅ Backup 20261120T021704Z-7f3a is complete

    42 B at the destination, 20 B of it sent in 1 min 30 s. A drill has yet to prove that it restores.

    | Store | Server | Tables | Rows | Schema objects | Size | Time |
    | --- | --- | --- | --- | --- | --- | --- |
    | app | postgres 17.10 | 2 | 23 | 1 | 42 B | 1.5 s |

    **Left out**

    - app: schema auth: the configuration leaves it out
    "
  `);
});

test("a drill that is proven", () => {
  const steps = [
    { name: "migrate", kind: "run", outcome: "passed" as const, seconds: 3.2, reason: "", details: [] },
  ];
  const comparisons = [
    buildComparison({ notProven: ["Contents of public.big: only its rows were counted."] }),
  ];
  const notProven = ["Contents of public.big: only its rows were counted."];
  expect(renderSummary(drillOf({ comparisons, steps, notProven }))).toMatchInlineSnapshot(`
    "## ✅ proven: backup 20261120T021704Z-7f3a

    The data is 25.2 hours old. Restored, compared and checked in 1 min 15 s.

    | Store | Tables compared | Rows | Schema objects | Differences |
    | --- | --- | --- | --- | --- |
    | app | 12 | 1,234,567 | 40 | 0 |

    | Step | Result | Time |
    | --- | --- | --- |
    | migrate | ✅ | 3.2 s |

    | Phase | Time |
    | --- | --- |
    | find | 0.4 s |
    | restore | 1 min 11 s |

    **Not proven**

    - Contents of public.big: only its rows were counted.
    "
  `);
});

test("a drill that differs, its data kept", () => {
  const differences = [
    { store: "app", kind: "rows", name: "public.orders", expected: "20 rows", found: "10 rows" },
    { store: "app", kind: "index", name: "public.orders_at", expected: "a1b2", found: "nothing" },
  ];
  const reasons = ["app: rows of public.orders: expected 20 rows, found 10 rows."];
  const comparisons = [buildComparison({ differences })];
  expect(renderSummary(drillOf({ verdict: "differs", reasons, comparisons }, ["app"])))
    .toMatchInlineSnapshot(`
    "## ❌ differs: backup 20261120T021704Z-7f3a

    The data is 25.2 hours old. Restored, compared and checked in 1 min 15 s.

    **Why**

    - app: rows of public.orders: expected 20 rows, found 10 rows.

    | Store | Tables compared | Rows | Schema objects | Differences |
    | --- | --- | --- | --- | --- |
    | app | 12 | 1,234,567 | 40 | 2 |

    | Store | What | Name | Expected | Found |
    | --- | --- | --- | --- | --- |
    | app | rows | public.orders | 20 rows | 10 rows |
    | app | index | public.orders\\_at | a1b2 | nothing |

    | Phase | Time |
    | --- | --- |
    | find | 0.4 s |
    | restore | 1 min 11 s |

    **Restored data was left**

    - in the target of app
    "
  `);
});

test("a drill that is unproven", () => {
  const reasons = ["Store log was not restored: no drill target was given for it."];
  expect(renderSummary(drillOf({ verdict: "unproven", reasons }))).toMatchInlineSnapshot(`
    "## ⚠️ unproven: backup 20261120T021704Z-7f3a

    The data is 25.2 hours old. Restored, compared and checked in 1 min 15 s.

    **Why**

    - Store log was not restored: no drill target was given for it.

    | Phase | Time |
    | --- | --- |
    | find | 0.4 s |
    | restore | 1 min 11 s |
    "
  `);
});

test("a failure", () => {
  const redactor = new Redactor();
  redactor.add(new Secret("hunter22"));
  const message = "pg_dump exited with status 1. It said:\npassword hunter22 refused\nfor <app>";
  const error = new AppError("TOOL_FAILED", message, { hint: "Try hunter22 again." });
  expect(renderFailureSummary("backup", explainFailure(error, redactor))).toMatchInlineSnapshot(`
    "## ❌ backup: pg\\_dump exited with status 1. It said:

    password \\*\\*\\* refused for &lt;app&gt;

    **What to try:** Try \\*\\*\\* again.
    "
  `);
});

test("a failure that is our own tells its stack, without secrets", () => {
  const redactor = new Redactor();
  redactor.add(new Secret("hunter22"));
  const failure = explainFailure(new TypeError("hunter22 is not a function"), redactor);
  expect(failure).toMatchObject({ code: "BUG", exitStatus: 1 });
  expect(failure.reason).toMatch(/^TypeError: \*\*\* is not a function\n {4}at /);
});

test("a restore, and a list with what cannot be read", () => {
  const restored = renderSummary({
    command: "restore",
    backupId: BACKUP_ID,
    verdict: "differs",
    comparisons: [buildComparison()],
    scope: { schemas: ["billing"], tables: ["public.users"], content: "structure" },
    notRestored: ["app: policy (3)"],
    after: [
      { name: "migrate", kind: "run", outcome: "unproven", seconds: 0, reason: "Not tried.", details: [] },
    ],
    leftBeside: ["shop_beside"],
    phases: [{ phase: "app: indexes", seconds: 7 }],
    restoreSeconds: 75,
  });
  expect(restored.split("\n")[0]).toBe(
    `## ❌ The definitions of billing, public.users of backup ${BACKUP_ID} is restored, and differs from its manifest`,
  );
  for (const told of [
    "app: policy",
    "in shop\\_beside",
    "| migrate | ❌ Not tried. |",
    "app: indexes | 7.0 s",
  ]) {
    expect(restored).toContain(told);
  }
  const listed = renderSummary({
    command: "list",
    destination: "s3://bucket/shop",
    backups: [],
    unreadable: ["The manifest x is broken."],
  });
  expect(listed).toContain("**Not readable**\n\n- The manifest x is broken.");
});

test("names and messages from outside are shown as they are, and do nothing", () => {
  const differences = [{ store: HOSTILE, kind: HOSTILE, name: HOSTILE, expected: HOSTILE, found: HOSTILE }];
  const step = {
    name: HOSTILE,
    kind: "run",
    outcome: "failed" as const,
    seconds: 1,
    reason: HOSTILE,
    details: [HOSTILE],
  };
  const texts = [
    renderSummary(backupOf([{ what: HOSTILE, why: HOSTILE }], HOSTILE)),
    renderSummary(
      drillOf(
        {
          reasons: [HOSTILE],
          notProven: [HOSTILE],
          comparisons: [buildComparison({ store: HOSTILE, differences })],
          steps: [step],
        },
        [HOSTILE],
      ),
    ),
    renderFailureSummary("backup", {
      code: "X",
      exitStatus: 1,
      title: HOSTILE,
      reason: HOSTILE,
      hint: HOSTILE,
    }),
    renderSummary({
      command: "status",
      verdict: "bad",
      objectives: {},
      destinations: [
        {
          url: HOSTILE,
          backups: 2,
          findings: [bad(HOSTILE, HOSTILE, HOSTILE)],
          stores: [],
          trend: [BACKUP_ID, BACKUP_ID].map((backupId) => ({
            backupId,
            startedAt: "",
            sizeBytes: 1,
            seconds: 1,
            rows: 1,
          })),
        },
      ],
      drills: [bad(HOSTILE, HOSTILE, HOSTILE)],
    }),
    renderSummary({
      command: "list",
      destination: HOSTILE,
      unreadable: [HOSTILE],
      backups: [
        {
          backupId: BACKUP_ID,
          startedAt: "",
          ageHours: 1,
          seconds: 1,
          sizeBytes: 1,
          stores: [{ store: HOSTILE, kind: "postgres", serverVersion: "17", tables: 1, rows: 1 }],
        },
      ],
    }),
  ];
  for (const markdown of texts) {
    expect(markdown).toContain("octocat");
    expect(markdown).not.toMatch(/<|@octocat|(?<!\\)[`[]|&amp; \\\| ---/);
    for (const table of markdown.match(/(^\|.*\n)+/gm) ?? []) {
      const widths = table
        .trim()
        .split("\n")
        .map((row) => row.match(/(?<!\\)\|/g)?.length);
      expect(new Set(widths).size).toBe(1);
    }
    expect(markdown.split("\n").filter((line) => line.startsWith("#"))).toHaveLength(1);
  }
});

test("a summary that GitHub would drop whole is cut, and says so", () => {
  const reasons = Array.from({ length: 40 }, () => "ü".repeat(30_000));
  const markdown = renderSummary(drillOf({ verdict: "differs", reasons }));
  expect(Buffer.byteLength(markdown)).toBeLessThan(1024 * 1024);
  expect(markdown.split("\n")[0]).toContain("differs");
  expect(markdown).toMatch(/The rest is left out: the summary is too long\.\n$/);
});

test("of many differences the first are shown, and the others counted", () => {
  const differences = Array.from({ length: 120 }, (_, index) => ({
    store: "app",
    kind: "rows",
    name: `t${index}`,
    expected: "1 row",
    found: "2 rows",
  }));
  const markdown = renderSummary(drillOf({ comparisons: [buildComparison({ differences })] }));
  expect(markdown).toContain("| t49 |");
  expect(markdown).not.toContain("| t50 |");
  expect(markdown).toContain("And 70 more differences.");
});

test("a doctor that found something bad", () => {
  const found = 'The role "b" may not read public.a|b.';
  const summary = renderSummary({
    command: "doctor",
    verdict: "bad",
    subjects: [
      {
        kind: "destination",
        name: "s3://bucket",
        findings: [{ check: "connection", state: "good", found: "There" }],
      },
      {
        kind: "store",
        name: "app",
        findings: [{ check: "rights", state: "bad", found, mend: "GRANT SELECT;" }],
      },
    ],
  });
  expect(summary).toMatchInlineSnapshot(`
    "## ❌ A backup or a drill would fail

    **destination s3://bucket**

    |  | Check | Found | Mend it |
    | --- | --- | --- | --- |
    | ✅ | connection | There |  |

    **store app**

    |  | Check | Found | Mend it |
    | --- | --- | --- | --- |
    | ❌ | rights | The role "b" may not read public.a\\|b. | GRANT SELECT; |
    "
  `);
});
