import { expect, test } from "vitest";
import { renderResult } from "../../../src/cli/render.ts";
import { renderSummary } from "../../../src/report/summary.ts";
import type { DoctorResult } from "../../../src/commands/doctor.ts";
import { findPrice } from "../../../src/presets/prices.ts";

const RESULT: DoctorResult = {
  command: "doctor",
  verdict: "good",
  subjects: [],
  estimate: {
    usd: 1200,
    lines: [
      {
        about: "store app",
        charge: "egress",
        amount: 300,
        unit: "GB",
        usd: 4.5,
        assumption: "30 nights of 10 GB",
        price: findPrice("Supabase", "egress")!,
      },
      {
        about: "s3://b",
        charge: "writes",
        amount: 3,
        unit: "1000 requests",
        usd: 0.0015,
        assumption: "Parts",
      },
      { about: "s3://b", charge: "storage", amount: 0.002, unit: "GB-month", assumption: "7 of app|log" },
    ],
  },
};

test("a doctor tells after its findings what a month costs, line by line, and what has no price", () => {
  expect(renderResult(RESULT)).toMatchInlineSnapshot(`
    "Everything is as a backup needs it.
    A month of nightly backups and weekly drills: about 1,200 USD, without what has no price here.
      · store app, egress: 300 GB, 4.5 USD
          30 nights of 10 GB. Supabase: 0.09 USD for each GB beyond 250 a month (Pro plan; https://supabase.com/docs/guides/platform/manage-your-usage/egress, 2026-11-21).
      · s3://b, writes: 3,000 requests, less than 0.01 USD
          Parts.
      · s3://b, storage: less than 0.01 GB-month, price not known here
          7 of app|log.
    "
  `);
});

test("the summary shows the same as a table", () => {
  const summary = renderSummary(RESULT);
  expect(summary).toContain("**A month of nightly backups and weekly drills: about 1,200 USD, without");
  expect(summary).toMatch(
    /\| s3:\/\/b \| storage \| less than 0\.01 GB-month \| price not known here \| 7 of app\\\|log\. \|/,
  );
});
