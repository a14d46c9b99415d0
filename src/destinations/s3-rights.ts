import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Readable } from "node:stream";
import { AppError } from "../errors.ts";
import { backupsPrefix, drillKey, findBackupOf, isDataKey, manifestKey, probeId, probeKey } from "./keys.ts";
import type { TriedRight } from "./rights.ts";
import type { NewObjects } from "./s3-new-object.ts";
import type { S3Requests } from "./s3-requests.ts";

/** What rights are tried with. */
export interface RightsPlace {
  requests: S3Requests;
  /** With a slash at its end. */
  prefix: string;
  newObjects: NewObjects;
}

type Outcome = TriedRight["outcome"];

/**
 * Tries what the credentials may do. Nothing comes of it but, in a bucket that keeps versions, a delete marker under the
 * key of the probe.
 */
export async function tryRights(place: RightsPlace): Promise<TriedRight[]> {
  const [list, uploads, remove, replace, data, manifest, record] = await Promise.all([
    tryToList(place),
    attempt(place, "Listing unfinished uploads", (client, options) =>
      client.send(new ListMultipartUploadsCommand({ ...scopeOf(place), MaxUploads: 1 }), options),
    ),
    attempt(place, "Removing what is not there", (client, options) =>
      client.send(new DeleteObjectCommand(objectOf(place, probeKey)), options),
    ),
    tryToReplace(place),
    tryToUpload(place, probeKey),
    tryToUpload(place, manifestKey(probeId)),
    tryToUpload(place, drillKey(probeId)),
  ]);
  return [
    { right: "list", key: "", outcome: list.outcome },
    { right: "list uploads", key: "", outcome: uploads },
    ...(await Promise.all(
      list.samples.map(async ({ key, isThere }): Promise<TriedRight> => {
        return { right: "read", key, outcome: isThere ? await tryToRead(place, key) : "unknown" };
      }),
    )),
    { right: "write", key: probeKey, outcome: data.write },
    { right: "write", key: manifestKey(probeId), outcome: manifest.write },
    { right: "write", key: drillKey(probeId), outcome: record.write },
    { right: "replace", key: probeKey, outcome: replace },
    { right: "end uploads", key: probeKey, outcome: data.end },
    { right: "remove", key: probeKey, outcome: remove },
  ];
}

/** Whether the credentials may begin an upload of an object, and end it. */
async function tryToUpload(place: RightsPlace, key: string): Promise<{ write: Outcome; end: Outcome }> {
  try {
    return { write: "allowed", end: await beginAndEndUpload(place, key) };
  } catch (error) {
    if (isRefusal(error)) return { write: "refused", end: "unknown" };
    throw error;
  }
}

/**
 * Begins an upload of one object and ends it again: no object comes of it.
 *
 * @returns whether it could be ended
 * @throws AppError as the Destination contract has it, where it could not be begun
 */
export async function beginAndEndUpload(place: RightsPlace, key: string): Promise<Outcome> {
  const object = objectOf(place, key);
  const input = { ...object, ...place.newObjects.describe(key) };
  const { UploadId } = await place.requests.send("Trying to write", (client, options) =>
    client.send(new CreateMultipartUploadCommand(input), options),
  );
  return await attempt(place, "Ending what was tried", (client, options) =>
    client.send(new AbortMultipartUploadCommand({ ...object, UploadId }), options),
  );
}

/**
 * Completes an upload that does not exist, without the condition that it replaces nothing: AWS looks at rights first. Other
 * services have no right to write that stops short of replacing, and where objects are locked the former one stays.
 */
async function tryToReplace(place: RightsPlace): Promise<Outcome> {
  const { requests, newObjects } = place;
  if (!requests.isAws || newObjects.lockedUntil(probeKey)) return "unknown";
  const input = {
    ...objectOf(place, probeKey),
    UploadId: "none",
    MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"none"' }] },
  };
  try {
    return await attempt(place, "Trying to replace", (client, options) =>
      client.send(new CompleteMultipartUploadCommand(input), options),
    );
  } catch (error) {
    if (error instanceof AppError && error.code === "OBJECT_MISSING") return "allowed";
    if (error instanceof AppError && error.code === "DESTINATION_FAILED") return "unknown";
    throw error;
  }
}

/** Lists a page, in which it looks for a manifest and for data to try reading with. */
async function tryToList(
  place: RightsPlace,
): Promise<{ outcome: Outcome; samples: { key: string; isThere: boolean }[] }> {
  let keys: string[] = [];
  const outcome = await attempt(place, "Listing", async (client, options) => {
    const scope = { ...scopeOf(place), Prefix: place.prefix + backupsPrefix };
    const { Contents = [] } = await client.send(new ListObjectsV2Command(scope), options);
    keys = Contents.map(({ Key = "" }) => Key.slice(place.prefix.length));
  });
  const manifest = keys.find((key) => key === manifestKey(findBackupOf(key) ?? ""));
  const data = keys.find(isDataKey);
  const samples = [
    { key: manifest ?? manifestKey(probeId), isThere: manifest !== undefined },
    { key: data ?? probeKey, isThere: data !== undefined },
  ];
  return { outcome, samples };
}

async function tryToRead(place: RightsPlace, key: string): Promise<Outcome> {
  return await attempt(place, `Reading ${key}`, async (client, options) => {
    const { Body } = await client.send(new GetObjectCommand(objectOf(place, key)), options);
    (Body as Readable).destroy(); // that it begins is enough
  });
}

/** @throws AppError where the answer is about something else than rights */
async function attempt(
  { requests }: RightsPlace,
  doing: string,
  request: (client: S3Client, options: { abortSignal: AbortSignal }) => Promise<unknown>,
): Promise<Outcome> {
  try {
    await requests.send(doing, request);
    return "allowed";
  } catch (error) {
    if (isRefusal(error)) return "refused";
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.code === "DESTINATION_REFUSED";
}

function objectOf(
  { requests: { bucket }, prefix }: RightsPlace,
  key: string,
): { Bucket: string; Key: string } {
  return { Bucket: bucket, Key: prefix + key };
}

function scopeOf({ requests: { bucket }, prefix }: RightsPlace): { Bucket: string; Prefix: string } {
  return { Bucket: bucket, Prefix: prefix };
}
