import { setMaxListeners } from "node:events";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { AppError, cancelled } from "../errors.ts";
import { MeteredBody } from "./body.ts";
import { keyTaken } from "./destination.ts";
import type { Written } from "./destination.ts";
import type { PartBuffers } from "./part-buffers.ts";
import { createOnce } from "./s3-create-once.ts";
import { statusOf } from "./s3-errors.ts";
import type { S3Requests } from "./s3-requests.ts";

const MIB = 1024 * 1024;
/** S3 wants at least 5 MiB; larger parts are no faster and take more memory. */
const USUAL_PART_SIZE_BYTES = 8 * MIB;
/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000;
/** Parts a guess is cut into: a tenth less than the most, for the guess may be low. */
const PLANNED_PARTS = 9_000;
/** GitHub kills the process 10 s after the first signal. */
const ABORT_TIMEOUT_MS = 4_000;

/** The object that an upload makes. */
export interface UploadTarget {
  /** In the bucket. */
  key: string;
  /** What the request that creates it says of it. */
  description: Pick<PutObjectCommandInput, "StorageClass" | "ObjectLockMode">;
  /** Whether it must not take the place of another object. */
  isNew: boolean;
  /** What each request says of its body. */
  digest: (bytes: Uint8Array) => { ContentMD5?: string };
}

/** The size of every part but the last, in bytes; all are equal because R2 wants it so. */
export function choosePartSize(expectedSizeBytes = 0): number {
  return Math.max(USUAL_PART_SIZE_BYTES, Math.ceil(expectedSizeBytes / PLANNED_PARTS / MIB) * MIB);
}

/**
 * Streams one object: a body that fits into one part in one request, any other in parts, several at once.
 * When anything fails, the parts on their way are stopped and awaited before the upload is aborted: a part that
 * arrives after that would stay, and be billed. (lib-storage does neither, so this is written here.)
 *
 * @throws AppError as the Destination contract has it, or what `body` throws
 */
export async function uploadObject(
  requests: S3Requests,
  target: UploadTarget,
  body: AsyncIterable<Uint8Array>,
  partSizeBytes: number,
  buffers: PartBuffers,
): Promise<Written> {
  // Fires with the first error, whether it is a part's, the body's or the run's end.
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const { signal: runSignal } = requests.context;
  const onCancel = (): void => stop.abort(cancelled());
  if (runSignal.aborted) onCancel();
  runSignal.addEventListener("abort", onCancel);

  const upload = new MultipartUpload(requests, target, stop.signal);
  const metered = new MeteredBody(body, stop.signal);
  const onTheirWay = new Set<Promise<void>>();
  try {
    for await (const part of cutIntoParts(metered, partSizeBytes, buffers, stop.signal)) {
      if (part.isOnly) {
        await upload.putWhole(part.bytes).finally(part.release);
        return metered.written();
      }
      const sent = upload
        .sendPart(part.bytes)
        .catch((error: unknown) => stop.abort(error))
        .finally(() => {
          part.release();
          onTheirWay.delete(sent);
        });
      onTheirWay.add(sent);
    }
    await Promise.all(onTheirWay);
    stop.signal.throwIfAborted();
    const written = metered.written();
    await upload.complete(written.sizeBytes);
    return written;
  } catch (error) {
    stop.abort(error);
    await Promise.all(onTheirWay);
    await upload.abandon();
    throw stop.signal.reason;
  } finally {
    runSignal.removeEventListener("abort", onCancel);
  }
}

interface Part {
  bytes: Buffer;
  /** The whole body fits into it. */
  isOnly: boolean;
  /** Gives its memory back; whoever receives the part calls it once. */
  release: () => void;
}

/** A part is given out when the next byte arrives or the body ends, so that an empty one is never the last. */
async function* cutIntoParts(
  body: AsyncIterable<Uint8Array>,
  partSizeBytes: number,
  buffers: PartBuffers,
  signal: AbortSignal,
): AsyncGenerator<Part> {
  let buffer: Buffer | undefined = await buffers.take(partSizeBytes, signal);
  let filled = 0;
  let isOnly = true;
  const handOver = (): Part => {
    const full = buffer!;
    buffer = undefined;
    return { bytes: full.subarray(0, filled), isOnly, release: () => buffers.give(full) };
  };
  try {
    for await (const chunk of body) {
      for (let offset = 0; offset < chunk.length;) {
        if (filled === partSizeBytes) {
          isOnly = false;
          yield handOver();
          buffer = await buffers.take(partSizeBytes, signal);
          filled = 0;
        }
        const piece = chunk.subarray(offset, offset + partSizeBytes - filled);
        buffer.set(piece, filled);
        filled += piece.length;
        offset += piece.length;
      }
    }
    yield handOver();
  } finally {
    if (buffer) buffers.give(buffer);
  }
}

/** The requests of one upload. */
class MultipartUpload {
  readonly #requests: S3Requests;
  readonly #object: { Bucket: string; Key: string };
  readonly #key: string;
  readonly #target: UploadTarget;
  readonly #signal: AbortSignal;
  readonly #parts: { PartNumber: number; ETag: string | undefined }[] = [];
  #uploadId: Promise<string | undefined> | undefined;

