import { describe, expect, test } from "vitest";
import { countKept, measureSeries } from "../../../src/backup/backup-series.ts";
import type { Series } from "../../../src/backup/backup-series.ts";
import { estimateMonth } from "../../../src/backup/month-estimate.ts";
import type {
  BilledDestination,
  BilledStore,
  EstimateLine,
  MonthEstimate,
} from "../../../src/backup/month-estimate.ts";
import type { RetentionRule } from "../../../src/backup/retention.ts";
import {
  buildClickHouseManifest,
  buildManifest,
  buildPostgresManifest,
  buildStoredObject,
} from "../../support/builders.ts";

const GB = 1e9;
const NOW = new Date("2026-11-21T02:17:00Z");

function postgres(parts: Partial<BilledStore> = {}): BilledStore {
  return { name: "app", kind: "postgres", host: "db.internal", sourceBytes: 10 * GB, ...parts };
}

function series(parts: Partial<Series> = {}): Series {
  return { backups: 5, sizeBytes: 2 * GB, sentBytes: 2 * GB, writes: 90, objects: 3, seconds: 600, ...parts };
}

function bucket(
  parts: Partial<BilledDestination> = {},
  held: Series | undefined = series(),
): BilledDestination {
  const stores = [{ store: "app", keptBackups: 10, series: held }];
  return { url: "s3://b", provider: "AWS", hasRequests: true, everyDays: 1, stores, ...parts };
}

function find({ lines }: MonthEstimate, charge: string, about = "s3://b"): EstimateLine | undefined {
  return lines.find((line) => line.charge === charge && line.about === about);
}

describe("what leaves a database", () => {
  test.each([
    ["db.abcdefgh.supabase.co", 300, 4.5], // 50 GB beyond 250, 0.09 each
    ["aws-0-eu-central-1.pooler.supabase.com", 300, 4.5],
    ["ep-cool-1234.eu-central-1.aws.neon.tech", 300, 20], // 200 GB beyond 100, 0.10 each
    ["shop.c1.us-east-1.rds.amazonaws.com", 300, 18], // 200 GB beyond 100, 0.09 each
    ["db.internal", 300, undefined],
  ])("from %s: 30 nights of 10 GB are %i GB, for %f USD", (host, amount, usd) => {
    const line = find(estimateMonth([postgres({ host })], [bucket()]), "egress", "store app");
    expect(line).toMatchObject({ amount, unit: "GB" });
    expect(line?.usd).toBe(usd);
    expect(line && "price" in line).toBe(usd !== undefined);
  });

  test("from ClickHouse it is what earlier backups sent, and all of it where there is none", () => {
    const log = { ...postgres({ host: "x.eu-west-1.aws.clickhouse.cloud" }), kind: "clickhouse" as const };
    const after = estimateMonth([log], [bucket({}, series({ sizeBytes: 50 * GB, sentBytes: GB }))]);
    expect(find(after, "egress", "store app")).toMatchObject({ amount: 30, usd: 3.5 }); // 30 × 0.115
    const before = estimateMonth([log], [bucket({ stores: [{ store: "app", keptBackups: 10 }] })]);
    expect(find(before, "egress", "store app")).toMatchObject({ amount: 300, usd: 35 });
  });

  test("what a provider gives free is granted once to all that it bills", () => {
    const host = "shop.c1.us-east-1.rds.amazonaws.com";
    const stores = [postgres({ host }), postgres({ host, name: "other" })];
    const month = estimateMonth(stores, [bucket()]);
    expect(find(month, "egress", "store app")?.usd).toBe(18);
    expect(find(month, "egress", "store other")?.usd).toBe(27);
    expect(find(month, "egress")).toMatchObject({ amount: 8, usd: 0.72 });
  });
});

describe("the time that a database is kept awake", () => {
  test.each([
    ["ep-cool-1234.eu-central-1.aws.neon.tech", 7.5, 0.79], // 30 × (10 + 5) min × 0.106
    ["x.eu-west-1.aws.clickhouse.cloud", 25, 9.8], // 30 × (10 + 15) min × 2 × 0.3903
  ])("%s: %f unit-hours for %f USD", (host, amount, usd) => {
    const month = estimateMonth([postgres({ host })], [bucket()]);
    expect(find(month, "compute", "store app")).toMatchObject({ amount, unit: "unit-hour", usd });
  });

  test.each(["db.abcdefgh.supabase.co", "shop.c1.us-east-1.rds.amazonaws.com", "db.internal"])(
    "%s never sleeps",
    (host) => {
      expect(find(estimateMonth([postgres({ host })], [bucket()]), "compute", "store app")).toBeUndefined();
    },
  );
});

