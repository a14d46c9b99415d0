import { createClient } from "@clickhouse/client";
import { randomBytes } from "node:crypto";
import { cp, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { findFreePorts } from "../../../local-services/ports.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { BundleProcess, createBareEnvironment } from "../../support/bundle.ts";
import { runSql } from "../../support/postgres-databases.ts";
import { tell } from "../../support/rehearsal/finished-run.ts";
import { Repository } from "../../support/rehearsal/repository.ts";
import { findWorkflowFaults } from "../../support/rehearsal/workflow-file.ts";
import { createBucket, createClickHouseDatabase, createPostgresDatabase } from "../../support/services.ts";

const FIXTURE = "test/fixtures/product-repository";
const WORKFLOWS = ".github/workflows";

/** A copy of a product's repository, with its application on a port that is free here. */
async function copyProduct(scratch: Scratch): Promise<string> {
  const files = scratch.file("request-log");
  await cp(FIXTURE, files, { recursive: true });
  const [port] = await findFreePorts(1);
  for (const name of ["docker-compose.yml", ".env.example"]) {
    const text = await readFile(join(files, name), "utf8");
    await writeFile(join(files, name), text.replaceAll("3000", String(port)));
  }
  return files;
}

/** What production holds: the product's own migrations, and a few rows. */
async function fillStores(): Promise<Record<string, string>> {
  const [postgres, clickhouse] = await Promise.all([createPostgresDatabase(), createClickHouseDatabase()]);
  onTestFinished(async () => void (await Promise.all([postgres.drop(), clickhouse.drop()])));
  await runSql(
    postgres.url,
    await readFile(join(FIXTURE, "migrations/postgres/0001_provider_keys.sql"), "utf8"),
  );
  await runSql(
    postgres.url,
    "INSERT INTO provider_keys (provider, encrypted_key) VALUES ('openai', 'x'), ('gemini', 'y')",
  );
  const client = createClient({ url: clickhouse.url });
  await client.command({
    query: await readFile(join(FIXTURE, "migrations/clickhouse/0001_requests.sql"), "utf8"),
  });
  await client.command({
    query:
      "INSERT INTO requests SELECT toDateTime('2026-01-01') + number * 3600, 'm', number FROM numbers(5000)",
  });
  await client.close();
  return { DATABASE_URL: postgres.url, CLICKHOUSE_URL: clickhouse.url };
}

test("what init writes for a product is valid, and backs up, drills and looks without another word", async () => {
  const scratch = await Scratch.create();
  onTestFinished(() => scratch.remove());
  const [files, secrets, bucket] = await Promise.all([copyProduct(scratch), fillStores(), createBucket()]);
  const env = await createBareEnvironment(scratch);
  const place = ["--s3-endpoint", bucket.endpoint, "--s3-region", bucket.region, "--s3-path-style"];
  const to = ["--destination", `s3://${bucket.bucket}/request-log`, ...place];
  const { status, stdout, stderr } = await new BundleProcess("cli", ["init", "--yes", ...to], env, files)
    .ended;
  expect(status, stderr).toBe(0);
  expect(stdout).not.toContain("Left to you");
  const named = [...stdout.matchAll(/gh secret set (\w+)/g)].map(([, name]) => name);
  expect(named).toEqual([
    "DATABASE_URL",
    "CLICKHOUSE_URL",
    "ENCRYPTION_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
  ]);

  const workflows = await readdir(join(files, WORKFLOWS));
  for (const name of workflows) {
    const text = await readFile(join(files, WORKFLOWS, name), "utf8");
    expect(await findWorkflowFaults(join(WORKFLOWS, name), text), name).toEqual([]);
  }
  expect(parse(await readFile(join(files, "lifeboat.yml"), "utf8"))).toMatchObject({ name: "request-log" });

  await using repository = new Repository({
    files,
    secrets: {
      ...secrets,
      ENCRYPTION_KEY: randomBytes(32).toString("base64"),
      AWS_ACCESS_KEY_ID: bucket.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
    },
  });
  for (const name of ["nightly-backup", "weekly-drill", "freshness"]) {
    const run = await repository.start(`${WORKFLOWS}/lifeboat-${name}.yml`, { event: "workflow_dispatch" })
      .finished;
    expect(run.conclusion, tell(run)).toBe("success");
  }
});
