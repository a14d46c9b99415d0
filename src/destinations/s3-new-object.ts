import { createHash } from "node:crypto";
import type { PutObjectCommandInput } from "@aws-sdk/client-s3";
import type { Clock } from "../sys/clock.ts";
import { isDataKey, isLockableKey } from "./keys.ts";
import type { DestinationConfig } from "./open.ts";

type Description = Pick<
  PutObjectCommandInput,
  | "StorageClass"
  | "ServerSideEncryption"
  | "SSEKMSKeyId"
  | "ObjectLockMode"
  | "ObjectLockRetainUntilDate"
  | "ObjectLockLegalHoldStatus"
>;

/** What the operator wants said with each object that is written. */
export class NewObjects {
  readonly #config: DestinationConfig;
  readonly #clock: Clock;

  constructor(config: DestinationConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /**
   * What goes with the request that creates an object: how it is stored, encrypted and locked. Small documents stay in
   * the standard class, where a look at them costs nothing; pins and receipts are not locked, since they are to go.
   *
   * @param key - relative to the destination
   */
  describe(key: string): Description {
    const { storageClass, kmsKey, legalHold } = this.#config;
    const lockedUntil = this.lockedUntil(key);
    return {
      ...(storageClass && isDataKey(key) && { StorageClass: storageClass }),
      ...(kmsKey !== undefined && { ServerSideEncryption: "aws:kms", SSEKMSKeyId: kmsKey }),
      ...(lockedUntil && {
        ObjectLockMode: this.#config.objectLock!.mode,
        ObjectLockRetainUntilDate: lockedUntil,
      }),
      ...(legalHold && isLockableKey(key) && { ObjectLockLegalHoldStatus: "ON" }),
    };
  }

  /** Until when an object that is written, or referred to, now is to be locked. */
  lockedUntil(key: string): Date | undefined {
    const { objectLock } = this.#config;
    if (!objectLock || !isLockableKey(key)) return undefined;
    return new Date(this.#clock.now().getTime() + objectLock.forMs);
  }

  /**
   * The digest that a bucket with Object Lock asks for with every body.
   *
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
   */
  digest(bytes: Uint8Array): { ContentMD5?: string } {
    const { objectLock, legalHold } = this.#config;
    if (!objectLock && !legalHold) return {};
    return { ContentMD5: createHash("md5").update(bytes).digest("base64") };
  }
}
