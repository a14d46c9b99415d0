import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, inject, onTestFinished, test } from "vitest";
import type { BackupResult } from "../../src/commands/backup.ts";
import { Machine } from "../support/cli.ts";
import { createBucket, createClickHouseDatabase } from "../support/services.ts";
import { runClickHouse } from "./product.ts";

/** A server in a container has no disk for backups; the engine that the tests start themselves cannot write to S3. */
const writesToS3 = process.env["LIFEBOAT_TEST_CLICKHOUSE_URL"] !== undefined;

async function describeDestination(): Promise<{ text: string; env: Record<string, string> }> {
  if (!writesToS3) return { text: "Disk('backups', 'e2e')", env: {} };
  const { endpoint, bucket, accessKeyId, secretAccessKey } = await createBucket();
  return {
    text: `S3('${endpoint}/${bucket}/clickhouse', '\${KEY_ID}', '\${KEY}')`,
    env: { KEY_ID: accessKeyId, KEY: secretAccessKey },
  };
}

test(`a server writes a chain of three to ${writesToS3 ? "S3" : "a disk of its own"}, and each of them is proven`, async () => {
  const database = await createClickHouseDatabase();
  onTestFinished(() => database.drop());
  const { text, env } = await describeDestination();
  const machine = await Machine.create({ ...env, CLICKHOUSE_URL: database.url });
  const folder = join(machine.folder, "backups");
  await mkdir(folder);
  await writeFile(
    join(machine.folder, "lifeboat.yml"),
    `destination: ${pathToFileURL(folder).href}
stores:
  log:
    kind: clickhouse
    url: \${CLICKHOUSE_URL}
    mode: server
    server-destination: ${text}
`,
  );
  const ids: string[] = [];
  for (const [index, change] of [
    `CREATE TABLE log (id UInt64, month UInt8) ENGINE = MergeTree PARTITION BY month ORDER BY id;
       INSERT INTO log SELECT cityHash64(number), number % 4 FROM numbers(20000)`,
    "INSERT INTO log SELECT number, 7 FROM numbers(100)",
    "ALTER TABLE log DROP PARTITION 2; DELETE FROM log WHERE id = 5",
  ].entries()) {
    await runClickHouse(database.url, change);
    const { status, json, stderr, stdout } = await machine.run("backup");
    expect(status, stderr).toBe(0);
    const [store] = (json as BackupResult).manifest.stores;
    expect(store?.kind === "clickhouse" && store.serverBackup?.chain).toHaveLength(index + 1);
    expect(stdout + stderr).not.toContain(env["KEY"] ?? "no key is given");
    ids.push((json as BackupResult).backupId);
  }
  await database.drop();
  for (const id of ids) {
    const drill = await machine.run(
      "drill",
      "--backup",
      id,
      "--target-clickhouse-url",
      inject("clickhouseUrl"),
    );
    expect(drill.json, drill.stderr).toMatchObject({ record: { verdict: "proven" } });
  }
  const verified = await machine.run("verify", "--all");
  expect(verified.json, verified.stderr).toMatchObject({ verdict: "intact" });
});
