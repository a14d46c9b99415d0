import { createHash } from "node:crypto";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { describe, expect, test } from "vitest";
import { mapObjects, objectsOfStore, serialiseManifest } from "../../../src/backup/manifest.ts";
import type { Manifest } from "../../../src/backup/manifest.ts";
import { backup } from "../../../src/commands/backup.ts";
import { exitStatusOfResult } from "../../../src/commands/result.ts";
import { verify } from "../../../src/commands/verify.ts";
import type { VerifyRequest, VerifyResult } from "../../../src/commands/verify.ts";
import { manifestKey, restoreGuideKey } from "../../../src/destinations/keys.ts";
import { SeveralDestinations } from "../../../src/destinations/several.ts";
import { AgeEncryption } from "../../../src/encryption/age.ts";
import { Keyring } from "../../../src/encryption/keyring.ts";
import { AppError } from "../../../src/errors.ts";
import type { ContentProof } from "../../../src/stores/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { FakeStore } from "../../support/fake-store.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

const identity = await generateIdentity();
const encryption = AgeEncryption.forRecipients([await identityToRecipient(identity)]);
const keyring = await Keyring.create([new Secret(identity)], []);

async function backUp(place: MemoryPlace, isEncrypted: boolean): Promise<Manifest> {
  const run = startTestRun();
  const { manifest } = await backup(
    {
      name: "shop",
      stores: [new FakeStore("postgres", "app"), new FakeStore("clickhouse", "log")],
      destination: new SeveralDestinations([new MemoryDestination(place, run)], run),
      openForCleanUp: async () => new MemoryDestination(place, startTestRun()),
      full: true,
      ...(isEncrypted && { encryption }),
    },
    run,
  );
  return manifest;
}

/** Reads content through and remembers what came. */
class SpyProof implements ContentProof {
  readonly seen: string[] = [];
  async prove(...[, , content]: Parameters<ContentProof["prove"]>): Promise<undefined> {
    let text = "";
    for await (const chunk of content) text += String(chunk);
    this.seen.push(text);
  }
}

async function look(
  place: MemoryPlace,
  request: Partial<VerifyRequest> = {},
  proof = new SpyProof(),
): Promise<VerifyResult> {
  const run = startTestRun();
  return await verify(
    {
      destination: new MemoryDestination(place, run),
      scope: { kind: "all" },
      full: true,
      openProof: async () => proof,
      ...request,
    },
    run,
  );
}

function keysOf(manifest: Manifest): string[] {
  return manifest.stores.flatMap(objectsOfStore).map(({ key }) => key);
}

test("what is as it was written is intact, quickly and in full", async () => {
  const place = new MemoryPlace();
  const manifest = await backUp(place, false);
  const proof = new SpyProof();
  for (const full of [true, false]) {
    const result = await look(place, { full }, proof);
    expect(result).toMatchObject({ verdict: "intact", objects: 5, damages: [], backups: [manifest.id] });
    expect(exitStatusOfResult(result)).toBe(0);
  }
  expect(proof.seen.sort()).toEqual(
    ["after-data.sql of log", "app.dump of app", "before-data.sql of log", "ddl.json of log", "rows"].sort(),
  );
});

describe.each([
  ["in plain", false],
  ["encrypted", true],
])("%s", (_name, isEncrypted) => {
  test("every flipped bit is found in full, whoever holds the identity, and none quickly", async () => {
    const place = new MemoryPlace();
    const manifest = await backUp(place, isEncrypted);
    const ring = isEncrypted ? { keyring } : {};
    for (const key of [...keysOf(manifest), manifestKey(manifest.id), restoreGuideKey(manifest.id)]) {
      const good = place.bytes(key);
      for (let at = 0; at < good.length; at += Math.ceil(good.length / 9)) {
        const bad = Buffer.from(good);
        bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
        place.set(key, bad);
        for (const held of [ring, {}]) {
          const result = await look(place, held);
          expect(result.damages.map((damage) => damage.key)).toEqual([key]);
          expect(result.damages[0]?.backups).toEqual([manifest.id]);
          expect(exitStatusOfResult(result)).toBe(5);
        }
      }
      place.set(key, good);
    }
    expect(await look(place, ring)).toMatchObject({ verdict: "intact" });
  });

  test("all damages are named at once: missing, cut, longer and swapped", async () => {
    const place = new MemoryPlace();
    const manifest = await backUp(place, isEncrypted);
    const [missing = "", short = "", long = "", one = "", other = ""] = keysOf(manifest);
    place.objects.delete(missing);
    place.set(short, place.bytes(short).subarray(0, -1));
    place.set(long, Buffer.concat([place.bytes(long), Buffer.from("x")]));
    const [first, second] = [place.bytes(one), place.bytes(other)];
    place.set(one, second);
    place.set(other, first);
    const full = await look(place, isEncrypted ? { keyring } : {});
    expect(full.damages.map(({ key }) => key).sort()).toEqual(keysOf(manifest).sort());
    const quick = await look(place, { full: false });
    expect(Object.fromEntries(quick.damages.map(({ key, what }) => [key, what]))).toMatchObject({
      [missing]: "It is not there.",
      [short]: expect.stringMatching(/^It has \d+ bytes instead of \d+\.$/),
    });
    expect(quick.damages.length).toBeGreaterThanOrEqual(3);
  });
});

