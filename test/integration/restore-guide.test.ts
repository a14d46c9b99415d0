import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { generateIdentity, identityToRecipient } from "age-encryption";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  onTestFinished,
  test,
} from "vitest";
import { startClickHouse } from "../../local-services/clickhouse.ts";
import { CACHE_DIR } from "../../local-services/local-services.ts";
import { compareInventories } from "../../src/backup/inventory.ts";
import type { Difference } from "../../src/backup/inventory.ts";
import { objectsOfStore } from "../../src/backup/manifest.ts";
import type { Manifest } from "../../src/backup/manifest.ts";
import { backup } from "../../src/commands/backup.ts";
import { AgeEncryption } from "../../src/encryption/age.ts";
import { restoreGuideKey } from "../../src/destinations/keys.ts";
import { SeveralDestinations } from "../../src/destinations/several.ts";
import { openDestination } from "../../src/destinations/open.ts";
import type { DestinationConfig } from "../../src/destinations/open.ts";
import { createClickHouseStore } from "../../src/stores/clickhouse/store.ts";
import { createClickHouseTarget } from "../../src/stores/clickhouse/target.ts";
import { createPostgresStore } from "../../src/stores/postgres/store.ts";
import type { PostgresStoreOptions } from "../../src/stores/postgres/store.ts";
import { createPostgresTarget } from "../../src/stores/postgres/target.ts";
import type { Target } from "../../src/stores/store.ts";
import { findDebianArchive } from "../../src/sys/apt-sources.ts";
import { unpackDebianPackages } from "../../src/sys/debian-packages.ts";
import { toolEnvironment } from "../../src/sys/exec.ts";
import type { Command } from "../../src/sys/exec.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Secret } from "../../src/sys/secret.ts";
import { createRichDatabase, startToolRun } from "../support/postgres-databases.ts";
import { createBucket, createPostgresDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";

/** The fixture's names with a mark of this file, since the server is shared. */
const DATABASES = ["guide_app", `guide_аналитика "v1.2" it's`];
const DROPS = [
  "DROP DATABASE IF EXISTS guide_app SYNC",
  'DROP DATABASE IF EXISTS `guide_аналитика "v1.2" it\'s` SYNC',
  "DROP FUNCTION IF EXISTS guide_app_double",
].join("; ");

const run = startToolRun();
let source: TestDatabase;
let sourceClickHouse: Target;
let clickhouse: Awaited<ReturnType<typeof startClickHouse>>;
let tools: Scratch;
let scratch: Scratch;

beforeAll(async () => {
  sourceClickHouse = openClickHouse(inject("clickhouseUrl"));
  [source, clickhouse, tools] = await Promise.all([
    createRichDatabase(),
    startClickHouse(),
    wrapStockTools(),
  ]);
  const fixture = await readFile(new URL("../fixtures/clickhouse-rich.sql", import.meta.url), "utf8");
  await sourceClickHouse.query(fixture.replaceAll(/\bapp(?=\b|_)|аналитика/g, "guide_$&"));
}, 300_000);
afterAll(async () => {
  await sourceClickHouse.query(DROPS);
  await sourceClickHouse.close();
  await Promise.all([source.drop(), clickhouse.stop(), tools.remove()]);
});
beforeEach(async () => {
  scratch = await Scratch.create();
});
afterEach(async () => {
  await scratch.remove();
});

describe("RESTORE.md, run as it is in an empty folder with stock tools", { timeout: 240_000 }, () => {
  test("brings both stores back from a folder", async () => {
    const folder = scratch.file("it's a folder");
    await mkdir(folder);
    await expectToRestore({ url: pathToFileURL(folder).href }, {});
  });

  test("brings back SQL, and tells where roles and settings are", async () => {
    const folder = scratch.file("backups");
    await mkdir(folder);
    const guide = await expectToRestore(
      { url: pathToFileURL(folder).href },
      {},
      {
        dump: { format: "plain" },
        globals: true,
      },
    );
    expect(guide).toContain("psql --no-psqlrc --quiet --file=postgres-globals.sql");
  });

  test("brings back a directory, without what refers to a table that is left out", async () => {
    const folder = scratch.file("backups");
    await mkdir(folder);
    const choices = {
      dump: { format: "directory" },
      scope: { excludeTables: ["public.organisations"] },
    } as const;
    await expectToRestore({ url: pathToFileURL(folder).href }, {}, choices);
  });

  test("brings both stores back from S3", async () => {
    const { destination, env } = await createPlaceInS3();
    await expectToRestore(destination, env);
  });

  test("brings both stores back from S3, encrypted for a recipient", async () => {
    const { destination, env } = await createPlaceInS3();
    const identity = await generateIdentity();
    const recipient = await identityToRecipient(identity);
    const file = scratch.file("identity.txt");
    await writeFile(file, `${identity}\n`, { mode: 0o600 });
    const encryption = AgeEncryption.forRecipients([recipient]);
    const guide = await expectToRestore(destination, { ...env, AGE_IDENTITY: file }, {}, encryption);
    expect(guide).toContain(recipient);
    expect(guide).not.toContain("AGE-SECRET-KEY");
  });

  test("stops at an object that is not what was written", async () => {
    const folder = scratch.file("backups");
    await mkdir(folder);
    const { manifest, guide } = await backUp({ url: pathToFileURL(folder).href });
    const [archive] = manifest.stores.flatMap((store) =>
      store.kind === "postgres" ? objectsOfStore(store).map(({ key }) => key) : [],
    );
    await writeFile(`${folder}/shop/${archive}`, "something else");
    const target = await createPostgresDatabase();
    const outcome = await runGuide(guide, target.url, {}, async () => {});
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining("checksum did NOT match") });
    await target.drop();
  });
});

