import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { startClickHouse } from "../../local-services/clickhouse.ts";
import { shortFingerprint } from "../../src/backup/application-keys.ts";
import { objectsOfStore } from "../../src/backup/manifest.ts";
import type { StoredObject } from "../../src/backup/manifest.ts";
import type { BackupResult } from "../../src/commands/backup.ts";
import { restoreGuideKey } from "../../src/destinations/keys.ts";
import { openDestination } from "../../src/destinations/open.ts";
import type { Destination } from "../../src/destinations/destination.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { EXIT_STATUS } from "../../src/errors.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Secret } from "../../src/sys/secret.ts";
import { Machine } from "../support/cli.ts";
import type { CliRun } from "../support/cli.ts";
import { createLlmProxyStores } from "../support/llm-proxy.ts";
import type { LlmProxyStores } from "../support/llm-proxy.ts";
import { runSql, startToolRun } from "../support/postgres-databases.ts";
import { createBucket, createPostgresDatabase } from "../support/services.ts";
import type { TestBucket, TestDatabase } from "../support/services.ts";
import { StockTools } from "../support/stock-tools.ts";
import { runClickHouse } from "./product.ts";

const PASSPHRASE = "planted: seven words of a passphrase";

const run = startToolRun();
const identity = await generateIdentity();
const recipient = await identityToRecipient(identity);
const stranger = await generateIdentity();

let product: LlmProxyStores;
let clickhouse: Awaited<ReturnType<typeof startClickHouse>>;
let tools: StockTools;
let bucket: TestBucket;
let scratch: Scratch;
let destination: Destination;
let target: TestDatabase;

beforeAll(async () => {
  [product, clickhouse, tools, scratch, bucket] = await Promise.all([
    createLlmProxyStores(),
    startClickHouse(),
    StockTools.unpack(run),
    Scratch.create(),
    createBucket(),
  ]);
  destination = await openBucket("encrypted");
});
afterAll(async () => {
  destination.close();
  await Promise.all([product.drop(), clickhouse.stop(), tools.remove(), scratch.remove()]);
});
beforeEach(async () => {
  target = await createPostgresDatabase();
  return async () => {
    await target.drop();
    await runClickHouse(clickhouse.url, `DROP DATABASE IF EXISTS ${logDatabase()} SYNC`);
  };
});

function openBucket(name: string): Promise<Destination> {
  const { endpoint, region, accessKeyId } = bucket;
  const secretAccessKey = new Secret(bucket.secretAccessKey);
  const config = { endpoint, region, pathStyle: true, accessKeyId, secretAccessKey };
  return openDestination({ url: `s3://${bucket.bucket}/deep/er`, ...config }, name, run);
}

function logDatabase(): string {
  return new URL(product.addresses.clickhouseUrl).pathname.slice(1);
}

/** The settings of those who back up and restore, and what either of them alone has in the environment. */
async function createMachine(
  name: string,
  encryption: object,
  env: Record<string, string>,
): Promise<Machine> {
  const machine = await Machine.create({
    AWS_ACCESS_KEY_ID: bucket.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
    ENCRYPTION_KEY: product.encryptionKey,
    ...env,
  });
  const { postgresUrl, clickhouseUrl } = product.addresses;
  const settings = {
    name,
    destination: {
      url: `s3://${bucket.bucket}/deep/er`,
      endpoint: bucket.endpoint,
      region: bucket.region,
      "path-style": true,
    },
    stores: { postgres: { url: postgresUrl }, clickhouse: { url: clickhouseUrl } },
    encryption,
    keys: { ENCRYPTION_KEY: "${ENCRYPTION_KEY}" },
    drill: {
      targets: { postgres: inject("postgresUrl"), clickhouse: clickhouse.url },
      steps: [{ name: "provider keys", decrypt: "spanlens", key: "${ENCRYPTION_KEY}" }],
    },
  };
  await writeFile(join(machine.folder, "lifeboat.yml"), JSON.stringify(settings), { mode: 0o600 });
  return machine;
}

/** @param env - what opens backups, or fails to */
const recipientsOnly = (env: Record<string, string> = {}): Promise<Machine> =>
  createMachine("encrypted", { recipients: [recipient] }, env);

async function backUp(machine: Machine): Promise<BackupResult> {
  const { status, json, stderr } = await machine.run("backup");
  expect(status, stderr).toBe(0);
  return json as BackupResult;
}