test("a guide without its seal is damaged, but for those of the first format, which had none", async () => {
  const place = new MemoryPlace();
  const manifest = await backUp(place, false);
  const key = restoreGuideKey(manifest.id);
  const lines = place
    .bytes(key)
    .toString()
    .split(/(?<=\n)/);
  const above = createHash("sha256").update(lines.slice(0, -1).join("")).digest("hex");
  expect(lines.at(-1)).toBe(`<!-- sha256 of all above: ${above} -->\n`);
  place.set(
    key,
    Buffer.from(
      place
        .bytes(key)
        .toString()
        .replace(/\n<!-- sha256.*\n$/, ""),
    ),
  );
  expect((await look(place)).damages).toMatchObject([{ key, backups: [manifest.id] }]);
  expect((await look(place, { full: false })).damages).toEqual([]);
  place.set(manifestKey(manifest.id), serialiseManifest({ ...manifest, formatVersion: 1 }));
  const result = await look(place);
  expect(result).toMatchObject({
    verdict: "intact",
    notProven: [expect.stringContaining("only looked for")],
  });
});

test("without the identity what is encrypted is held against its digest, and that is said", async () => {
  const place = new MemoryPlace();
  await backUp(place, true);
  const proof = new SpyProof();
  const result = await look(place, {}, proof);
  expect(result).toMatchObject({ verdict: "intact", notProven: [expect.stringContaining("digests only")] });
  expect(proof.seen).toEqual([]);
  expect((await look(place, { keyring })).notProven).toEqual([]);
});

test("an object is read once, whoever needs it; two manifests that disagree about one are found", async () => {
  const place = new MemoryPlace();
  const first = await backUp(place, false);
  const [archive = ""] = keysOf(first);
  const second: Manifest = { ...first, id: "20261121T021704Z-7f3a" };
  place.set(manifestKey(second.id), serialiseManifest(second));
  place.set(restoreGuideKey(second.id), place.bytes(restoreGuideKey(first.id)));
  const proof = new SpyProof();
  expect(await look(place, {}, proof)).toMatchObject({ verdict: "intact", objects: 5 });
  expect(proof.seen).toHaveLength(5);
  const liar = mapObjects(second, (object) =>
    object.key === archive ? { ...object, sha256: "0".repeat(64) } : undefined,
  );
  place.set(manifestKey(second.id), serialiseManifest(liar));
  const { damages } = await look(place, { full: false });
  expect(damages).toEqual([
    {
      key: archive,
      backups: expect.arrayContaining([first.id, second.id]),
      what: expect.stringContaining("Two manifests"),
    },
  ]);
});

test("content that is what was written but cannot be read to its end is damage; a missing tool is none", async () => {
  const place = new MemoryPlace();
  const manifest = await backUp(place, false);
  const broken: ContentProof = {
    async prove(_store, object, content) {
      for await (const _ of content);
      if (object.key.endsWith("app.dump")) throw new AppError("BACKUP_DAMAGED", "no end", { hint: "x" });
      return "there is no pg_restore here.";
    },
  };
  const run = startTestRun();
  const result = await verify(
    {
      destination: new MemoryDestination(place, run),
      scope: { kind: "one", id: manifest.id },
      full: true,
      openProof: async () => broken,
    },
    run,
  );
  expect(result.damages).toMatchObject([{ what: "no end" }]);
  const [log, parts, ...others] = result.notProven;
  expect(log).toMatch(
    /^3 objects in backups\/\S+\/log were held against their digests only, since there is no pg_restore here\.$/,
  );
  expect(parts).toMatch(
    /^parts\/log\/\S+\.native\.zst was held against its digest only, since there is no pg_restore/,
  );
  expect(others).toEqual([]);
});

test("a backup that is not there is BACKUP_NOT_FOUND, and a destination that fails is no damage", async () => {
  const place = new MemoryPlace();
  await expect(look(place)).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
  await backUp(place, false);
  await expect(look(place, { scope: { kind: "one", id: "other" } })).rejects.toMatchObject({
    code: "BACKUP_NOT_FOUND",
  });
  place.fault = (method, key) => {
    if (method === "open" && key.endsWith("app.dump")) {
      throw new AppError("DESTINATION_REFUSED", "no right", { hint: "x" });
    }
  };
  await expect(look(place)).rejects.toMatchObject({ code: "DESTINATION_REFUSED" });
});
