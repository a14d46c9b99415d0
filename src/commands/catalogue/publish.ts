import { serialiseManifest } from "../../backup/manifest.ts";
import type { Manifest } from "../../backup/manifest.ts";
import type { Destination } from "../../destinations/destination.ts";
import { manifestKey, restoreGuideKey } from "../../destinations/keys.ts";
import { AppError } from "../../errors.ts";
import { renderRestoreGuide } from "../../report/restore-guide.ts";
import { readManifest } from "./catalogue.ts";

/** Says beside a backup how stock tools restore it from this very destination. */
export async function putRestoreGuide(manifest: Manifest, destination: Destination): Promise<void> {
  const key = restoreGuideKey(manifest.id);
  const guide = Buffer.from(renderRestoreGuide(manifest, destination.url));
  if ((await destination.putIfAbsent(key, guide)) === "written") return;
  try {
    await destination.put(key, oneChunk(guide)); // that of an interrupted run, or of a manifest that is replaced
  } catch (error) {
    // Whoever may not replace anything met its own guide: the answer to the first attempt was lost.
    if (!(error instanceof AppError) || error.code !== "DESTINATION_REFUSED") throw error;
  }
}

/**
 * Makes a backup whose objects are all there a listed one.
 *
 * @throws AppError DESTINATION_FAILED when another backup of that id is listed already, and what the destination throws
 */
export async function publish(manifest: Manifest, destination: Destination): Promise<void> {
  const key = manifestKey(manifest.id);
  const bytes = serialiseManifest(manifest);
  const compare = async (): Promise<"ours" | "another" | "nobody may look"> => {
    try {
      return bytes.equals(await destination.read(key)) ? "ours" : "another";
    } catch (error) {
      if (error instanceof AppError && error.code === "DESTINATION_REFUSED") return "nobody may look";
      throw error;
    }
  };
  try {
    if ((await destination.putIfAbsent(key, bytes)) === "written") return;
    // A retry after a lost answer meets what the first attempt wrote. Where nobody may look, the id has to tell: another
    // run would have drawn the same number in the same second.
    if ((await compare()) !== "another") return;
  } catch (error) {
    // The last answer may have been lost as well.
    if ((await compare().catch(() => undefined)) === "ours") return;
    throw error;
  }
  throw new AppError("DESTINATION_FAILED", `Another run has already written a backup ${manifest.id}.`, {
    hint: "Two runs started in the same second and drew the same number; start this one again.",
  });
}

/**
 * Makes sure that a manifest is what it was when it was read, before another takes its place: prune and rekey both do that.
 *
 * @throws AppError DESTINATION_FAILED, and what reading it throws
 */
export async function requireUnchanged(manifest: Manifest, destination: Destination): Promise<void> {
  const now = await readManifest(destination, manifest.id);
  if (serialiseManifest(now).equals(serialiseManifest(manifest))) return;
  throw new AppError(
    "DESTINATION_FAILED",
    `The manifest of backup ${manifest.id} was changed by another run.`,
    { hint: "The backup is as that run left it. Start this one again." },
  );
}

/** Puts the manifest of a listed backup, of which some is no longer there, in the place of the one before. */
export async function republish(manifest: Manifest, destination: Destination): Promise<void> {
  await destination.put(manifestKey(manifest.id), oneChunk(serialiseManifest(manifest)));
  await putRestoreGuide(manifest, destination);
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
