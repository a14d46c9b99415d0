import { mkdir } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startClickHouse } from "../../local-services/clickhouse.ts";
import { objectsOfStore } from "../../src/backup/manifest.ts";
import type { Manifest } from "../../src/backup/manifest.ts";
import { backup } from "../../src/commands/backup.ts";
import { listBackupIds, readManifest } from "../../src/commands/catalogue/catalogue.ts";
import { copy } from "../../src/commands/copy.ts";
import { prune } from "../../src/commands/prune.ts";
import { rekey } from "../../src/commands/rekey.ts";
import { restore } from "../../src/commands/restore.ts";
import { verify } from "../../src/commands/verify.ts";
import type { Destination } from "../../src/destinations/destination.ts";
import { partsPrefix } from "../../src/destinations/keys.ts";
import { openDestination } from "../../src/destinations/open.ts";
import { SeveralDestinations } from "../../src/destinations/several.ts";
import { AgeEncryption } from "../../src/encryption/age.ts";
import { Keyring } from "../../src/encryption/keyring.ts";
import { createClickHouseProof } from "../../src/stores/clickhouse/native/proof.ts";
import { createClickHouseStore } from "../../src/stores/clickhouse/store.ts";
import { createClickHouseTarget } from "../../src/stores/clickhouse/restore/target.ts";
import { createPostgresProof } from "../../src/stores/postgres/archive/proof.ts";
import { createPostgresStore } from "../../src/stores/postgres/store.ts";
import { createPostgresTarget } from "../../src/stores/postgres/restore/target.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Secret } from "../../src/sys/secret.ts";
import { runClickHouse } from "../e2e/product.ts";
import { listKeys } from "../contract/destination-contract.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { createRichDatabase, startToolRun } from "../support/postgres-databases.ts";
import { createBucket, createClickHouseDatabase, createPostgresDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";

interface Party {
  identity: Secret;
  recipient: string;
  encryption: AgeEncryption;
  keyring: Keyring;
}

const run = { ...startToolRun(), clock: systemClock };
let scratch: Scratch;
let postgres: TestDatabase;
let clickhouse: TestDatabase;
let empty: Awaited<ReturnType<typeof startClickHouse>>;
/** A folder and a bucket that backups go to, and a folder that they are copied to. */
let near: Destination;
let far: Destination;
let archive: Destination;
let alice: Party;
let bob: Party;

beforeAll(async () => {
  scratch = await Scratch.create();
  [postgres, clickhouse, empty, alice, bob] = await Promise.all([
    createRichDatabase(),
    createClickHouseDatabase(),
    startClickHouse(),
    createParty(),
    createParty(),
  ]);
  [near, far, archive] = await Promise.all([openFolder("near"), openBucket(), openFolder("archive")]);
  await runClickHouse(
    clickhouse.url,
    `CREATE TABLE log (id UInt64, month UInt8, v String) ENGINE = MergeTree PARTITION BY month ORDER BY id;
     INSERT INTO log SELECT number, number % 4, hex(number) FROM numbers(20000)`,
  );
});
afterAll(async () => {
  for (const destination of [near, far, archive]) destination.close();
  await Promise.all([postgres.drop(), clickhouse.drop(), empty.stop(), scratch.remove()]);
});

async function createParty(): Promise<Party> {
  const identity = new Secret(await generateIdentity());
  const recipient = await identityToRecipient(identity.reveal());
  const encryption = AgeEncryption.forRecipients([recipient]);
  return { identity, recipient, encryption, keyring: await Keyring.create([identity], []) };
}

async function openFolder(name: string): Promise<Destination> {
  await mkdir(scratch.file(name));
  return await openDestination({ url: pathToFileURL(scratch.file(name)).href }, "shop", run);
}

async function openBucket(): Promise<Destination> {
  const { bucket, endpoint, region, accessKeyId, ...keys } = await createBucket();
  const secretAccessKey = new Secret(keys.secretAccessKey);
  const config = { endpoint, region, pathStyle: true, accessKeyId, secretAccessKey };
  return await openDestination({ url: `s3://${bucket}`, ...config }, "shop", run);
}

/** One run over both stores into the folder and the bucket. */
async function backUp({ encryption }: Party): Promise<Manifest> {
  const dump = { format: "directory" } as const;
  const stores = [
    createPostgresStore({ name: "app", url: new Secret(postgres.url), dump, globals: true }, run),
    createClickHouseStore({ name: "log", url: new Secret(clickhouse.url) }, run),
  ];
  try {
    const destination = new SeveralDestinations([near, far], run);
    const openForCleanUp = async () => destination;
    const request = { name: "shop", stores, destination, openForCleanUp, full: false, encryption };
    const { manifest, destinations } = await backup(request, run);
    expect(destinations.filter(({ failure }) => failure)).toEqual([]);
    return manifest;
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

function partsOf({ stores }: Manifest): string[] {
  return stores.flatMap((store) => (store.kind === "clickhouse" ? store.parts.map(({ key }) => key) : []));
}

/** For whom the objects of a backup are encrypted. */
function recipientsOf({ stores }: Manifest): string[] {
  return [...new Set(stores.flatMap(objectsOfStore).flatMap(({ age }) => age?.recipients ?? ["nobody"]))];
}

async function expectIntact(destination: Destination, keyring: Keyring, backups: number): Promise<void> {
  const proofs = { postgres: createPostgresProof(run), clickhouse: createClickHouseProof(run) };
  const request = { destination, keyring, scope: { kind: "all" }, full: true } as const;
  const result = await verify({ ...request, openProof: async (kind) => proofs[kind] }, run);
  expect(result).toMatchObject({ verdict: "intact", damages: [], notProven: [] });
  expect(result.backups).toHaveLength(backups);
}

test("encrypted backups in their life: to two destinations, referred to, given to others, copied, pruned, restored", async () => {
  const first = await backUp(alice);
  const second = await backUp(alice);
  expect(partsOf(first)).toHaveLength(4);
  expect(partsOf(second)).toEqual(partsOf(first));
  await runClickHouse(clickhouse.url, "INSERT INTO log SELECT number, 1, 'more' FROM numbers(100)");
  const third = await backUp(bob);
  // Three partitions are as they were: referred to, as they were encrypted then, and that is said.
  expect(partsOf(third).filter((key) => partsOf(first).includes(key))).toHaveLength(3);
  expect(recipientsOf(third).sort()).toEqual([alice.recipient, bob.recipient].sort());
  expect(run.lines.join("\n")).toContain(alice.recipient);

  // Bob alone opens neither the newest nor those before, until Alice has given all of them to him.
  await expect(
    rekey({ destination: near, encryption: bob.encryption, keyring: bob.keyring }, run),
  ).rejects.toMatchObject({
    code: "IDENTITY_MISSING",
    message: expect.stringContaining(alice.recipient),
  });
  const both = await Keyring.create([alice.identity, bob.identity], []);
  const { rekeyed } = await rekey({ destination: near, encryption: bob.encryption, keyring: both }, run);
  expect([...rekeyed].sort()).toEqual([first.id, second.id, third.id].sort());
  for (const id of rekeyed) expect(recipientsOf(await readManifest(near, id))).toEqual([bob.recipient]);
  await expectIntact(near, bob.keyring, 3);
  await expectIntact(far, both, 3); // another place, with keys of its own

  await copy({ from: near, to: [archive], selection: {}, isAll: true }, run);
  await expectIntact(archive, bob.keyring, 3);

  // What Alice could open goes with the backups that nobody keeps.
  const policy = { rule: { last: 1 }, stores: {}, timeZone: "UTC" };
  const clock = new FakeClock(new Date(Date.parse(third.startedAt) + 3 * 86_400_000).toISOString());
  await prune([{ destination: near, policy }], false, { ...run, clock });
  expect(await listBackupIds(near)).toEqual([third.id]);
  expect(await listKeys(near, partsPrefix)).toEqual(partsOf(await readManifest(near, third.id)).sort());
  await expectIntact(near, bob.keyring, 1);

  const place = await createPostgresDatabase();
  const targets = [
    createPostgresTarget({ store: "app", url: new Secret(place.url) }, run),
    createClickHouseTarget({ store: "log", url: new Secret(empty.url) }, run),
  ];
  const request = { destination: archive, selection: {}, targets, replace: [] };
  await expect(restore({ ...request, keyring: alice.keyring }, run)).rejects.toMatchObject({
    code: "IDENTITY_MISSING",
    message: expect.stringContaining(bob.recipient),
  });
  expect(await restore({ ...request, keyring: bob.keyring }, run)).toMatchObject({
    backupId: third.id,
    verdict: "restored",
  });
  await Promise.all(targets.map((target) => target.close()));
  await place.drop();
});

test("two runs at once give two whole backups, each by itself", async () => {
  const before = await listBackupIds(near);
  const made = await Promise.all([backUp(bob), backUp(bob)]);
  expect(new Set(made.map(({ id }) => id)).size).toBe(2);
  expect(await listBackupIds(near)).toHaveLength(before.length + 2);
  await expectIntact(near, bob.keyring, before.length + 2);
});