function intoTarget(): string[] {
  return ["--target-postgres-url", target.url, "--target-clickhouse-url", clickhouse.url];
}

/** What both databases hold, as their own SQL says. */
async function digest(postgresUrl: string, clickhouseUrl: string): Promise<unknown[]> {
  const tables = await runSql(
    postgresUrl,
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
  );
  const found: unknown[] = [];
  for (const { name } of tables) {
    const rows = `SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM ${String(name)} t`;
    found.push([name, await runSql(postgresUrl, rows)]);
  }
  const rows = `SELECT count(), sum(cityHash64(tuple(*))) FROM ${logDatabase()}.requests`;
  return [...found, await runClickHouse(clickhouseUrl, rows)];
}

async function expectRestored(): Promise<void> {
  const source = await digest(product.addresses.postgresUrl, product.addresses.clickhouseUrl);
  expect(source.length).toBeGreaterThan(3);
  expect(await digest(target.url, clickhouse.url)).toEqual(source);
}

async function expectNothingRestored(): Promise<void> {
  expect(await runSql(target.url, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
  expect(await runClickHouse(clickhouse.url, "SHOW DATABASES")).not.toContainEqual({ name: logDatabase() });
}

/** Of an error that opens nothing and says what would. */
function expectRefusal({ status, json, stderr, stdout }: CliRun, code: ErrorCode, said: string[]): void {
  expect({ status, code: json.error?.code }, stderr).toEqual({ status: EXIT_STATUS[code], code });
  const message = `${json.error?.title} ${json.error?.reason} ${json.error?.hint}`;
  for (const words of said) expect(message).toContain(words);
  expectNoSecret(stdout + stderr);
}

function expectNoSecret(output: string): void {
  for (const secret of [identity, stranger, PASSPHRASE, product.encryptionKey])
    expect(output).not.toContain(secret);
}

test("what was backed up with recipients only is proven and restored with the identity, and opened by nothing else", async () => {
  const runner = await recipientsOnly();
  const { manifest, backupId } = await backUp(runner);
  const objects = manifest.stores.flatMap((store): StoredObject[] => objectsOfStore(store));
  expect(objects.length).toBeGreaterThan(5);
  for (const { key, sizeBytes } of objects) {
    const bytes = await buffer(await destination.open(key));
    expect(bytes.length).toBe(sizeBytes);
    expect(bytes.toString("latin1")).toMatch(/^age-encryption\.org\/v1\n-> X25519 /);
  }

  const nobody = `encrypted, and no identity was given. It takes the identity of ${recipient}`;
  const other = await recipientsOnly({ LIFEBOAT_AGE_IDENTITY: stranger });
  const otherSaid = `what was given (${await identityToRecipient(stranger)}) opens none of these`;
  for (const [machine, said] of [
    [runner, [nobody]],
    [other, [otherSaid, recipient]],
  ] as const) {
    expectRefusal(await machine.run("restore", ...intoTarget()), "IDENTITY_MISSING", [...said]);
    expectRefusal(await machine.run("drill"), "IDENTITY_MISSING", [...said]);
    const verified = await machine.run("verify", "--full");
    expect(verified).toMatchObject({ status: 0, json: { verdict: "intact" } });
    expect(verified.json).toMatchObject({ notProven: [expect.stringContaining("digests only")] });
    await expectNothingRestored();
  }

  const file = scratch.file("identity.txt");
  await writeFile(file, `# created: today\n${identity}\n`, { mode: 0o600 });
  const holder = await recipientsOnly({ LIFEBOAT_AGE_IDENTITY_FILE: file });
  const verified = await holder.run("verify", "--full");
  expect(verified).toMatchObject({ status: 0, json: { verdict: "intact", notProven: [] } });
  const drill = await holder.run("drill");
  expect(drill, drill.stderr).toMatchObject({ status: 0, json: { record: { verdict: "proven", backupId } } });
  const restored = await holder.run("restore", ...intoTarget());
  expect(restored, restored.stderr).toMatchObject({ status: 0, json: { verdict: "restored" } });
  await expectRestored();
  expectNoSecret([verified, drill, restored].map(({ stdout, stderr }) => stdout + stderr).join());
});

test("its RESTORE.md brings it back with aws, age, pg_restore and curl, and with another identity nothing", async () => {
  const { backupId } = await backUp(await recipientsOnly());
  const guide = (await destination.read(restoreGuideKey(backupId))).toString();
  const stock = async (held: string | undefined, compare: () => Promise<void>) => {
    const file = scratch.file("stock-identity.txt");
    await writeFile(file, `${held}\n`, { mode: 0o600 });
    const env = {
      AWS_ENDPOINT_URL: bucket.endpoint,
      AWS_DEFAULT_REGION: bucket.region,
      AWS_ACCESS_KEY_ID: bucket.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
      ...(held !== undefined && { AGE_IDENTITY: file }),
    };
    const places = { postgresUrl: target.url, clickhouseUrl: clickhouse.url, scratch };
    return await tools.runGuide(guide, places, env, compare);
  };
  const refused = await stock(stranger, async () => {});
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("no identity matched") });
  const without = await stock(undefined, async () => {});
  expect(without).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("AGE_IDENTITY: unbound variable"),
  });
  await expectNothingRestored();
  expect(await stock(identity, expectRestored)).toEqual({ status: 0, stderr: "" });
});