  constructor(requests: S3Requests, target: UploadTarget, signal: AbortSignal) {
    this.#requests = requests;
    this.#object = { Bucket: requests.bucket, Key: target.key };
    this.#key = target.key;
    this.#target = target;
    this.#signal = signal;
  }

  async putWhole(bytes: Buffer): Promise<void> {
    const { description, digest } = this.#target;
    const input = { ...this.#object, ...description, ...digest(bytes), Body: bytes };
    await this.#requests.send(
      `Writing ${this.#key}`,
      (client, options, number) =>
        this.#createOnce(bytes.length, client, options, number, (condition) =>
          client.send(new PutObjectCommand({ ...input, ...condition }), options),
        ),
      this.#signal,
    );
  }

  /** Begins the upload with the first part; parts may be sent at the same time, and count in the order of calls. */
  async sendPart(bytes: Buffer): Promise<void> {
    const part = { PartNumber: this.#parts.length + 1, ETag: undefined as string | undefined };
    if (part.PartNumber > MAX_PARTS) throw tooManyParts(this.#key, bytes.length);
    this.#parts.push(part);
    this.#uploadId ??= this.#begin();
    const input = {
      ...this.#object,
      UploadId: await this.#uploadId,
      PartNumber: part.PartNumber,
      ...this.#target.digest(bytes),
      Body: bytes,
    };
    const { ETag } = await this.#requests.send(
      `Writing part ${part.PartNumber} of ${this.#key}`,
      (client, options) => client.send(new UploadPartCommand(input), options),
      this.#signal,
    );
    part.ETag = ETag;
  }

  async complete(sizeBytes: number): Promise<void> {
    const input = {
      ...this.#object,
      UploadId: await this.#uploadId,
      MultipartUpload: { Parts: this.#parts },
    };
    await this.#requests.send(
      `Completing ${this.#key}`,
      async (client, options, number) => {
        try {
          await this.#createOnce(sizeBytes, client, options, number, (condition) =>
            client.send(new CompleteMultipartUploadCommand({ ...input, ...condition }), options),
          );
        } catch (error) {
          // When only the answer to the first attempt was lost, the upload is gone because it is complete.
          const isGone = error instanceof Error && error.name === "NoSuchUpload";
          if (!isGone || number === 1) throw error;
          const { ContentLength } = await client.send(new HeadObjectCommand(this.#object), options);
          if (ContentLength !== sizeBytes) throw error;
        }
      },
      this.#signal,
    );
  }

  /** Best effort: what could not be aborted is removed by the Action's post step, or by the bucket's lifecycle rule. */
  async abandon(): Promise<void> {
    const UploadId = await this.#uploadId?.catch(() => undefined);
    if (UploadId === undefined) return; // never begun
    const input = { ...this.#object, UploadId };
    try {
      await this.#requests.send(
        `Aborting the upload of ${this.#key}`,
        (client, options) => client.send(new AbortMultipartUploadCommand(input), options),
        AbortSignal.timeout(ABORT_TIMEOUT_MS), // not the run's signal: that may be why we are here
      );
    } catch (error) {
      const why =
        error instanceof AppError && error.code !== "CANCELLED" ? error.message : "No answer in time.";
      this.#requests.context.reporter.warn(`Parts of ${this.#key} may be left in the bucket. ${why}`);
    }
  }

  /** Makes the request that creates the object, on condition where it must be a new one. */
  async #createOnce(
    sizeBytes: number,
    client: S3Client,
    options: { abortSignal: AbortSignal },
    number: number,
    create: (condition: { IfNoneMatch?: "*" }) => Promise<unknown>,
  ): Promise<void> {
    if (!this.#target.isNew) return void (await create({}));
    const { isAws, url } = this.#requests;
    const isOurs = async (): Promise<boolean> => {
      try {
        return (await client.send(new HeadObjectCommand(this.#object), options)).ContentLength === sizeBytes;
      } catch (error) {
        if (statusOf(error) === 403) return true; // nobody may look, and no other run writes under this key
        throw error;
      }
    };
    if ((await createOnce(create, { number, isAws, isOurs })) === "already-there")
      throw keyTaken(this.#key, url);
  }

  async #begin(): Promise<string | undefined> {
    const input = { ...this.#object, ...this.#target.description };
    const { UploadId } = await this.#requests.send(
      `Beginning to write ${this.#key}`,
      (client, options) => client.send(new CreateMultipartUploadCommand(input), options),
      this.#signal,
    );
    return UploadId;
  }
}

function tooManyParts(key: string, partSizeBytes: number): AppError {
  const size = `${MAX_PARTS} parts of ${partSizeBytes / MIB} MiB`;
  return new AppError("DESTINATION_FAILED", `${key} is larger than ${size}, the most that S3 takes.`, {
    hint: "Its size was guessed far too low; split the table into partitions, or report this with both sizes.",
  });
}
