import { expect, test } from "vitest";
import { openDestination } from "../../../src/destinations/open.ts";
import { startTestRun } from "../../support/run-context.ts";

test.each([
  "",
  "backups",
  "/var/backups",
  "s3:bucket",
  "s3://",
  "s3:///prefix",
  "file://host/share",
  "https://x/y",
])("%j is no address of a destination", async (url) => {
  await expect(openDestination({ url }, "shop", startTestRun())).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    hint: expect.stringContaining("s3://bucket/prefix"),
  });
});

test.each([
  ["s3://bucket", "s3://bucket/shop"],
  ["s3://bucket/a//b/", "s3://bucket/a/b/shop"],
  ["s3://bucket/100%", "s3://bucket/100%/shop"],
  ["file:///var/back%20ups", "file:///var/back%20ups/shop"],
])("below %s, keys are relative to %s", async (url, address) => {
  const destination = await openDestination({ url, region: "eu-west-1" }, "shop", startTestRun());
  expect(destination.url).toBe(address);
  destination.close();
});
