import { fromWebToken } from "@aws-sdk/credential-provider-web-identity";
import { AppError } from "../errors.ts";
import type { Secret } from "../sys/secret.ts";
import { statusOf } from "./s3-errors.ts";

/** A role of AWS, and where GitHub gives a job the tokens that it is taken on with. */
export interface GitHubRole {
  arn: string;
  tokenUrl: Secret;
  /** What GitHub lets the job ask with. */
  bearer: Secret;
}

/** Among what a role's sessions are called in AWS's own log. */
const SESSION_NAME = "lifeboat";
const AUDIENCE = "sts.amazonaws.com";
const TOKEN_LIMIT_MS = 30_000;
const MEND =
  "Compare the role's trust policy with this job's subject (docs/roles.md), and give the job id-token: write.";

type Credentials = Awaited<ReturnType<ReturnType<typeof fromWebToken>>>;

/**
 * Takes on a role. The SDK calls it again when the session is about to end: GitHub's token lives for minutes and a session
 * for an hour, so each session begins with a token of its own, and a backup may take as long as it wants.
 *
 * @throws AppError DESTINATION_REFUSED: GitHub gives no token, or AWS does not take it; DESTINATION_UNREACHABLE (transient)
 * @see https://docs.github.com/en/actions/reference/security/oidc
 */
export async function takeOnRole(role: GitHubRole, region: string): Promise<Credentials> {
  const webIdentityToken = await fetchToken(role);
  try {
    return await fromWebToken({
      roleArn: role.arn,
      roleSessionName: SESSION_NAME,
      webIdentityToken,
      clientConfig: { region },
    })();
  } catch (error) {
    const status = statusOf(error);
    if (!(error instanceof Error) || status === undefined || status >= 500) throw error;
    // Its message names the role and the action, and not the token.
    throw refused(role, `AWS answered ${error.name}: ${error.message}`);
  }
}

async function fetchToken(role: GitHubRole): Promise<string> {
  const url = new URL(role.tokenUrl.reveal());
  url.searchParams.set("audience", AUDIENCE);
  let response: Response;
  let answer: { value?: unknown };
  try {
    response = await fetch(url, {
      headers: { authorization: `Bearer ${role.bearer.reveal()}` },
      signal: AbortSignal.timeout(TOKEN_LIMIT_MS),
    });
    answer = response.ok ? ((await response.json()) as { value?: unknown }) : {};
  } catch {
    throw new AppError("DESTINATION_UNREACHABLE", "GitHub's service for tokens cannot be reached.", {
      hint: "Start the run again; githubstatus.com tells whether others have the same trouble.",
      transient: true,
    });
  }
  if (typeof answer.value === "string") return answer.value;
  throw refused(role, `GitHub gave no token (status ${response.status})`, response.status >= 500);
}

function refused({ arn }: GitHubRole, why: string, transient = false): AppError {
  const message = `The role ${arn} cannot be taken on: ${why.replace(/\.+$/, "")}.`;
  return new AppError("DESTINATION_REFUSED", message, { hint: MEND, transient });
}
