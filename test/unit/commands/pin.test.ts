import { describe, expect, test } from "vitest";
import { list } from "../../../src/commands/list.ts";
import { pin, unpin } from "../../../src/commands/pin.ts";
import { pinKey } from "../../../src/destinations/keys.ts";
import { BACKUP_ID, buildManifest, placeBackup } from "../../support/builders.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

function setUp() {
  const place = new MemoryPlace();
  placeBackup(place, buildManifest());
  const run = startTestRun();
  return { place, run, destination: new MemoryDestination(place, run) };
}

describe("a pin", () => {
  test("is shown by list until it is taken away", async () => {
    const { run, destination } = setUp();
    await pin(destination, { backupId: BACKUP_ID, note: "audit" }, run);
    expect((await list(destination, run)).backups[0]!.pin).toBe("audit");
    expect(await unpin(destination, { backupId: BACKUP_ID })).toMatchObject({ note: "audit" });
    expect((await list(destination, run)).backups[0]!.pin).toBeUndefined();
  });

  test("is set only once: the same again is no error, another note is", async () => {
    const { run, destination } = setUp();
    await pin(destination, { backupId: BACKUP_ID, note: "audit" }, run);
    await pin(destination, { backupId: BACKUP_ID, note: "audit" }, run);
    await expect(pin(destination, { backupId: BACKUP_ID, note: "other" }, run)).rejects.toMatchObject({
      code: "TARGET_REFUSED",
      message: `Backup ${BACKUP_ID} is pinned already: audit`,
    });
  });

  test("needs a backup that is there", async () => {
    const { run, place, destination } = setUp();
    const other = "20260101T000000Z-0000";
    await expect(pin(destination, { backupId: other, note: "x" }, run)).rejects.toMatchObject({
      code: "BACKUP_NOT_FOUND",
    });
    await expect(unpin(destination, { backupId: other })).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
    expect(place.objects.has(pinKey(other))).toBe(false);
  });

  test("that cannot be read is an error, since what it keeps must not go", async () => {
    const { run, place, destination } = setUp();
    place.set(pinKey(BACKUP_ID), Buffer.from("{"));
    await expect(list(destination, run)).rejects.toMatchObject({ code: "BACKUP_DAMAGED" });
  });
});
