import { beforeAll, expect, test } from "vitest";
import { objectsOfStore } from "../../../src/backup/manifest.ts";
import { backup } from "../../../src/commands/backup.ts";
import { readCatalogue } from "../../../src/commands/catalogue/catalogue.ts";
import { rekey } from "../../../src/commands/rekey.ts";
import type { RekeyResult } from "../../../src/commands/rekey.ts";
import { verify } from "../../../src/commands/verify.ts";
import { restoreGuideKey } from "../../../src/destinations/keys.ts";
import { SeveralDestinations } from "../../../src/destinations/several.ts";
import type { AgeEncryption } from "../../../src/encryption/age.ts";
import { Keyring } from "../../../src/encryption/keyring.ts";
import { FakeStore } from "../../support/fake-store.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { createParty } from "../../support/party.ts";
import type { Party } from "../../support/party.ts";
import { startTestRun } from "../../support/run-context.ts";

let alice: Party;
let bob: Party;
let both: Keyring;
beforeAll(async () => {
  [alice, bob] = await Promise.all([createParty(), createParty()]);
  both = await Keyring.create([alice.identity, bob.identity], []);
});

async function backUp(place: MemoryPlace, encryption?: AgeEncryption): Promise<string> {
  const run = startTestRun();
  const { backupId } = await backup(
    {
      name: "shop",
      stores: [new FakeStore("postgres", "app"), new FakeStore("clickhouse", "log")],
      destination: new SeveralDestinations([new MemoryDestination(place, run)], run),
      openForCleanUp: async () => new MemoryDestination(place, startTestRun()),
      full: true,
      ...(encryption && { encryption }),
    },
    run,
  );
  return backupId;
}

async function rekeyAll(place: MemoryPlace, to: Party, keyring?: Keyring): Promise<RekeyResult> {
  const run = startTestRun();
  const destination = new MemoryDestination(place, run);
  return await rekey({ destination, encryption: to.encryption, ...(keyring && { keyring }) }, run);
}

/** Whether all that is listed can be read to its end with these keys. */
async function isReadable(place: MemoryPlace, keyring: Keyring): Promise<boolean> {
  const run = startTestRun();
  const { verdict, notProven } = await verify(
    {
      destination: new MemoryDestination(place, run),
      scope: { kind: "all" },
      full: true,
      keyring,
      openProof: async () => ({
        async prove(_store, _object, content) {
          for await (const _ of content);
          return undefined;
        },
      }),
    },
    run,
  );
  return verdict === "intact" && notProven.length === 0;
}

async function listRecipients(place: MemoryPlace): Promise<string[]> {
  const { readable } = await readCatalogue(new MemoryDestination(place, startTestRun()));
  const objects = readable.flatMap(({ stores }) => stores.flatMap(objectsOfStore));
  return [...new Set(objects.flatMap(({ age }) => age?.recipients ?? ["nobody"]))];
}

test("all backups are encrypted for the present recipients, also plain ones, and a second run finds nothing to do", async () => {
  const place = new MemoryPlace();
  const ids = [await backUp(place, alice.encryption), await backUp(place)];
  const result = await rekeyAll(place, bob, alice.keyring);
  expect(result).toMatchObject({ objects: 10, leftForPrune: 2, unchanged: [] });
  expect(result.rekeyed.sort()).toEqual(ids.sort());
  expect(await listRecipients(place)).toEqual([bob.recipient]);
  expect(await isReadable(place, bob.keyring)).toBe(true);
  for (const id of ids) expect(place.bytes(restoreGuideKey(id)).toString()).toContain(bob.recipient);
  // Of what was there, only parts are left, which others might share.
  expect(place.keys().filter((key) => /app\.dump(\.age)?$/.test(key))).toEqual([]);
  expect(await rekeyAll(place, bob, both)).toMatchObject({ rekeyed: [], objects: 0 });
});

test("again for others, a key is not made longer", async () => {
  const place = new MemoryPlace();
  await backUp(place, alice.encryption);
  await rekeyAll(place, bob, both);
  await rekeyAll(place, alice, both);
  expect(place.keys().filter((key) => key.includes("app.dump"))).toEqual([
    expect.stringMatching(/\/app\/app\.dump\.rekeyed-\d{8}T\d{6}Z-[0-9a-f]{4}\.age$/),
  ]);
  expect(await isReadable(place, alice.keyring)).toBe(true);
});

test("who cannot open a backup rekeys none, and changes nothing", async () => {
  const place = new MemoryPlace();
  await backUp(place, alice.encryption);
  const before = place.keys();
  for (const keyring of [undefined, bob.keyring]) {
    await expect(rekeyAll(place, bob, keyring)).rejects.toMatchObject({
      code: "IDENTITY_MISSING",
      message: expect.stringContaining(alice.recipient),
    });
  }
  expect(place.keys()).toEqual(before);
});

test("ended at any moment, every listed backup can be read, and the next run ends the work", async () => {
  let moments = 0;
  for (let last = 0; ; last += 1) {
    const place = new MemoryPlace();
    await backUp(place, alice.encryption);
    let calls = 0;
    place.fault = (method, _key, moment) => {
      if (!["put", "remove"].includes(method)) return;
      calls += 1;
      if (calls > last) throw new Error(`killed ${moment} ${method}`);
    };
    const isDone = await rekeyAll(place, bob, both).then(
      () => true,
      () => false,
    );
    place.fault = () => {};
    expect(await isReadable(place, both)).toBe(true);
    await rekeyAll(place, bob, both);
    expect(await listRecipients(place)).toEqual([bob.recipient]);
    expect(await isReadable(place, bob.keyring)).toBe(true);
    moments = last;
    if (isDone) break;
  }
  expect(moments).toBeGreaterThan(15);
});

test("a backup that retention narrowed meanwhile is left as it is", async () => {
  const place = new MemoryPlace();
  const id = await backUp(place, alice.encryption);
  const run = startTestRun();
  const destination = new MemoryDestination(place, run);
  const { readable } = await readCatalogue(destination);
  const [manifest] = readable;
  if (!manifest) throw new Error("there is one");
  const { serialiseManifest } = await import("../../../src/backup/manifest.ts");
  const narrowed = serialiseManifest({ ...manifest, stores: manifest.stores.slice(0, 1) });
  const key = `backups/${id}/manifest.json`;
  place.fault = (method, written, moment) => {
    if (method === "put" && moment === "after" && written.includes(".rekeyed-")) place.set(key, narrowed);
  };
  await expect(rekeyAll(place, bob, both)).rejects.toMatchObject({ code: "DESTINATION_FAILED" });
  expect(place.bytes(key).equals(narrowed)).toBe(true);
});
