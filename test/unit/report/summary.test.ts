import { expect, test } from "vitest";
import { pointOfDrill } from "../../../src/backup/history.ts";
import type { Comparison } from "../../../src/backup/inventory.ts";
import { sizeOfBackup } from "../../../src/backup/manifest.ts";
import type { DrillResult } from "../../../src/commands/drill.ts";
import type { RunResult } from "../../../src/commands/result.ts";
import type { DrillRecord } from "../../../src/drill/record.ts";
import { AppError } from "../../../src/errors.ts";
import { bad } from "../../../src/finding.ts";
import { explainFailure } from "../../../src/report/failure.ts";
import { renderResult } from "../../../src/cli/render.ts";
import { describeDrill } from "../../../src/report/summary/drill.ts";
import { renderPage } from "../../../src/report/summary/page.ts";
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

/** Each row of a table has as many cells as its head. */
function expectWholeTables(markdown: string): void {
  for (const table of markdown.match(/(^\|.*\n)+/gm) ?? []) {
    const rows = table.trim().split("\n");
    expect(rows[1]).toMatch(/^[|: -]+$/);
    expect(new Set(rows.map((row) => row.match(/(?<!\\)\|/g)?.length)).size).toBe(1);
  }
}

test("a backup", () => {
  const leftOut = [{ what: "schema auth", why: "the configuration leaves it out" }];
  expect(renderSummary(backupOf(leftOut))).toMatchInlineSnapshot(`
    "## ✅ Backup 20261120T021704Z-7f3a is complete

    42 B at the destination, 20 B of it sent in 1 min 30 s. A drill has yet to prove that it restores.

    | Store | Server | Tables | Rows | Schema objects | Size | Time |
    | --- | --- | ---: | ---: | ---: | ---: | ---: |
    | app | postgres 17.10 | 2 | 23 | 1 | 42 B | 1.5 s |

    No comparison with earlier runs: they may not be read.

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
    | --- | ---: | ---: | ---: | ---: |
    | app | 12 | 1,234,567 | 40 | 0 |

    | Step | Result | Time |
    | --- | --- | ---: |
    | migrate | ✅ | 3.2 s |

    | Phase | Time |
    | --- | ---: |
    | find | 0.4 s |
    | restore | 1 min 11 s |

    No comparison with earlier drills: they may not be read.

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

      | Store | Tables compared | Rows | Schema objects | Differences |
      | --- | ---: | ---: | ---: | ---: |
      | app | 12 | 1,234,567 | 40 | 2 |

      | Store | What | Name | Expected | Found |
      | --- | --- | --- | --- | --- |
      | app | rows | public.orders | 20 rows | 10 rows |
      | app | index | public.orders\\_at | a1b2 | nothing |

      | Phase | Time |
      | --- | ---: |
      | find | 0.4 s |
      | restore | 1 min 11 s |

      No comparison with earlier drills: they may not be read.

      **Restored data was left**

      - in the target of app
      "
    `);
});

test("what a command said on several lines stays on several lines among the reasons, and on one in its table", () => {
  const said = "bash exited with status 1. It said:\nError: Cannot find package 'pg'\n    at resolve";
  const reasons = [`Step "migrations" failed: ${said}`];
  const steps = [
    {
      name: "migrations",
      kind: "run" as const,
      outcome: "failed" as const,
      reason: said,
      details: [],
      seconds: 1,
    },
  ];
  const summary = renderSummary(drillOf({ verdict: "unproven", reasons, steps }));
  expect(summary).toContain(
    `- Step "migrations" failed: bash exited with status 1. It said:\\\n  Error: Cannot find package 'pg'\\\n  at resolve\n`,
  );
  expect(summary).toContain("| migrations | ❌ bash exited with status 1. It said: | 1.0 s |");
});

