import { expect, test } from "vitest";
import { findBucketProvider, findDatabaseProvider, findPrice, PRICES } from "../../../src/presets/prices.ts";

test("every price says since when and where it is published, and stands there once", () => {
  for (const { source, recordedAt, usd } of PRICES) {
    expect(new URL(source).protocol).toBe("https:");
    expect(new Date(recordedAt).toISOString().slice(0, 10)).toBe(recordedAt);
    expect(usd).toBeGreaterThanOrEqual(0);
  }
  const names = PRICES.map(({ provider, charge, storageClass }) => [provider, charge, storageClass].join());
  expect(new Set(names).size).toBe(names.length);
});

test.each([
  [undefined, "AWS"],
  ["https://s3.eu-central-1.amazonaws.com", "AWS"],
  ["https://0123.r2.cloudflarestorage.com", "Cloudflare R2"],
  ["https://0123.eu.r2.cloudflarestorage.com", "Cloudflare R2"],
  ["https://s3.us-west-004.backblazeb2.com", "Backblaze B2"],
  ["https://s3.amazonaws.com.example.org", undefined],
  ["http://127.0.0.1:9000", undefined],
  ["no address", undefined],
])("buckets at %s are of %s", (endpoint, provider) => {
  expect(findBucketProvider(endpoint)).toBe(provider);
});

test.each([
  ["DB.abc.Supabase.co", "Supabase"],
  ["ep-a-pooler.eu-central-1.aws.neon.tech", "Neon"],
  ["a.b.eu-west-1.rds.amazonaws.com", "AWS"],
  ["abc.eu-west-1.aws.clickhouse.cloud", "ClickHouse Cloud"],
  ["db.supabase.co.example.org", undefined],
  ["a.rds.amazonaws.com.example.org", undefined],
  ["/var/run/postgresql", undefined],
])("the database at %s is of %s", (host, provider) => {
  expect(findDatabaseProvider(host)).toBe(provider);
});

test("a class has its own prices, and what is of no class is for all", () => {
  expect(findPrice("AWS", "storage")?.usd).toBe(0.023);
  expect(findPrice("AWS", "storage", "GLACIER_IR")?.usd).toBe(0.004);
  expect(findPrice("AWS", "egress", "GLACIER_IR")?.usd).toBe(0.09);
  expect(findPrice(undefined, "storage")).toBeUndefined();
});
