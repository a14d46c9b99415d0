import { fileURLToPath } from "node:url";
import { AppError } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import type { Secret } from "../sys/secret.ts";
import { DirectoryDestination } from "./directory.ts";
import type { ProbedDestination } from "./rights.ts";
import type { GitHubRole } from "./s3-role.ts";

/** Classes from which an object can be read at once; a restore must not wait for half a day. */
export type StorageClass = "STANDARD" | "STANDARD_IA" | "ONEZONE_IA" | "INTELLIGENT_TIERING" | "GLACIER_IR";

/** A destination as the operator gives it. */
export interface DestinationConfig {
  /** `s3://bucket/prefix` or `file:///path` */
  url: string;
  /** The address of a service that speaks S3 and is not AWS. */
  endpoint?: string;
  region?: string;
  /** Bucket in the path and not in the host name; by default with an endpoint of one's own, and not at AWS. */
  pathStyle?: boolean;
  /** Without keys, the standard credential chain of the AWS SDK is asked. */
  accessKeyId?: string;
  secretAccessKey?: Secret;
  sessionToken?: Secret;
  /** S3: instead of keys. */
  role?: GitHubRole;
  /** S3: the storage class of rows and definitions; documents about them stay in the standard class. */
  storageClass?: StorageClass;
  /** S3: id, ARN or alias of the KMS key that the service encrypts with. */
  kmsKey?: string;
  /** S3: nobody can remove what a backup wrote or refers to for so long. The bucket must have Object Lock on. */
  objectLock?: { mode: "GOVERNANCE" | "COMPLIANCE"; forMs: number };
  /** S3: nobody can remove what a backup wrote until somebody lifts the hold. */
  legalHold?: boolean;
}

/**
 * Opens the folder `name` of a destination: one product's backups, apart from those of others that share the
 * bucket or disk. Touches nothing yet.
 *
 * @throws AppError CONFIG_INVALID: an address that is neither `s3://bucket…` nor `file:///…`
 */
export async function openDestination(
  config: DestinationConfig,
  name: string,
  context: RunContext,
): Promise<ProbedDestination> {
  if (config.url.startsWith("file:///") && URL.canParse(config.url)) {
    return new DirectoryDestination(fileURLToPath(config.url), name, context);
  }
  const place = findBucket(config, name);
  if (place) {
    // Loaded when needed only: the SDK takes longer to load than all the rest of the program.
    const { openS3 } = await import("./s3.ts");
    return await openS3(config, place, context);
  }
  throw new AppError(
    "CONFIG_INVALID",
    `The destination ${config.url} is neither an S3 bucket nor a folder.`,
    {
      hint: "Write s3://bucket/prefix or file:///absolute/path.",
    },
  );
}

/** Bucket and folder of an S3 destination, without slashes at its ends; undefined where it is none. */
export function findBucket(
  { url }: DestinationConfig,
  name: string,
): { bucket: string; folder: string } | undefined {
  // Not parsed as a URL: a key holds characters as they are, and `%` is one of them.
  const [, bucket, prefix = ""] = /^s3:\/\/([^/]+)(\/.*)?$/.exec(url) ?? [];
  const folder = `${prefix}/${name}`.split("/").filter((part) => part !== "");
  return bucket === undefined ? undefined : { bucket, folder: folder.join("/") };
}
