import { beforeAll, describe, expect, test } from "vitest";
import { objectsOfStore, parseManifest } from "../../../src/backup/manifest.ts";
import type { Manifest, StoredObject } from "../../../src/backup/manifest.ts";
import { backup } from "../../../src/commands/backup.ts";
import { SeveralDestinations } from "../../../src/destinations/several.ts";
import type { BackupResult } from "../../../src/commands/backup.ts";
import { restore } from "../../../src/commands/restore.ts";
import type { RestoreResult } from "../../../src/commands/restore.ts";
import { tidyAfter } from "../../../src/commands/tidy.ts";
import { manifestKey, restoreGuideKey } from "../../../src/destinations/keys.ts";
import { AgeEncryption } from "../../../src/encryption/age.ts";
import { Keyring } from "../../../src/encryption/keyring.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { FakeStore } from "../../support/fake-store.ts";
import { FakeTarget } from "../../support/fake-target.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { createParty } from "../../support/party.ts";
import type { Party } from "../../support/party.ts";
import { startTestRun } from "../../support/run-context.ts";
import type { TestRun } from "../../support/run-context.ts";

let alice: Party;
let bob: Party;
beforeAll(async () => {
  [alice, bob] = await Promise.all([createParty(), createParty()]);
});

async function backUp(
  place: MemoryPlace,
  encryption: AgeEncryption | undefined,
  options: { full?: boolean; run?: TestRun } = {},
): Promise<BackupResult> {
  const run = options.run ?? startTestRun();
  return await backup(
    {
      name: "shop",
      stores: [new FakeStore("postgres", "app"), new IncrementalStore("log")],
      destination: new SeveralDestinations([new MemoryDestination(place, run)], run),
      openForCleanUp: async () => new MemoryDestination(place, startTestRun()),
      full: options.full ?? false,
      ...(encryption && { encryption }),
    },
    run,
  );
}

/** Sends its one part only when the sink holds none, as ClickHouse does. */
class IncrementalStore extends FakeStore {
  constructor(name: string) {
    super("clickhouse", name);
  }

  override async backup(sink: Parameters<FakeStore["backup"]>[0]) {
    const fresh = await super.backup(sink);
    const { previous } = sink;
    if (fresh.kind !== "clickhouse" || previous?.kind !== "clickhouse") return fresh;
    const [part] = previous.parts;
    return part && (await sink.holds(part)) ? { ...fresh, parts: [part] } : fresh;
  }
}

async function restoreAll(
  place: MemoryPlace,
  keyring?: Keyring,
  id?: string,
): Promise<{ result: Promise<RestoreResult>; targets: FakeTarget[]; run: TestRun }> {
  const run = startTestRun();
  const targets = [new FakeTarget("postgres", "app"), new FakeTarget("clickhouse", "log")];
  const destination = new MemoryDestination(place, run);
  const request = {
    destination,
    selection: id === undefined ? {} : { id },
    targets,
    replace: [],
    ...(keyring && { keyring }),
  };
  return { result: restore(request, run), targets, run };
}

function objectsOf(manifest: Manifest): StoredObject[] {
  return manifest.stores.flatMap(objectsOfStore);
}

test("every data object is an age file, and only manifest and guide can be read", async () => {
  const place = new MemoryPlace();
  const { manifest, backupId } = await backUp(place, alice.encryption);
  const objects = objectsOf(manifest);
  expect(objects).toHaveLength(5);
  for (const { key, sizeBytes, age } of objects) {
    expect(key).toMatch(/\.age$/);
    expect(age?.recipients).toEqual([alice.recipient]);
    expect(place.bytes(key)).toHaveLength(sizeBytes);
    expect(place.bytes(key).toString("latin1")).toMatch(/^age-encryption\.org\/v1\n-> X25519 /);
  }
  expect(place.keys().filter((key) => !key.endsWith(".age"))).toEqual(
    [restoreGuideKey(backupId), manifestKey(backupId)].sort(),
  );
  expect(parseManifest(place.bytes(manifestKey(backupId)), "")).toEqual(manifest);
  const { result, targets } = await restoreAll(place, alice.keyring);
  expect(await result).toMatchObject({ verdict: "restored" });
  expect(targets.every(({ holdsData }) => holdsData)).toBe(true);
});

