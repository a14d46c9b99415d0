import { expect, test } from "vitest";
import { pointOfBackup, pointOfDrill } from "../../../src/backup/history.ts";
import { renderSummary } from "../../../src/report/summary.ts";
import { drawTrend, quoteMermaid } from "../../../src/report/summary/trend.ts";
import { buildDrillRecord, buildManifest, buildPostgresManifest } from "../../support/builders.ts";

const NIGHTS = ["2026-11-19", "2026-11-18", "2026-11-17"];

function backupOver(nights: readonly string[], nowBytes: number): string {
  const build = (day: string, sizeBytes: number, rows: number) => {
    const { archive, inventory } = buildPostgresManifest();
    const store = buildPostgresManifest({
      archive: { ...archive, sizeBytes } as typeof archive,
      inventory: { ...inventory, tables: [{ name: "public.users", rows, digest: null }] },
    });
    const [startedAt, finishedAt] = ["02:17:04", "02:18:34"].map((time) => `${day}T${time}.000Z`);
    const id = `${day.replaceAll("-", "")}T021704Z-7f3a`;
    return buildManifest({ id, startedAt: startedAt!, finishedAt: finishedAt!, stores: [store] });
  };
  const manifest = build("2026-11-20", nowBytes, 900);
  return renderSummary({
    command: "backup",
    backupId: manifest.id,
    sizeBytes: nowBytes,
    sentBytes: nowBytes,
    seconds: 90,
    destinations: [{ url: "s3://bucket/shop" }],
    manifest,
    past: nights.map((night, index) => pointOfBackup(build(night, 2_000_000 + index * 1e5, 1000))),
  });
}

test("after a single run, its median is not told as well", () => {
  const told = backupOver(NIGHTS.slice(0, 1), 1_000_000);
  expect(told).toContain("**Compared with the last run**\n\n|  | This run | Last run | Change |\n");
  expect(told).toContain("| Rows | 900 | 1,000 | −10 % |\n");
});

test("a backup is held against the last one and the median, with a chart and the numbers beside it", () => {
  const [, told] = backupOver(NIGHTS, 1_000_000).split(
    "| app | postgres 17.10 | 1 | 900 | 1 | 1 MB | 1.5 s |\n",
  );
  expect(told).toMatchInlineSnapshot(`
    "
    **Compared with the last 3 runs**

    |  | This run | Last run | Change | Median of 3 | Change |
    | --- | ---: | ---: | ---: | ---: | ---: |
    | Size | 1 MB | 2 MB | −50 % | 2.1 MB | −52 % |
    | Rows | 900 | 1,000 | −10 % | 1,000 | −10 % |
    | Time | 1 min 30 s | 1 min 30 s | same | 1 min 30 s | same |

    \`\`\`mermaid
    %%{init: {"xyChart": {"width": 800, "height": 300}, "themeVariables": {"xyChart": {"plotColorPalette": "#4493f8, #d1242f"}}}}%%
    xychart-beta
      title "Size of the backups, in MB"
      x-axis ["11-17", "11-18", "11-19", "11-20"]
      y-axis 0 --> 2.4
      bar [2.2, 2.1, 2, 1]
    \`\`\`

    <details>
    <summary>The last 4 backups</summary>

    | Backup | Size | Rows | Time |
    | --- | ---: | ---: | ---: |
    | 20261120T021704Z-7f3a | 1 MB | 900 | 1 min 30 s |
    | 20261119T021704Z-7f3a | 2 MB | 1,000 | 1 min 30 s |
    | 20261118T021704Z-7f3a | 2.1 MB | 1,000 | 1 min 30 s |
    | 20261117T021704Z-7f3a | 2.2 MB | 1,000 | 1 min 30 s |

    </details>
    "
  `);
});

test("the first backup has nothing to be compared with, and two make no chart", () => {
  const first = backupOver([], 1_000_000);
  expect(first).toContain("It is the first one here: nothing to compare with.");
  expect(first).not.toContain("Change");
  const second = backupOver(NIGHTS.slice(0, 1), 1_000_000);
  expect(second).toContain("**Compared with the last run**");
  expect(second).not.toContain("mermaid");
});

test("a drill's time to restore is drawn with its objective", () => {
  const record = buildDrillRecord({ objectives: { rtoMinutes: 30 } });
  const past = ["2026-11-14", "2026-11-07"].map((day) =>
    pointOfDrill(
      buildDrillRecord({ startedAt: `${day}T03:30:00.000Z`, verdict: "differs", restoreSeconds: 600 }),
    ),
  );
  const markdown = renderSummary({
    command: "drill",
    record,
    isRecorded: true,
    seconds: 80,
    reportPath: "drill.md",
    kept: [],
    past,
  });
  expect(markdown.slice(markdown.indexOf("**Compared"))).toMatchInlineSnapshot(`
    "**Compared with the last 2 runs**

    |  | This run | Last run | Change | Median of 2 | Change |
    | --- | ---: | ---: | ---: | ---: | ---: |
    | Time to restore | 1 min 15 s | 10 min 0 s | −88 % | 10 min 0 s | −88 % |
    | Age of the data | 25.2 hours | 25.2 hours | same | 25.2 hours | same |

    \`\`\`mermaid
    %%{init: {"xyChart": {"width": 800, "height": 300}, "themeVariables": {"xyChart": {"plotColorPalette": "#4493f8, #d1242f"}}}}%%
    xychart-beta
      title "Minutes to restore and the objective (RTO)"
      x-axis ["11-07", "11-14", "11-21"]
      y-axis 0 --> 33
      bar [10, 10, 1.25]
      line [30, 30, 30]
    \`\`\`

    <details>
    <summary>The last 3 drills</summary>

    | Drill of | Backup | Verdict | Time to restore | Age of the data |
    | --- | --- | --- | ---: | ---: |
    | 2026-11-21 | 20261120T021704Z-7f3a | ✅ proven | 1 min 15 s | 25.2 hours |
    | 2026-11-14 | 20261120T021704Z-7f3a | ❌ differs | 10 min 0 s | 25.2 hours |
    | 2026-11-07 | 20261120T021704Z-7f3a | ❌ differs | 10 min 0 s | 25.2 hours |

    </details>
    "
  `);
});

test("runs of one day each have a bar of their own", () => {
  const draw = (...times: string[]) =>
    drawTrend({ title: "t", points: times.map((at) => ({ at, value: 1 })) }).flatMap((block) =>
      block.kind === "chart" ? block.lines.filter((line) => line.includes("x-axis")) : [],
    );
  const at = (time: string): string => `2026-11-20T${time}Z`;
  expect(draw(at("02:00:00"), at("03:00:00"), at("04:00:00"))).toEqual([
    '  x-axis ["11-20 02:00", "11-20 03:00", "11-20 04:00"]',
  ]);
  expect(draw(at("02:00:00"), at("02:00:01"), at("02:00:02"))).toEqual(['  x-axis ["1", "2", "3"]']);
});

test("a label cannot end itself or the chart", () => {
  expect(quoteMermaid('a"]\n  click b call x()\n%%{init: {}}%% `c` #quot; <b> 大 ü')).toBe(
    '"a click b call x() init: c quot b 大 ü"',
  );
});