test("under a passphrase it is restored with that one alone, and the stock age reads it, too", async () => {
  const encryption = { passphrase: "${BACKUP_PASSPHRASE}" };
  const env = { BACKUP_PASSPHRASE: PASSPHRASE };
  const { manifest } = await backUp(await createMachine("by-passphrase", encryption, env));
  const wrong = await createMachine("by-passphrase", encryption, { BACKUP_PASSPHRASE: `${PASSPHRASE} not` });
  expectRefusal(await wrong.run("restore", ...intoTarget()), "IDENTITY_MISSING", [
    "under another passphrase",
  ]);
  await expectNothingRestored();
  const right = await createMachine("by-passphrase", encryption, env);
  const restored = await right.run("restore", ...intoTarget());
  expect(restored, restored.stderr).toMatchObject({ status: 0, json: { verdict: "restored" } });
  await expectRestored();

  const [object] = manifest.stores.flatMap((store): StoredObject[] => objectsOfStore(store));
  if (!object) throw new Error("the backup is empty");
  const place = await openBucket("by-passphrase");
  await writeFile(scratch.file("object.age"), await buffer(await place.open(object.key)));
  place.close();
  // age takes a passphrase from a terminal only.
  const command = `${tools.path("age")} --decrypt --output ${scratch.file("object")} ${scratch.file("object.age")}`;
  const terminal = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"]);
  terminal.stdin.end(`${PASSPHRASE}\n`);
  const said = text(terminal.stdout);
  expect(await once(terminal, "close"), await said).toEqual([0, null]);
  expect(await readFile(scratch.file("object"))).toHaveLength(object.age?.contentBytes ?? 0);
});

test("a wrong ENCRYPTION_KEY is refused before the first row by restore and drill alike, with the fingerprint that fits", async () => {
  const wrongKey = randomBytes(32).toString("base64");
  const { manifest } = await backUp(await recipientsOnly());
  const [known] = manifest.keys ?? [];
  if (!known) throw new Error("the backup names no key");
  const fingerprint = shortFingerprint(known);
  const held = { LIFEBOAT_AGE_IDENTITY: identity };
  const wrong = await recipientsOnly({ ...held, ENCRYPTION_KEY: wrongKey });
  const said = [`ENCRYPTION_KEY with fingerprint ${fingerprint}`, "the one that was given is another"];
  for (const command of [["restore", ...intoTarget()], ["drill"]]) {
    const refused = await wrong.run(...command);
    expectRefusal(refused, "KEY_MISMATCH", said);
    expect(refused.stdout + refused.stderr).not.toContain(wrongKey);
    await expectNothingRestored();
  }
  // The decrypt step, which tries the key on what is stored, is of the same opinion as the fingerprint.
  const both = await recipientsOnly({ ...held, ENCRYPTION_KEY: wrongKey, OLD_KEY: product.encryptionKey });
  const unproven = await both.run("drill", "--key", "ENCRYPTION_KEY=OLD_KEY");
  expect(unproven.stderr).toContain(`fingerprint ${fingerprint}, number 2 of 2 given`);
  expect(unproven, unproven.stderr).toMatchObject({
    status: EXIT_STATUS.UNPROVEN,
    json: { record: { steps: [{ name: "provider keys", outcome: "failed" }] } },
  });
  const right = await (await recipientsOnly(held)).run("drill");
  expect(right.stderr).toContain(`ENCRYPTION_KEY is the key of this backup (fingerprint ${fingerprint})`);
  expect(right).toMatchObject({
    json: { record: { steps: [{ name: "provider keys", outcome: "passed" }] } },
  });
});
