import { mkdir, readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { startClickHouse } from "../../local-services/clickhouse.ts";
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
import { createClickHouseTarget } from "../../src/stores/clickhouse/restore/target.ts";
import { createPostgresStore } from "../../src/stores/postgres/store.ts";
import type { PostgresStoreOptions } from "../../src/stores/postgres/store.ts";
import { createPostgresTarget } from "../../src/stores/postgres/restore/target.ts";
import type { Target } from "../../src/stores/store.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Secret } from "../../src/sys/secret.ts";
import { createRichDatabase, startToolRun } from "../support/postgres-databases.ts";
import { createBucket, createPostgresDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";
import { StockTools } from "../support/stock-tools.ts";

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
let tools: StockTools;
let scratch: Scratch;

beforeAll(async () => {
  sourceClickHouse = openClickHouse(inject("clickhouseUrl"));
  [source, clickhouse, tools] = await Promise.all([
    createRichDatabase(),
    startClickHouse(),
    StockTools.unpack(run),
  ]);
  const fixture = await readFile(new URL("../fixtures/clickhouse-rich.sql", import.meta.url), "utf8");
  await sourceClickHouse.query(fixture.replaceAll(/\bapp(?=\b|_)|аналитика/g, "guide_$&"));
});
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

describe("RESTORE.md, run as it is in an empty folder with stock tools", () => {
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

  // From S3, encrypted, is what the end-to-end test of encryption restores.
  test("brings both stores back from a folder, encrypted for a recipient", async () => {
    const folder = scratch.file("backups");
    await mkdir(folder);
    const identity = await generateIdentity();
    const recipient = await identityToRecipient(identity);
    const file = scratch.file("identity.txt");
    await writeFile(file, `${identity}\n`, { mode: 0o600 });
    const encryption = AgeEncryption.forRecipients([recipient]);
    const place = { url: pathToFileURL(folder).href };
    const guide = await expectToRestore(place, { AGE_IDENTITY: file }, {}, encryption);
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

/** @param compare - called where the guide says to compare, before its last block */
async function runGuide(
  guide: string,
  postgresUrl: string,
  env: Record<string, string>,
  compare: () => Promise<void>,
): Promise<{ status: number; stderr: string }> {
  const places = { postgresUrl, clickhouseUrl: clickhouse.url, scratch };
  return await tools.runGuide(guide, places, env, compare);
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
