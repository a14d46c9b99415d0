import { expect, test } from "vitest";
import { objectsOfStore } from "../../../src/backup/manifest.ts";
import { copy } from "../../../src/commands/copy.ts";
import { partsPrefix, restoreGuideKey } from "../../../src/destinations/keys.ts";
import { BACKUP_ID, buildManifest, placeBackup } from "../../support/builders.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

test("what prune takes from under a copy is sent after all", async () => {
  const manifest = buildManifest();
  const keys = manifest.stores.flatMap(objectsOfStore).map(({ key }) => key);
  const [from, to] = [new MemoryPlace(), new MemoryPlace()];
  placeBackup(from, manifest);
  const shared = keys.find((key) => key.startsWith(partsPrefix))!;
  to.set(shared, from.bytes(shared));
  to.fault = (method, key, moment) => {
    const wasLookedFor = method === "open" && moment === "after";
    if (key !== shared || !wasLookedFor) return;
    to.objects.delete(key);
    to.fault = () => {};
  };
  const run = startTestRun();
  const request = {
    from: new MemoryDestination(from, run),
    to: [new MemoryDestination(to, run)],
    selection: {},
    isAll: false,
  };
  const { to: copied } = await copy(request, run);
  expect(to.keys()).toEqual([...from.keys(), restoreGuideKey(BACKUP_ID)].sort());
  expect(copied).toMatchObject([{ backups: [BACKUP_ID], objects: keys.length }]);
});