describe("is refused before anything is restored, with the recipient that is needed", () => {
  test.each([
    ["without an identity", (): Keyring | undefined => undefined, "no identity was given"],
    ["with another's", () => bob.keyring, "opens none of these"],
  ])("%s", async (_name, pick, why) => {
    const place = new MemoryPlace();
    const { backupId } = await backUp(place, alice.encryption);
    const { result, targets } = await restoreAll(place, pick());
    const error: unknown = await result.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "IDENTITY_MISSING", hint: expect.stringContaining("identity-file") });
    const { message } = error as Error;
    expect(message).toContain(`Backup ${backupId} is encrypted, and`);
    expect(message).toContain(why);
    expect(message).toContain(`It takes the identity of ${alice.recipient}.`);
    expect(message.split("\n")).toHaveLength(1);
    expect(targets.flatMap(({ calls }) => calls)).toEqual([]);
  });

  test("with another passphrase", async () => {
    const place = new MemoryPlace();
    const right = new Secret("long and right and rather secret");
    const { manifest } = await backUp(place, AgeEncryption.forPassphrase(right));
    expect(objectsOf(manifest)[0]?.age?.recipients).toEqual(["passphrase"]);
    const wrong = await restoreAll(
      place,
      await Keyring.create([], [new Secret("long and wrong and rather")]),
    );
    await expect(wrong.result).rejects.toMatchObject({
      code: "IDENTITY_MISSING",
      message: expect.stringContaining("under another passphrase"),
    });
    expect(wrong.targets.flatMap(({ calls }) => calls)).toEqual([]);
    const { result } = await restoreAll(place, await Keyring.create([], [new Secret("an older one"), right]));
    expect(await result).toMatchObject({ verdict: "restored" });
  });
});

test("an encrypted object that was changed is BACKUP_DAMAGED, by its address", async () => {
  const place = new MemoryPlace();
  const { manifest } = await backUp(place, alice.encryption);
  const [archive] = objectsOf(manifest);
  const { key = "" } = archive ?? {};
  for (const at of [50, place.bytes(key).length - 3]) {
    const damaged = Buffer.from(place.bytes(key));
    damaged[at] = (damaged[at] ?? 0) ^ 4;
    place.set(key, damaged);
    const { result } = await restoreAll(place, alice.keyring);
    await expect(result).rejects.toMatchObject({
      code: "BACKUP_DAMAGED",
      message: expect.stringContaining(`memory://bucket/shop/${key} is not what was written`),
    });
    damaged[at] = (damaged[at] ?? 0) ^ 4;
    place.set(key, damaged);
  }
});

describe("what an earlier backup sent", () => {
  test("is referred to under its own recipients; who cannot open it, and who still can, is told", async () => {
    const place = new MemoryPlace();
    await backUp(place, alice.encryption);
    const run = startTestRun();
    const { manifest } = await backUp(place, bob.encryption, { run });
    const [reused] = manifest.stores.flatMap((store) => (store.kind === "clickhouse" ? store.parts : []));
    expect(reused?.age?.recipients).toEqual([alice.recipient]);
    const told = run.lines.join("\n");
    expect(told).toMatch(new RegExp(`1 object .* cannot be opened with the identity of ${bob.recipient}`));
    expect(told).toContain(`can still be opened with the identity of ${alice.recipient}`);

    const { result } = await restoreAll(place, bob.keyring, manifest.id);
    await expect(result).rejects.toMatchObject({
      code: "IDENTITY_MISSING",
      message: expect.stringMatching(/^1 of the 5 objects .* is encrypted, .* identity of age1/),
    });
  });

  test("is sent again with full, and nothing is told then", async () => {
    const place = new MemoryPlace();
    await backUp(place, alice.encryption);
    const run = startTestRun();
    const { manifest } = await backUp(place, bob.encryption, { full: true, run });
    expect(objectsOf(manifest).every(({ age }) => age?.recipients[0] === bob.recipient)).toBe(true);
    expect(run.lines.join("\n")).not.toContain("opened");
    const { result } = await restoreAll(place, bob.keyring, manifest.id);
    expect(await result).toMatchObject({ verdict: "restored" });
  });

  test("in plain is not referred to once there is encryption", async () => {
    const place = new MemoryPlace();
    await backUp(place, undefined);
    const { manifest } = await backUp(place, alice.encryption);
    expect(objectsOf(manifest).every(({ age }) => age)).toBe(true);
  });
});

test("a run that died leaves nothing encrypted behind either", async () => {
  const place = new MemoryPlace();
  const { backupId } = await backUp(place, alice.encryption);
  place.objects.delete(manifestKey(backupId));
  const { removed } = await tidyAfter(new MemoryDestination(place, startTestRun()), backupId);
  expect({ removed, left: place.keys() }).toEqual({ removed: 6, left: [] });
});
