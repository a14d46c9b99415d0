import { AppError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { Redactor } from "../sys/secret.ts";

interface Meaning {
  code: ErrorCode;
  hint: string;
  transient?: boolean;
}

const BUSY: Meaning = {
  code: "DESTINATION_FAILED",
  hint: "The service is overloaded or out of order; try again later.",
  transient: true,
};
const WRONG_KEYS: Meaning = {
  code: "DESTINATION_REFUSED",
  hint: "Check the access key id and the secret key, and that both belong to this endpoint.",
};
const STALE_TOKEN: Meaning = {
  code: "DESTINATION_REFUSED",
  hint: "Get fresh credentials; a role for long backups needs a longer maximum session duration.",
};
const NO_CREDENTIALS: Meaning = {
  code: "DESTINATION_REFUSED",
  hint: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the job a role (id-token: write), or use a profile.",
};
const NO_RIGHT: Meaning = {
  code: "DESTINATION_REFUSED",
  hint: "The credentials are known but lack a right: compare the role's policy, and the bucket's, with the action named.",
};

/** By the name that the service, or the SDK, gives the error. */
const BY_NAME: Readonly<Record<string, Meaning>> = {
  AccessDenied: NO_RIGHT,
  AllAccessDisabled: NO_RIGHT,
  InvalidAccessKeyId: WRONG_KEYS,
  SignatureDoesNotMatch: WRONG_KEYS,
  InvalidToken: STALE_TOKEN,
  ExpiredToken: STALE_TOKEN,
  ExpiredTokenException: STALE_TOKEN,
  TokenRefreshRequired: STALE_TOKEN,
  CredentialsProviderError: NO_CREDENTIALS,
  TokenProviderError: NO_CREDENTIALS,
  NoSuchBucket: {
    code: "DESTINATION_MISSING",
    hint: "Check the bucket's name, region and endpoint, or create the bucket first.",
  },
  NoSuchKey: {
    code: "OBJECT_MISSING",
    hint: "It was removed, or the backup that names it was copied without it.",
  },
  RequestTimeTooSkewed: {
    code: "DESTINATION_FAILED",
    hint: "Set this machine's clock.",
    transient: true, // the SDK learns the difference from the answer and signs the next attempt with it
  },
  OperationAborted: BUSY,
  ConditionalRequestConflict: BUSY,
  RequestTimeout: BUSY,
  SlowDown: BUSY,
  Throttling: BUSY,
  ThrottlingException: BUSY,
  RequestLimitExceeded: BUSY,
};

const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: "its host name is not known",
  EAI_AGAIN: "its host name could not be looked up",
  ECONNREFUSED: "nothing answers at its address",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ETIMEDOUT: "it did not answer in time",
  TimeoutError: "it did not answer in time",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
};

/**
 * Turns what the SDK throws into the AppError of the Destination contract. The SDK's error itself is not kept as
 * `cause`: it carries the whole request, with session token and signature. Our own errors are left alone.
 *
 * @param doing - what was tried, such as `Uploading part 3 of x`
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export function explainS3Error(error: unknown, doing: string, url: string, redactor: Redactor): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  const { name, code, status, region, message } = readSdkError(error);
  const cause = new Error(redactor.redact(`${name}: ${message}`));
  const fail = (why: string, meaning: Meaning): AppError =>
    new AppError(meaning.code, `${doing} failed: ${url} ${why}.`, { ...meaning, cause });

  const unreachable = UNREACHABLE[code] ?? UNREACHABLE[name];
  if (unreachable !== undefined) {
    const hint = "Check the endpoint, and the network between here and there.";
    const meaning: Meaning = { code: "DESTINATION_UNREACHABLE", hint, transient: true };
    return fail(`cannot be reached, ${unreachable}`, meaning);
  }
  if (/CERT|TLS|SSL|EPROTO|SELF_SIGNED/.test(code)) {
    const hint = "Check http or https in the endpoint; trust a private authority with NODE_EXTRA_CA_CERTS.";
    return fail(`offers no trusted TLS (${code})`, { code: "DESTINATION_UNREACHABLE", hint });
  }
  if (status === 301 || region !== undefined) {
    const where = region === undefined ? "in another region" : `in the region ${region}`;
    const hint = `Set the region${region === undefined ? " of the bucket" : ` to ${region}`}.`;
    return fail(`is ${where}`, { code: "DESTINATION_FAILED", hint });
  }
  if (status === 0 && BY_NAME[name] === undefined) return error; // no answer and no known cause: our bug
  const meaning = BY_NAME[name] ?? meaningOfStatus(status);
  const why = cause.message.replace(/\.+$/, "");
  return fail(name === "CredentialsProviderError" ? "found no credentials" : `answered ${why}`, meaning);
}

/** Whether credentials that the service knows lack a right: others, wrong or stale ones, can do nothing at all. */
export function lacksRight(error: unknown): boolean {
  return error instanceof AppError && error.hint === NO_RIGHT.hint;
}

/** Answers to HEAD have no body, and some services invent names: then only the status tells. */
function meaningOfStatus(status: number): Meaning {
  if (status === 401 || status === 403) return NO_RIGHT;
  if (status === 404) return BY_NAME["NoSuchKey"]!;
  if (status === 409 || status === 429 || (status >= 500 && status !== 501)) return BUSY;
  return { code: "DESTINATION_FAILED", hint: "The service's own message above tells what it could not do." };
}

/** Of the answer that became this error; undefined where none came. */
export function statusOf(error: unknown): number | undefined {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}

interface SdkError {
  name: string;
  code: string;
  /** 0 when no answer came. */
  status: number;
  /** Where the bucket is, when the service says that it is elsewhere. */
  region: string | undefined;
  message: string;
}

function readSdkError(error: Error): SdkError {
  const raw = error as Error & {
    code?: unknown;
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number; headers?: Record<string, string> };
    Region?: string;
  };
  const status = raw.$metadata?.httpStatusCode ?? raw.$response?.statusCode ?? 0;
  const isElsewhere = status === 301 || status === 307 || raw.name === "AuthorizationHeaderMalformed";
  return {
    name: raw.name,
    code: typeof raw.code === "string" ? raw.code : "",
    status,
    region: isElsewhere ? (raw.Region ?? raw.$response?.headers?.["x-amz-bucket-region"]) : undefined,
    message: raw.message,
  };
}
