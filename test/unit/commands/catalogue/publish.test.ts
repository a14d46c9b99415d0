import { expect, test } from "vitest";
import { serialiseManifest } from "../../../../src/backup/manifest.ts";
import { publish, putRestoreGuide } from "../../../../src/commands/catalogue/publish.ts";
import { manifestKey, restoreGuideKey } from "../../../../src/destinations/keys.ts";
import { AppError } from "../../../../src/errors.ts";
import { BACKUP_ID, buildManifest } from "../../../support/builders.ts";
import { MemoryDestination, MemoryPlace } from "../../../support/memory-destination.ts";
import { startTestRun } from "../../../support/run-context.ts";

const MANIFEST = buildManifest();
const KEY = manifestKey(BACKUP_ID);

/** A place whose objects nobody may read. */
function setUp(there?: Buffer) {
  const place = new MemoryPlace();
  if (there) place.set(KEY, there);
  place.fault = (method) => {
    if (method === "open") throw new AppError("DESTINATION_REFUSED", "You may not read.", { hint: "" });
  };
  return { place, destination: new MemoryDestination(place, startTestRun()) };
}

test("a manifest is published by credentials that may only write", async () => {
  const { place, destination } = setUp();
  await publish(MANIFEST, destination);
  expect(place.bytes(KEY)).toEqual(serialiseManifest(MANIFEST));
});

test("what lies under the run's own id is taken for its own where nobody may look", async () => {
  const { destination } = setUp(serialiseManifest(MANIFEST));
  await publish(MANIFEST, destination);
});

test("what was refused is not taken for arrived because nobody may look", async () => {
  const { place, destination } = setUp();
  const { fault } = place;
  place.fault = (method, key, moment) => {
    if (method === "putIfAbsent") throw new AppError("DESTINATION_UNREACHABLE", "Cut.", { hint: "" });
    fault(method, key, moment);
  };
  await expect(publish(MANIFEST, destination)).rejects.toMatchObject({ code: "DESTINATION_UNREACHABLE" });
});

test("where somebody may look, another run's manifest is an error", async () => {
  const { place, destination } = setUp(Buffer.from("another"));
  place.fault = () => {};
  await expect(publish(MANIFEST, destination)).rejects.toMatchObject({ code: "DESTINATION_FAILED" });
});

test("the guide of an interrupted run is replaced", async () => {
  const { place, destination } = setUp();
  place.set(restoreGuideKey(BACKUP_ID), Buffer.from("of an earlier attempt"));
  await putRestoreGuide(MANIFEST, destination);
  expect(place.bytes(restoreGuideKey(BACKUP_ID)).toString()).toContain(BACKUP_ID);
});

test("a guide that lies there and may not be replaced is the run's own", async () => {
  const { place, destination } = setUp();
  await putRestoreGuide(MANIFEST, destination);
  const refuse = (code: "DESTINATION_REFUSED" | "DESTINATION_FAILED") => {
    place.fault = (method) => {
      if (method === "put") throw new AppError(code, "No.", { hint: "" });
    };
  };
  refuse("DESTINATION_REFUSED");
  await putRestoreGuide(MANIFEST, destination);
  refuse("DESTINATION_FAILED");
  await expect(putRestoreGuide(MANIFEST, destination)).rejects.toMatchObject({ code: "DESTINATION_FAILED" });
});