type PostgresChoices = Pick<PostgresStoreOptions, "dump" | "scope" | "globals">;

/** A place in a bucket of its own, as lifeboat is told of it, and as aws is. */
async function createPlaceInS3(): Promise<{ destination: DestinationConfig; env: Record<string, string> }> {
  const { bucket, endpoint, region, accessKeyId, secretAccessKey } = await createBucket();
  const url = `s3://${bucket}/deep/er`;
  const secret = new Secret(secretAccessKey);
  return {
    destination: { url, endpoint, region, pathStyle: true, accessKeyId, secretAccessKey: secret },
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
  };
}

/** @returns the guide */
async function expectToRestore(
  config: DestinationConfig,
  env: Record<string, string>,
  choices?: PostgresChoices,
  encryption?: AgeEncryption,
): Promise<string> {
  const { manifest, guide } = await backUp(config, choices, encryption);
  const target = await createPostgresDatabase();
  let differences: Difference[] | undefined;
  try {
    const { status, stderr } = await runGuide(guide, target.url, env, async () => {
      differences = await findDifferences(manifest, target.url);
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(differences).toEqual([]);
    return guide;
  } finally {
    await target.drop();
    const restored = openClickHouse(clickhouse.url);
    await restored.query(DROPS);
    await restored.close();
  }
}

async function backUp(
  config: DestinationConfig,
  choices: PostgresChoices = {},
  encryption?: AgeEncryption,
): Promise<{ manifest: Manifest; guide: string }> {
  const openIt = () => openDestination(config, "shop", run);
  const destination = await openIt();
  const stores = [
    createPostgresStore({ name: "postgres", url: new Secret(source.url), ...choices }, run),
    createClickHouseStore(
      { name: "clickhouse", url: new Secret(inject("clickhouseUrl")), databases: DATABASES },
      run,
    ),
  ];
  try {
    const { manifest } = await backup(
      {
        name: "shop",
        stores,
        destination: new SeveralDestinations([destination], run),
        full: false,
        openForCleanUp: openIt,
        ...(encryption && { encryption }),
      },
      run,
    );
    const guide = (await destination.read(restoreGuideKey(manifest.id))).toString("utf8");
    return { manifest, guide };
  } finally {
    await Promise.all(stores.map((store) => store.close()));
    destination.close();
  }
}

/**
 * Runs the shell blocks of a guide in one bash, in an empty folder, with the commands that it names and no others
 * that a plain Debian lacks.
 *
 * @param compare - called where the guide says to compare, before its last block
 */
async function runGuide(
  guide: string,
  postgresUrl: string,
  env: Record<string, string>,
  compare: () => Promise<void>,
): Promise<{ status: number; stderr: string }> {
  const folder = scratch.file("empty");
  await mkdir(folder);
  const [restored, compared] = [scratch.file("restored"), scratch.file("compared")];
  const blocks = [...guide.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, block]) => block ?? "");
  const pause = `touch '${restored}'; until [ -e '${compared}' ]; do sleep 0.05; done\n`;
  const script = [...blocks.slice(0, -1), pause, ...blocks.slice(-1)].join("");
  const { hostname, port, username, password, pathname } = new URL(postgresUrl);
  const bash = spawn("bash", ["-c", script], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: `${tools.path}:/usr/bin:/bin`,
      HOME: scratch.path,
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: username,
      PGPASSWORD: password,
      PGDATABASE: pathname.slice(1),
      CLICKHOUSE_URL: `http://${clickhouse.host}:${clickhouse.httpPort}`,
      CLICKHOUSE_USER: clickhouse.user,
      CLICKHOUSE_PASSWORD: clickhouse.password,
      ...env,
    },
  });
  onTestFinished(() => void bash.kill("SIGKILL"));
  const stderr = text(bash.stderr);
  const ended = once(bash, "close") as Promise<[number]>;
  while (!existsSync(restored) && bash.exitCode === null) await delay(50);
  try {
    if (existsSync(restored)) await compare();
  } finally {
    await writeFile(compared, "");
  }
  const [status] = await ended;
  await rm(folder, { recursive: true });
  return { status, stderr: await stderr };
}

