import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { expect, test } from "vitest";
import { objectsOfStore } from "../../src/backup/manifest.ts";
import type { BackupResult } from "../../src/commands/backup.ts";
import type { PlanResult } from "../../src/commands/plan.ts";
import { Machine } from "../support/cli.ts";
import { runSql } from "../support/postgres-databases.ts";
import { createPostgresDatabase } from "../support/services.ts";
import { createProduct } from "./product.ts";

test("several databases, encrypted, to two destinations: each shard from the command line, and a drill of each copy", async () => {
  await using product = await createProduct();
  const other = await createPostgresDatabase();
  try {
    await runSql(other.url, "CREATE TABLE invoices AS SELECT generate_series(1, 50) AS id");
    const identity = await generateIdentity();
    const machine = await Machine.create({
      DATABASE_URL: product.postgresUrl,
      CLICKHOUSE_URL: product.clickhouseUrl,
    });
    const folders = ["here", "there"].map((name) => join(machine.folder, name));
    for (const folder of folders) await mkdir(folder);
    await writeFile(join(machine.folder, "identity"), `${identity}\n`, { mode: 0o600 });
    const names = [new URL(product.postgresUrl).pathname.slice(1), other.name];
    await writeFile(
      join(machine.folder, "lifeboat.yml"),
      `name: shop
stores:
  pg: { kind: postgres, url: "\${DATABASE_URL}", databases: [${names.join(", ")}] }
  clickhouse: { url: "\${CLICKHOUSE_URL}" }
destinations:
  here: { url: "${pathToFileURL(folders[0]!).href}" }
  there: { url: "${pathToFileURL(folders[1]!).href}" }
encryption:
  recipients: [${await identityToRecipient(identity)}]
`,
    );
    const planned = await machine.run("plan");
    expect(planned.status, planned.stderr).toBe(0);
    const { backupId, shards } = planned.json as PlanResult;
    expect(shards.map(({ shard }) => shard)).toEqual(["1/4", "2/4", "3/4", "4/4"]);
    for (const { shard } of shards.toReversed()) {
      const run = await machine.run("backup", "--backup", backupId, "--shard", shard);
      expect(run.status, run.stderr).toBe(0);
    }
    const finished = await machine.run("finish", "--backup", backupId);
    expect(finished.status, finished.stderr).toBe(0);
    const { manifest, destinations } = finished.json as BackupResult;
    expect(destinations).toHaveLength(2);
    expect(manifest.stores.map(({ store }) => store)).toEqual([
      ...names.map((name) => `pg-${name}`),
      "clickhouse",
    ]);
    for (const { key, age } of manifest.stores.flatMap(objectsOfStore)) {
      expect(key).toMatch(/\.age$/);
      expect(age?.recipients).toHaveLength(1);
    }
    for (const from of ["here", "there"]) {
      const targets = [
        ...["--target-postgres-url", product.targetPostgresUrl],
        ...["--target-clickhouse-url", product.targetClickhouseUrl],
      ];
      const drill = await machine.run("drill", "--from", from, "--identity-file", "identity", ...targets);
      expect(drill.json, drill.stderr).toMatchObject({ record: { backupId, verdict: "proven" } });
    }
  } finally {
    await other.drop();
  }
});
