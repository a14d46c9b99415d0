import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectRetentionCommand,
} from "@aws-sdk/client-s3";
import type {
  HeadObjectCommandOutput,
  ListMultipartUploadsCommandOutput,
  S3Client,
} from "@aws-sdk/client-s3";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { AppError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import { guardStream } from "./body.ts";
import { keyTaken } from "./destination.ts";
import type { Listed, Written } from "./destination.ts";
import { probeKey, requireSafeKey } from "./keys.ts";
import type { DestinationConfig } from "./open.ts";
import { createOnce } from "./s3-create-once.ts";
import { lacksRight, statusOf } from "./s3-errors.ts";
import { NewObjects } from "./s3-new-object.ts";
import { PARTS_IN_MEMORY, PartBuffers } from "./part-buffers.ts";
import type { ProbedDestination, TriedRight } from "./rights.ts";
import { S3Listing } from "./s3-listing.ts";
import { beginAndEndUpload, tryRights } from "./s3-rights.ts";
import type { RightsPlace } from "./s3-rights.ts";
import { S3Requests, createS3Client } from "./s3-requests.ts";
import { choosePartSize, uploadObject } from "./s3-upload.ts";

/**
 * Opens one folder of a bucket. Asks for credentials with the first request only.
 *
 * @param options.pageSize - entries a page of a listing; the service's own (1000) by default
 */
export async function openS3(
  config: DestinationConfig,
  place: { bucket: string; folder: string },
  context: RunContext,
  options: { pageSize?: number } = {},
): Promise<ProbedDestination> {
  const requests = new S3Requests(config, place.bucket, await createS3Client(config), context);
  const folders = place.folder.split("/").filter((part) => part !== "");
  const newObjects = new NewObjects(config, context.clock);
  return new S3Destination(
    requests,
    folders.map((part) => `${part}/`).join(""),
    newObjects,
    options.pageSize,
  );
}

/** Backups in a bucket of AWS or of a service that resembles it. */
class S3Destination implements ProbedDestination {
  readonly url: string;
  readonly #requests: S3Requests;
  readonly #prefix: string;
  readonly #pageSize: number | undefined;
  readonly #listing: S3Listing;
  readonly #newObjects: NewObjects;
  readonly #buffers = new PartBuffers(PARTS_IN_MEMORY);

  constructor(requests: S3Requests, prefix: string, newObjects: NewObjects, pageSize: number | undefined) {
    this.url = `s3://${requests.bucket}/${prefix.slice(0, -1)}`;
    this.#requests = requests;
    this.#prefix = prefix;
    this.#newObjects = newObjects;
    this.#pageSize = pageSize;
    this.#listing = new S3Listing(requests, prefix, pageSize);
  }

  async check(purpose?: "write"): Promise<void> {
    // Not HeadBucket: its answer has no body, and so no reason.
    const input = { Bucket: this.#requests.bucket, Prefix: this.#prefix, MaxKeys: 1 };
    try {
      await this.#requests.send("Looking at the bucket", (client, options) =>
        client.send(new ListObjectsV2Command(input), options),
      );
    } catch (error) {
      if (!lacksRight(error)) throw error;
      // Whoever may only write learns it so.
      await beginAndEndUpload(this.#place, probeKey).catch((refusal: unknown) => {
        throw lacksRight(refusal) ? error : refusal;
      });
      return;
    }
    if (purpose === "write") await beginAndEndUpload(this.#place, probeKey);
  }

  async findFreeBytes(): Promise<undefined> {
    return undefined;
  }

  async tryRights(): Promise<TriedRight[]> {
    return await tryRights(this.#place);
  }

  async put(key: string, body: AsyncIterable<Uint8Array>, expectedSizeBytes?: number): Promise<Written> {
    return await this.#upload(key, body, { isNew: false, expectedSizeBytes });
  }

  async create(key: string, body: AsyncIterable<Uint8Array>, expectedSizeBytes?: number): Promise<Written> {
    // As for putIfAbsent: some services ignore the condition.
    if (!this.#requests.isAws && (await this.#isKnownToBeThere(key))) throw keyTaken(key, this.url);
    return await this.#upload(key, body, { isNew: true, expectedSizeBytes });
  }

  async #upload(
    key: string,
    body: AsyncIterable<Uint8Array>,
    { isNew, expectedSizeBytes }: { isNew: boolean; expectedSizeBytes: number | undefined },
  ): Promise<Written> {
    const target = {
      key: this.#object(key).Key,
      isNew,
      description: this.#newObjects.describe(key),
      digest: (bytes: Uint8Array) => this.#newObjects.digest(bytes),
    };
    const partSize = choosePartSize(expectedSizeBytes);
    const written = await uploadObject(this.#requests, target, body, partSize, this.#buffers);
    // Some services forget the lock of an object that came in parts.
    if (!this.#requests.isAws) await this.extendLock(key);
    return written;
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<"written" | "already-there"> {
    // Some services ignore the condition and some refuse it; looking first leaves them only a short race.
    if (!this.#requests.isAws && (await this.#isKnownToBeThere(key))) return "already-there";
    const input = {
      ...this.#object(key),
      ...this.#newObjects.describe(key),
      ...this.#newObjects.digest(bytes),
      Body: bytes,
    };
    return await this.#requests.send(`Writing ${key}`, (client, options, number) =>
      createOnce((condition) => client.send(new PutObjectCommand({ ...input, ...condition }), options), {
        number,
        isAws: this.#requests.isAws,
        isOurs: () => this.#holds(key, bytes, client, options),
      }),
    );
  }

  async read(key: string): Promise<Buffer> {
    return await this.#requests.send(`Reading ${key}`, async (client, options) =>
      buffer(await this.#get(key, client, options)),
    );
  }

  async open(key: string, fromByte = 0): Promise<Readable> {
    return await this.#requests.send(`Reading ${key}`, (client, options) =>
      this.#get(key, client, options, fromByte),
    );
  }

  async *list(prefix: string): AsyncGenerator<Listed> {
    for await (const page of this.#listing.pages(prefix)) yield* this.#listing.entriesOf(page);
  }

  listInFolders(prefix: string, name: string): AsyncIterable<Listed> {
    return this.#listing.inFolders(prefix, name);
  }

  async findSize(key: string): Promise<number | undefined> {
    return (await this.#head(key))?.ContentLength;
  }

  async findLock(key: string): Promise<Date | "held" | undefined> {
    // The answer leaves out what the credentials may not know.
    const found = await this.#head(key);
    if (found?.ObjectLockLegalHoldStatus === "ON") return "held";
    return found?.ObjectLockRetainUntilDate;
  }

  async extendLock(key: string): Promise<void> {
    const until = this.#newObjects.lockedUntil(key);
    if (!until) return;
    const found = await allow("DESTINATION_REFUSED", this.#head(key));
    const { ObjectLockMode, ObjectLockRetainUntilDate } = found ?? {};
    if (ObjectLockRetainUntilDate && ObjectLockRetainUntilDate >= until) return;
    const Retention = {
      // A lock may grow, but not become weaker.
      Mode: ObjectLockMode ?? this.#newObjects.describe(key).ObjectLockMode,
      RetainUntilDate: until,
    };
    await this.#requests.send(`Locking ${key}`, (client, options) =>
      client.send(new PutObjectRetentionCommand({ ...this.#object(key), Retention }), options),
    );
  }

  async remove(key: string): Promise<void> {
    await this.#requests.send(`Removing ${key}`, (client, options) =>
      client.send(new DeleteObjectCommand(this.#object(key)), options),
    );
  }

  async abortUnfinished(
    prefix: string,
    isDead: (upload: { key: string; startedAt: Date }) => boolean,
  ): Promise<number> {
    let aborted = 0;
    for await (const { Uploads = [] } of this.#listUploads(prefix)) {
      for (const { Key = "", UploadId, Initiated = new Date(0) } of Uploads) {
        const key = Key.slice(this.#prefix.length);
        if (!isDead({ key, startedAt: Initiated })) continue;
        const aborting = this.#requests.send(`Aborting the upload of ${key}`, (client, options) =>
          client.send(new AbortMultipartUploadCommand({ ...this.#object(key), UploadId }), options),
        );
        await allow("OBJECT_MISSING", aborting); // ended by somebody else, or the answer was lost
        aborted++;
      }
    }
    return aborted;
  }

  close(): void {
    this.#requests.close();
  }

  /** What rights are tried with. */
  get #place(): RightsPlace {
    return { requests: this.#requests, prefix: this.#prefix, newObjects: this.#newObjects };
  }

  /** False also where nobody may look. */
  async #isKnownToBeThere(key: string): Promise<boolean> {
    return (await allow("DESTINATION_REFUSED", this.findSize(key))) !== undefined;
  }

  /** Whether an object is just this; false also where nobody may look. */
  async #holds(
    key: string,
    bytes: Uint8Array,
    client: S3Client,
    options: { abortSignal: AbortSignal },
  ): Promise<boolean> {
    try {
      return (await buffer(await this.#get(key, client, options))).equals(bytes);
    } catch (error) {
      if (statusOf(error) === 403) return false;
      throw error;
    }
  }

  async #head(key: string): Promise<HeadObjectCommandOutput | undefined> {
    const looking = this.#requests.send(`Looking for ${key}`, (client, options) =>
      client.send(new HeadObjectCommand(this.#object(key)), options),
    );
    return await allow("OBJECT_MISSING", looking);
  }

  async #get(
    key: string,
    client: S3Client,
    options: { abortSignal: AbortSignal },
    fromByte = 0,
  ): Promise<Readable> {
    const input = { ...this.#object(key), ...(fromByte > 0 && { Range: `bytes=${fromByte}-` }) };
    const { Body, ContentLength = 0, ContentRange } = await client.send(new GetObjectCommand(input), options);
    if (fromByte > 0 && !ContentRange?.startsWith(`bytes ${fromByte}-`)) {
      (Body as Readable).destroy();
      throw new AppError("DESTINATION_FAILED", `The service did not give ${key} from byte ${fromByte} on.`, {
        hint: "It ignores the Range header, without which a reading that was cut cannot go on. Try again.",
      });
    }
    return guardStream(Body as Readable, ContentLength, this.#requests.context.signal, (error) =>
      this.#requests.explain(error, `Reading ${key}`),
    );
  }

  async *#listUploads(prefix: string): AsyncGenerator<ListMultipartUploadsCommandOutput> {
    let page: ListMultipartUploadsCommandOutput | undefined;
    do {
      const input = {
        Bucket: this.#requests.bucket,
        Prefix: this.#prefix + prefix,
        MaxUploads: this.#pageSize,
        KeyMarker: page?.NextKeyMarker,
        UploadIdMarker: page?.NextUploadIdMarker,
      };
      page = await this.#requests.send(`Listing unfinished uploads of ${prefix}`, (client, options) =>
        client.send(new ListMultipartUploadsCommand(input), options),
      );
      yield page;
    } while (page.IsTruncated);
  }

  #object(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#requests.bucket, Key: this.#prefix + requireSafeKey(key) };
  }
}

/** What was asked for; undefined where that fails in the one way that is no failure here. */
async function allow<T>(code: ErrorCode, asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof AppError && error.code === code) return undefined;
    throw error;
  }
}