async function findDifferences(manifest: Manifest, postgresUrl: string): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const store of manifest.stores) {
    const target =
      store.kind === "postgres"
        ? createPostgresTarget({ store: store.store, url: new Secret(postgresUrl) }, run)
        : openClickHouse(clickhouse.url);
    const comparison = compareInventories(store.store, store.inventory, await target.takeInventory(store));
    await target.close();
    expect(comparison.tablesCompared).toBeGreaterThan(10);
    differences.push(...comparison.differences);
  }
  return differences;
}

function openClickHouse(url: string): Target {
  return createClickHouseTarget({ store: "clickhouse", url: new Secret(url) }, run);
}

/** A folder with the commands that the guide asks for, as Debian packages them. */
async function wrapStockTools(): Promise<Scratch> {
  const common = {
    archive: await findDebianArchive("trixie"),
    cacheDir: CACHE_DIR,
    env: toolEnvironment(process.env),
    signal: run.signal,
    redactor: run.redactor,
    report: console.error,
  };
  const client = await unpackDebianPackages({ ...common, packages: ["postgresql-client-17"] });
  const others = await unpackDebianPackages({ ...common, packages: ["awscli", "curl"] });
  const age = await unpackDebianPackages({ ...common, packages: ["age"] });
  const python = {
    PYTHONHOME: `${others.path}/usr`,
    PYTHONPATH: `${others.path}/usr/lib/python3/dist-packages`,
  };
  const folder = await Scratch.create();
  const wrap = ({ file, args, env }: Command, name: string): Promise<void> => {
    const words = Object.entries(env).map(([key, value]) => `${key}='${value}'`);
    const script = `#!/bin/sh\nexec env ${words.join(" ")} ${[file, ...args].map((word) => `'${word}'`).join(" ")} "$@"\n`;
    return writeFile(folder.file(name), script, { mode: 0o755 });
  };
  await wrap(age.command("usr/bin/age", []), "age");
  await wrap(client.command("usr/lib/postgresql/17/bin/psql", []), "psql");
  await wrap(client.command("usr/lib/postgresql/17/bin/pg_restore", []), "pg_restore");
  await wrap(others.command("usr/bin/curl", []), "curl");
  await wrap(others.command("usr/bin/python3.13", [`${others.path}/usr/bin/aws`], python), "aws");
  return folder;
}
