import { expect, test } from "vitest";
import { shortFingerprint } from "../../../src/backup/application-keys.ts";
import { parseManifest } from "../../../src/backup/manifest.ts";
import type { GivenKey } from "../../../src/commands/application-keys.ts";
import { SeveralDestinations } from "../../../src/destinations/several.ts";
import { backup } from "../../../src/commands/backup.ts";
import { drill } from "../../../src/commands/drill.ts";
import { restore } from "../../../src/commands/restore.ts";
import { manifestKey } from "../../../src/destinations/keys.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { FakeStore } from "../../support/fake-store.ts";
import { FakeTarget } from "../../support/fake-target.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

const NAME = "ENCRYPTION_KEY";
const OLD = "an-old-key-of-thirty-two-bytes-!";
const NEW = "a-new-key--of-thirty-two-bytes-!";

function give(...values: string[]): GivenKey[] {
  return [{ name: NAME, candidates: values.map((value) => new Secret(value)) }];
}

async function backUp(place: MemoryPlace, keys: GivenKey[], full = false) {
  const run = startTestRun();
  const request = {
    name: "shop",
    stores: [new FakeStore("postgres", "app")],
    destination: new SeveralDestinations([new MemoryDestination(place, run)], run),
    openForCleanUp: async () => new MemoryDestination(place, startTestRun()),
    full,
    keys,
  };
  const { manifest } = await backup(request, run);
  const [fingerprint] = manifest.keys ?? [];
  if (!fingerprint) throw new Error("the backup names no key");
  return { manifest, fingerprint, short: shortFingerprint(fingerprint), told: run.lines.join("\n") };
}

function start(place: MemoryPlace, keys: GivenKey[]) {
  const run = startTestRun();
  const target = new FakeTarget("postgres", "app");
  const destination = new MemoryDestination(place, run);
  const result = restore({ destination, selection: {}, targets: [target], replace: [], keys }, run);
  return { run, target, result };
}

test("a backup names the key it was taken under by a fingerprint, and the key itself nowhere", async () => {
  const place = new MemoryPlace();
  const { manifest, fingerprint } = await backUp(place, give(OLD, NEW));
  const text = place.bytes(manifestKey(manifest.id)).toString();
  expect(parseManifest(Buffer.from(text), "").keys).toEqual([fingerprint]);
  for (const form of [OLD, Buffer.from(OLD).toString("base64"), Buffer.from(OLD).toString("hex")]) {
    for (const key of place.keys()) expect(place.bytes(key).toString("latin1")).not.toContain(form);
  }
});

test("as long as the key stays, so does its fingerprint; on the night it changed, that is told", async () => {
  const place = new MemoryPlace();
  const first = await backUp(place, give(OLD));
  const second = await backUp(place, give(OLD), true);
  expect(second.fingerprint).toEqual(first.fingerprint);
  expect(second.told).not.toContain(NAME);
  // Backups of the same second have no order.
  place.objects.delete(manifestKey(first.manifest.id));
  const third = await backUp(place, give(NEW, OLD));
  expect(third.fingerprint.salt).not.toBe(first.fingerprint.salt);
  expect(third.told).toContain(
    `${NAME} is not the key of backup ${second.manifest.id}: it was changed since, from fingerprint ${first.short} to ${third.short}`,
  );
});

test("of several given keys a restore says which belongs to the backup", async () => {
  const place = new MemoryPlace();
  const { short } = await backUp(place, give(OLD));
  const { run, result } = start(place, give(NEW, OLD));
  expect(await result).toMatchObject({ verdict: "restored" });
  expect(run.lines).toContain(
    `${NAME} is the key of this backup (fingerprint ${short}, number 2 of 2 given).`,
  );
});

test("a wrong key is refused before the first row, naming the fingerprint that would fit", async () => {
  const place = new MemoryPlace();
  const { short, manifest } = await backUp(place, give(OLD));
  const { target, result } = start(place, give(NEW));
  await expect(result).rejects.toMatchObject({
    code: "KEY_MISMATCH",
    message: `Backup ${manifest.id} was taken under the ${NAME} with fingerprint ${short}, and the one that was given is another.`,
    hint: expect.stringContaining(`--key ${NAME}=VARIABLE`),
  });
  expect(target.calls).toEqual([]);
});

test("a key that is not given is told of, and keeps nothing from being restored", async () => {
  const place = new MemoryPlace();
  const { short } = await backUp(place, give(OLD));
  const { run, result } = start(place, []);
  expect(await result).toMatchObject({ verdict: "restored" });
  expect(run.lines.join("\n")).toContain(`the ${NAME} with fingerprint ${short}, which was not given`);
});

test("a drill refuses a wrong key as well, before it opens a target", async () => {
  const place = new MemoryPlace();
  const { short } = await backUp(place, give(OLD));
  await using scratch = await Scratch.create();
  const run = startTestRun();
  const opened: string[] = [];
  const drilling = drill(
    {
      destination: new MemoryDestination(place, run),
      selection: {},
      openTarget: new Map([
        [
          "app",
          async () => {
            opened.push("app");
            return new FakeTarget("postgres", "app");
          },
        ],
      ]),
      steps: [],
      objectives: {},
      keepOnFailure: false,
      reportDir: scratch.path,
      keys: give(NEW),
    },
    run,
  );
  await expect(drilling).rejects.toMatchObject({
    code: "KEY_MISMATCH",
    message: expect.stringContaining(short),
  });
  expect(opened).toEqual([]);
});
