import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { objectsOfStore } from "../../src/backup/manifest.ts";
import type { BackupResult } from "../../src/commands/backup.ts";
import type { VerifyResult } from "../../src/commands/verify.ts";
import { restoreGuideKey } from "../../src/destinations/keys.ts";
import { EXIT_STATUS } from "../../src/errors.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { Machine } from "../support/cli.ts";
import type { CliRun } from "../support/cli.ts";
import { FaultyS3Proxy } from "../support/faulty-s3-proxy.ts";
import { changeUrl, runSql } from "../support/postgres-databases.ts";
import { createPostgresDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";
import { createProduct, runClickHouse } from "./product.ts";
import type { Product } from "./product.ts";

const WRONG_PASSWORD = "planted-wr0ng-password";

let product: Product;
let machine: Machine;
let folder: string;

beforeAll(async () => {
  product = await createProduct();
});
afterAll(() => product[Symbol.asyncDispose]());
beforeEach(async () => {
  machine = await Machine.create({
    AWS_ACCESS_KEY_ID: "key",
    AWS_SECRET_ACCESS_KEY: "planted-s3-secret",
  });
  folder = join(machine.folder, "backups");
  await mkdir(folder);
});

function place(): string[] {
  return ["--destination", pathToFileURL(folder).href];
}

function stores(): string[] {
  return ["--postgres-url", product.postgresUrl, "--clickhouse-url", product.clickhouseUrl];
}

function drillTargets(): string[] {
  return [
    ...["--target-postgres-url", product.targetPostgresUrl],
    ...["--target-clickhouse-url", product.targetClickhouseUrl],
  ];
}

async function backUp(): Promise<BackupResult> {
  const { status, json, stderr } = await machine.run("backup", ...place(), ...stores());
  expect(status, stderr).toBe(0);
  return json as BackupResult;
}

/** One error, with what, why and what to try; its documented status; and no password. */
function expectError({ status, json, stdout, stderr }: CliRun, code: ErrorCode): void {
  expect({ status, code: json.error?.code }, stderr).toEqual({ status: EXIT_STATUS[code], code });
  expect(json.error).toMatchObject({
    exitStatus: EXIT_STATUS[code],
    title: expect.stringMatching(/\S.*[.:]$/),
  });
  expect(json.error?.hint).toMatch(/\S.*\.$|--replace/);
  expect(stderr.match(/^✗ /gm)).toHaveLength(1);
  expect(stderr.match(/^→ /gm)).toHaveLength(1);
  for (const secret of [WRONG_PASSWORD, "planted-s3-secret", ...product.plantedForms]) {
    expect(stdout + stderr).not.toContain(secret);
  }
}

test("every command prints one document on standard output, and its log elsewhere", async () => {
  const { backupId } = await backUp();
  const list = await machine.run("list", ...place());
  expect(list).toMatchObject({ status: 0, json: { command: "list", backups: [{ backupId }] } });
  const drill = await machine.run("drill", ...place(), ...drillTargets());
  expect(drill).toMatchObject({ status: 0, json: { command: "drill", record: { verdict: "proven" } } });
  expect(drill.stderr).toContain("▸ Restore and compare");

  const target = await createPostgresDatabase();
  const into = ["--store", "postgres", "--target-postgres-url", target.url];
  const restore = await machine.run("restore", ...place(), ...into);
  expect(restore).toMatchObject({ status: 0, json: { command: "restore", backupId, verdict: "restored" } });
  await target.drop();
  const next = await machine.run("list", ...place());
  expect(next.json).toMatchObject({ backups: [{ backupId, lastDrill: { verdict: "proven" } }] });
});

test("verify names every object of which one bit has flipped, all at once", async () => {
  const { manifest } = await backUp();
  expect(await machine.run("verify", "--full", ...place())).toMatchObject({
    status: 0,
    json: { verdict: "intact", notProven: [] },
  });
  const keys = [
    ...manifest.stores.flatMap(objectsOfStore).map(({ key }) => key),
    restoreGuideKey(manifest.id),
  ];
  for (const key of keys) {
    const path = join(folder, "lifeboat", key);
    const bytes = await readFile(path);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(path, bytes);
  }
  const { status, json, stderr } = await machine.run("verify", "--full", ...place());
  expect({ status, json }, stderr).toMatchObject({ status: 5, json: { verdict: "damaged" } });
  const { damages } = json as VerifyResult;
  expect(damages.map(({ key }) => key).sort()).toEqual(keys.sort());
});

describe("a backup that cannot be taken gives one error, and leaves nothing:", () => {
  const changed = (option: string, url: () => string): (() => string[]) => {
    return () => {
      const args = [...place(), ...stores()];
      args[args.indexOf(option) + 1] = url();
      return args;
    };
  };
  const broken = (url: string, parts: Parameters<typeof changeUrl>[1]): string =>
    changeUrl(url, parts).reveal();

  test.each<[string, ErrorCode, () => string[]]>([
    ["no destination", "CONFIG_INVALID", () => stores()],
    [
      "a configuration file that is not there",
      "CONFIG_INVALID",
      () => [...place(), ...stores(), "--config", "absent.yml"],
    ],
    [
      "a Postgres that refuses the password",
      "STORE_LOGIN_REFUSED",
      changed("--postgres-url", () => broken(product.postgresUrl, { password: WRONG_PASSWORD })),
    ],
    [
      "a Postgres database that does not exist",
      "STORE_UNREACHABLE",
      changed("--postgres-url", () => broken(product.postgresUrl, { pathname: "/absent" })),
    ],
    [
      "a ClickHouse that nobody answers for",
      "STORE_UNREACHABLE",
      changed("--clickhouse-url", () => broken(product.clickhouseUrl, { port: "1" })),
    ],
    [
      "a ClickHouse that refuses the password",
      "STORE_LOGIN_REFUSED",
      changed("--clickhouse-url", () => broken(product.clickhouseUrl, { password: WRONG_PASSWORD })),
    ],
    [
      "a ClickHouse database that does not exist",
      "STORE_UNREACHABLE",
      changed("--clickhouse-url", () => broken(product.clickhouseUrl, { pathname: "/absent" })),
    ],
    [
      "a folder that does not exist",
      "DESTINATION_MISSING",
      changed("--destination", () => pathToFileURL(`${folder}/absent`).href),
    ],
    [
      "a bucket that does not exist",
      "DESTINATION_MISSING",
      () => [...stores(), "--destination", "s3://absent-bucket", "--s3-endpoint", inject("s3").endpoint],
    ],
  ])("%s", async (_what, code, args) => {
    expectError(await machine.run("backup", "--s3-region", "us-east-1", ...args()), code);
    expect(await readdir(folder)).toEqual([]);
  });

  test("a Postgres, and an S3 service, that nobody answers for however long one tries", async () => {
    const [postgres, s3] = await Promise.all([
      machine.run("backup", ...changed("--postgres-url", () => broken(product.postgresUrl, { port: "1" }))()),
      machine.run(
        "backup",
        ...[...stores(), "--destination", "s3://bucket", "--s3-region", "us-east-1"],
        ...["--s3-endpoint", "http://127.0.0.1:1"],
      ),
    ]);
    expectError(postgres, "STORE_UNREACHABLE");
    expectError(s3, "DESTINATION_UNREACHABLE");
    expect(await readdir(folder)).toEqual([]);
  });

  test("variables that are not set, all of them at once", async () => {
    await writeFile(
      join(machine.folder, "lifeboat.yml"),
      "destination: ${BACKUP_PLACE}\nstores:\n  postgres:\n    url: ${SHOP_URL}\n    urll: x\n",
    );
    const run = await machine.run("backup");
    expectError(run, "CONFIG_INVALID");
    for (const problem of ["BACKUP_PLACE", "SHOP_URL", "urll"]) expect(run.stderr).toContain(problem);
  });

  test("S3 credentials that are refused", async () => {
    await using proxy = await FaultyS3Proxy.start(inject("s3").endpoint);
    proxy.decide = () => ({ kind: "answer", status: 403, code: "InvalidAccessKeyId" });
    const args = [
      "--destination",
      "s3://bucket",
      "--s3-endpoint",
      proxy.endpoint,
      "--s3-region",
      "us-east-1",
    ];
    expectError(await machine.run("backup", ...args, ...stores()), "DESTINATION_REFUSED");
    expect(proxy.seen.filter(({ method }) => method === "PUT" || method === "POST")).toEqual([]);
  });

  test("a ClickHouse that is too old", async () => {
    const old = createServer((_, response) => {
      response.end(`${JSON.stringify({ version: "23.8.1.1", uuid: "0", settings: [] })}\n`);
    });
    await new Promise<void>((resolve) => old.listen(0, "127.0.0.1", resolve));
    const { port } = old.address() as AddressInfo;
    const run = await machine.run("backup", ...place(), "--clickhouse-url", `http://u:p@127.0.0.1:${port}`);
    expectError(run, "STORE_UNSUPPORTED");
    expect(run.stderr).toContain("23.8");
    expect(await readdir(folder)).toEqual([]);
    old.close();
  });
});

describe("a restore that must not be gives one error, and leaves the target as it was:", () => {
  let target: TestDatabase;

  beforeEach(async () => {
    target = await createPostgresDatabase();
    return () => target.drop();
  });

  const restore = (...args: string[]): Promise<CliRun> => machine.run("restore", ...place(), ...args);
  const intoTarget = (): string[] => ["--store", "postgres", "--target-postgres-url", target.url];
  const listTables = async (): Promise<unknown[]> =>
    (
      await runSql(target.url, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    ).map(({ relname }) => relname);

  test("a backup that is not there", async () => {
    expectError(await restore(...intoTarget()), "BACKUP_NOT_FOUND");
    await backUp();
    const run = await restore(...intoTarget(), "--backup", "20200101T000000Z-0000");
    expectError(run, "BACKUP_NOT_FOUND");
    expect(await listTables()).toEqual([]);
  });

  test("a manifest of a newer format", async () => {
    const { backupId } = await backUp();
    const path = join(folder, "lifeboat/backups", backupId, "manifest.json");
    const manifest = await readFile(path, "utf8");
    const newer = manifest.replace(/"formatVersion": \d+/, '"formatVersion": 99');
    await writeFile(path, newer.replace(/,\n "sha256": "\w+"\n/, "\n")); // whose seal we cannot know
    expectError(await restore(...intoTarget()), "FORMAT_TOO_NEW");
    expectError(await machine.run("drill", ...place(), ...drillTargets()), "FORMAT_TOO_NEW");
    expect(await listTables()).toEqual([]);
  });

  test("an archive that is cut short", async () => {
    const { manifest } = await backUp();
    const [archive] = manifest.stores.flatMap((store) =>
      store.kind === "postgres" ? objectsOfStore(store) : [],
    );
    await truncate(join(folder, "lifeboat", archive?.key ?? ""), (archive?.sizeBytes ?? 0) - 1);
    const run = await restore(...intoTarget());
    expectError(run, "BACKUP_DAMAGED");
    expect(run.stderr).toContain("app.dump");
    expect(await listTables()).toEqual([]);
  });

  test("a partition of which one bit has flipped", async () => {
    const { manifest } = await backUp();
    const [part] = manifest.stores.flatMap((store) => (store.kind === "clickhouse" ? store.parts : []));
    const path = join(folder, "lifeboat", part?.key ?? "");
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
    await writeFile(path, bytes);
    const run = await restore(
      "--store",
      "clickhouse",
      "--target-clickhouse-url",
      product.targetClickhouseUrl,
    );
    expectError(run, "BACKUP_DAMAGED");
    const database = part?.database ?? "";
    const found = await runClickHouse(
      product.targetClickhouseUrl,
      `SELECT name FROM system.databases WHERE name = '${database}'`,
    );
    expect(found).toEqual([]);
  });

  test("an object that is gone", async () => {
    const { manifest } = await backUp();
    const [archive] = manifest.stores.flatMap((store) =>
      store.kind === "postgres" ? objectsOfStore(store) : [],
    );
    await rm(join(folder, "lifeboat", archive?.key ?? ""));
    expectError(await restore(...intoTarget()), "OBJECT_MISSING");
    expect(await listTables()).toEqual([]);
  });

  test("a target that is the source", async () => {
    await backUp();
    const before = await runSql(product.postgresUrl, "SELECT xmin, * FROM accounts ORDER BY id");
    const intoSource = ["--store", "postgres", "--target-postgres-url", product.postgresUrl];
    const run = await restore(...intoSource);
    expectError(run, "TARGET_REFUSED");
    expect(run.json.error?.title).toContain("the very database this backup was taken from");
    expect(await runSql(product.postgresUrl, "SELECT xmin, * FROM accounts ORDER BY id")).toEqual(before);
  });

  test("a target that is not empty, unless it is named", async () => {
    await backUp();
    await runSql(target.url, "CREATE TABLE accounts (mine text); INSERT INTO accounts VALUES ('precious')");
    const run = await restore(...intoTarget());
    expectError(run, "TARGET_REFUSED");
    expect(await runSql(target.url, "SELECT * FROM accounts")).toEqual([{ mine: "precious" }]);

    expect(run.json.error?.hint).toContain(`--replace ${target.name}`);
    const named = await restore(...intoTarget(), "--replace", target.name);
    expect(named, named.stderr).toMatchObject({ status: 0, json: { verdict: "restored" } });
    expect(await runSql(target.url, "SELECT count(*)::int AS rows FROM accounts")).toEqual([{ rows: 500 }]);
  });
});
