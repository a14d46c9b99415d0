import { S3Client } from "@aws-sdk/client-s3";
import type { RunContext } from "../run-context.ts";
import { abortReason } from "./body.ts";
import type { DestinationConfig } from "./open.ts";
import { retryTransient } from "./retry.ts";
import { isAwsEndpoint } from "./s3-address.ts";
import { explainS3Error } from "./s3-errors.ts";
import { takeOnRole } from "./s3-role.ts";

const CONNECT_TIMEOUT_MS = 10_000;
/** Without a byte in either direction. */
const IDLE_TIMEOUT_MS = 60_000;

/** How every request to one bucket is made: with the run's signal, one set of retries, and errors of our own. */
export class S3Requests {
  readonly url: string;
  readonly bucket: string;
  /** Whether the service is AWS itself, which keeps all promises of the S3 interface. */
  readonly isAws: boolean;
  readonly context: RunContext;
  readonly #client: S3Client;

  constructor(config: DestinationConfig, bucket: string, client: S3Client, context: RunContext) {
    this.url = config.url;
    this.bucket = bucket;
    this.isAws = isAwsEndpoint(config.endpoint);
    this.context = context;
    this.#client = client;
  }

  /**
   * Makes one request, again while its error is transient.
   *
   * @param doing - for people, such as `Reading x`
   * @param signal - stops this request; the run's own by default
   * @throws AppError as the Destination contract has it, or what the signal was aborted with
   */
  async send<T>(
    doing: string,
    request: (client: S3Client, options: { abortSignal: AbortSignal }, attemptNumber: number) => Promise<T>,
    signal: AbortSignal = this.context.signal,
  ): Promise<T> {
    return await retryTransient(this.context, signal, async (attemptNumber) => {
      if (signal.aborted) throw abortReason(signal);
      try {
        return await request(this.#client, { abortSignal: signal }, attemptNumber);
      } catch (error) {
        throw signal.aborted ? abortReason(signal) : this.explain(error, doing);
      }
    });
  }

  explain(error: unknown, doing: string): unknown {
    return explainS3Error(error, doing, this.url, this.context.redactor);
  }

  close(): void {
    this.#client.destroy();
  }
}

/** The SDK's client, set up for AWS or for a service that only resembles it. */
export async function createS3Client(config: DestinationConfig): Promise<S3Client> {
  const { endpoint, accessKeyId, secretAccessKey, sessionToken, role } = config;
  const region = config.region ?? (await findRegion());
  return new S3Client({
    region,
    forcePathStyle: config.pathStyle ?? !isAwsEndpoint(endpoint),
    ...(endpoint !== undefined && { endpoint }),
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && {
        credentials: {
          accessKeyId,
          secretAccessKey: secretAccessKey.reveal(),
          ...(sessionToken && { sessionToken: sessionToken.reveal() }),
        },
      }),
    ...(role && { credentials: () => takeOnRole(role, region) }),
    // Several stores refuse the checksums that the SDK adds on its own. Each body is signed with its SHA-256 anyway.
    ...(!isAwsEndpoint(endpoint) && {
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    }),
    maxAttempts: 1, // see retryTransient
    // It costs a new connection for every part, and a request that waits for it can be cancelled only after 6 s.
    expectContinueHeader: false,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
  });
}

/** The region of the environment or the profile; stores that have none take the oldest one. */
async function findRegion(): Promise<string> {
  const probe = new S3Client({});
  try {
    return await probe.config.region();
  } catch {
    return "us-east-1";
  } finally {
    probe.destroy();
  }
}