test("a drill that is unproven", () => {
  const reasons = ["Store log was not restored: no drill target was given for it."];
  expect(renderSummary(drillOf({ verdict: "unproven", reasons }))).toMatchInlineSnapshot(`
    "## ⚠️ unproven: backup 20261120T021704Z-7f3a

    **Why**

    - Store log was not restored: no drill target was given for it.

    The data is 25.2 hours old. Restored, compared and checked in 1 min 15 s.

    | Phase | Time |
    | --- | ---: |
    | find | 0.4 s |
    | restore | 1 min 11 s |

    No comparison with earlier drills: they may not be read.
    "
  `);
});

test("a drill that is not kept among those of its backup says so", () => {
  const drilled = drillOf({}) as DrillResult;
  const sentence = "No record of this drill is kept.";
  expect(renderSummary(drilled)).not.toContain(sentence);
  expect(renderSummary({ ...drilled, isRecorded: false })).toContain(sentence);
  expect(renderResult({ ...drilled, isRecorded: false })).toContain("no record of this drill is kept");
});

test("a failure", () => {
  const redactor = new Redactor();
  redactor.add(new Secret("hunter22"));
  const message = "pg_dump exited with status 1. It said:\npassword hunter22 refused\nfor <app>";
  const error = new AppError("TOOL_FAILED", message, { hint: "Try hunter22 again." });
  expect(renderFailureSummary("backup", explainFailure(error, redactor))).toMatchInlineSnapshot(`
    "## ❌ backup: pg\\_dump exited with status 1. It said:

    password \\*\\*\\* refused\\
    for &lt;app&gt;

    **What to try**

    - Try \\*\\*\\* again.

    TOOL\\_FAILED, exit status 3
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
            stores: [],
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
    const told = markdown.replaceAll(/^<\/?(details|summary)>|<\/summary>$/gm, "");
    expect(told).not.toMatch(/<|@octocat|(?<!\\)[`[]|&amp; \\\| ---/);
    expectWholeTables(markdown);
    expect(markdown.split("\n").filter((line) => line.startsWith("#"))).toHaveLength(1);
  }
});

test("a page that would be too long loses rows, and no table, list or text ends in its middle", () => {
  const differences = Array.from({ length: 1200 }, (_, index) => ({
    store: "app",
    kind: "rows",
    name: `t${index}`.padEnd(3000, "ü"),
    expected: "x".repeat(3000),
    found: "|".repeat(3000),
  }));
  const reasons = differences.map(({ found }) => found);
  const past = Array.from({ length: 14 }, (_, index) =>
    pointOfDrill(buildDrillRecord({ startedAt: `2026-11-${20 - index}T03:30:00.000Z` })),
  );
  const drilled = drillOf({ verdict: "differs", reasons, comparisons: [buildComparison({ differences })] });
  const page = describeDrill({ ...(drilled as DrillResult), past });
  const sizes = [900_000, 300_000, 40_000, 3000, 300].map((limitBytes) => {
    const markdown = renderPage(page, limitBytes);
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(limitBytes);
    expect(markdown.split("\n")[0]).toContain("differs");
    expectWholeTables(markdown);
    expect(markdown.match(/^```/gm)?.length ?? 0).toBe(limitBytes > 100_000 ? 2 : 0);
    expect(markdown.match(/<\/?details>/g)?.length ?? 0).toBe(limitBytes > 300 ? 2 : 0);
    return markdown.match(/… and [\d,]+ more/g) ?? [];
  });
  expect(sizes).toEqual([
    ["… and 1,150 more", "… and 1,150 more"],
    ["… and 1,150 more", "… and 1,150 more"],
    ["… and 1,190 more", "… and 1,190 more", "… and 5 more"],
    ["… and 1,200 more", "… and 1 more", "… and 1,200 more", "… and 2 more", "… and 2 more", "… and 15 more"],
    [],
  ]);
  expect(renderPage(page, 300)).toMatch(/\nThe rest is left out: the summary would be too long\.\n$/);
});

test("a text is not cut in the middle of a character", () => {
  const page = { sign: "❌", title: `${"x".repeat(3999)}😀`, blocks: [] } as const;
  expect(renderPage(page)).toBe(`## ❌ ${"x".repeat(3999)}…\n`);
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