describe("what lies at a destination", () => {
  test.each([
    ["AWS", undefined, 20, 0.46], // × 0.023
    ["AWS", "STANDARD_IA", 60, 0.75], // paid for 30 days: 30 × 2 GB × 0.0125
    ["AWS", "GLACIER_IR", 180, 0.72], // 90 days: 90 × 2 GB × 0.004
    ["AWS", "INTELLIGENT_TIERING", 20, undefined],
    ["Cloudflare R2", undefined, 20, 0.15], // 10 GB beyond 10
    ["Backblaze B2", undefined, 20, 0.06],
    [undefined, undefined, 20, undefined],
  ] as const)("%s %s: 10 backups of 2 GB are %i GB, for %f USD", (provider, storageClass, amount, usd) => {
    const line = find(estimateMonth([postgres()], [bucket({ provider, storageClass })]), "storage");
    expect(line).toMatchObject({ amount, unit: "GB-month" });
    expect(line?.usd).toBe(usd);
  });

  test("what backups share lies there once", () => {
    const shared = bucket({}, series({ sizeBytes: 100 * GB, sentBytes: GB }));
    expect(find(estimateMonth([postgres()], [shared]), "storage")?.amount).toBe(110); // 109, of two digits
  });

  test("before the first backup it is as large as its source", () => {
    const month = estimateMonth([postgres()], [bucket({ stores: [{ store: "app", keptBackups: 10 }] })]);
    expect(find(month, "storage")).toMatchObject({ amount: 100, usd: 2.3 });
    expect(find(month, "storage")?.assumption).toContain("none yet");
  });

  test("requests are 30 times those of a night, and the drills' reads", () => {
    const month = estimateMonth([postgres()], [bucket()]);
    expect(find(month, "writes")).toMatchObject({ amount: 3, usd: 0.015 }); // 30 × (90 + 10)
    expect(find(month, "reads")).toMatchObject({ amount: 0.1, unit: "1000 requests" }); // (30 + 4) × 3
  });

  test("drills read the first destination alone, and pay for it where the class asks for it", () => {
    const cold = bucket({ storageClass: "GLACIER_IR" });
    const month = estimateMonth(
      [postgres()],
      [cold, bucket({ url: "s3://second", provider: "Cloudflare R2" })],
    );
    expect(find(month, "retrieval")).toMatchObject({ amount: 8, usd: 0.24 });
    expect(find(month, "egress")).toMatchObject({ amount: 8, usd: 0 });
    expect(find(month, "egress", "s3://second")).toBeUndefined();
    expect(find(month, "reads", "s3://second")?.amount).toBe(0.09);
  });

  test("one that receives a backup a week is written to as often", () => {
    expect(find(estimateMonth([postgres()], [bucket({ everyDays: 7.5 })]), "writes")?.amount).toBe(0.4);
  });

  test("a folder is billed by no request", () => {
    const folder = bucket({ url: "file:///b", provider: undefined, hasRequests: false });
    expect(estimateMonth([postgres()], [folder]).lines.map(({ charge }) => charge)).toEqual([
      "egress",
      "storage",
    ]);
  });
});

test("the sum is that of what has a price, and nothing has more than two digits", () => {
  const month = estimateMonth([postgres({ host: "db.x.supabase.co", sourceBytes: 12.345 * GB })], [bucket()]);
  expect(find(month, "egress", "store app")).toMatchObject({ amount: 370, usd: 11 }); // 120.35 × 0.09 = 10.83
  expect(month.usd).toBe(11); // and 0.46 + 0.015
  for (const { amount, usd = 0 } of month.lines) {
    for (const number of [amount, usd]) expect(number).toBe(Number(number.toPrecision(2)));
  }
});

describe("how many backups stay", () => {
  test.each([
    [{ last: 5 }, 1, 5],
    [{ daily: 7, weekly: 4, monthly: 6 }, 1, 7 + 2 + 5],
    [{ withinMs: 10 * 86_400_000 }, 1, 11],
    [{ monthly: 3 }, 7, 3],
    [{ weekly: 4 }, 30, 4],
    [{}, 1, 366],
  ] as [RetentionRule, number, number][])("%o, one each %i days: %i", (rule, everyDays, kept) => {
    expect(countKept(rule, "UTC", everyDays, NOW)).toBe(kept);
  });
});

describe("what earlier backups tell", () => {
  const part = (month: string, bytes: number) => ({
    ...buildStoredObject(`parts/${month}`, "x".repeat(bytes)),
    ...{ database: "shop", table: "requests", partition: month, fingerprint: "f" },
    ...{ columns: ["id"], rows: 1, digest: null },
  });
  const night = (parts: ReturnType<typeof part>[], seconds: number) =>
    buildManifest({
      stores: [
        buildPostgresManifest({ archive: { ...buildStoredObject("a", "y".repeat(70)), format: "custom" } }),
        buildClickHouseManifest({ parts, seconds }),
      ],
    });
  const nights = [
    night([part("09", 100), part("10", 100), part("11b", 30)], 3),
    night([part("09", 100), part("10", 100), part("11a", 10)], 6),
    night([part("09", 100), part("10", 100)], 9),
  ];

  test("the mean of what each added to the one before, and the size of the newest", () => {
    expect(measureSeries(nights, "log")).toMatchObject({
      backups: 3,
      sentBytes: 20,
      writes: 1,
      objects: 6,
      seconds: 6,
    });
  });

  test("one alone has sent all that it holds", () => {
    const [newest] = nights;
    const { sizeBytes, sentBytes } = measureSeries([newest!], "log")!;
    expect([sentBytes, sizeBytes >= 230]).toEqual([sizeBytes, true]);
    expect(measureSeries([newest!], "app")).toMatchObject({ backups: 1, sentBytes: 70, sizeBytes: 70 });
    expect(measureSeries(nights, "other")).toBeUndefined();
  });

  test("a large object takes a request for each 8 MiB, one to begin and one to end", () => {
    const archive = { ...buildStoredObject("a"), sizeBytes: 80 * 1024 * 1024, format: "custom" as const };
    const large = buildManifest({ stores: [buildPostgresManifest({ archive })] });
    expect(measureSeries([large], "app")?.writes).toBe(12);
  });
});
