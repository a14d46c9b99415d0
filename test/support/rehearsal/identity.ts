import { randomUUID } from "node:crypto";
import { serve } from "../http-server.ts";
import type { TestServer } from "../http-server.ts";
import type { TokenPermissions } from "./permissions.ts";

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

/** What AWS answers to a job that shows its identity token. @throws Error as AWS refuses */
export type AssumeRole = (role: string) => AwsCredentials;

const AUDIENCE = "sts.amazonaws.com";
const SESSION_MS = 3_600_000;

/**
 * GitHub's service of identity tokens as one job has it, and the part of AWS that gives sessions for such tokens. A job that
 * may not ask for a token is not told of the first.
 */
export class IdentityServices implements AsyncDisposable {
  /** What the job's processes are told. */
  readonly variables: Record<string, string>;
  readonly #server: TestServer;

  private constructor(server: TestServer, variables: Record<string, string>) {
    this.#server = server;
    this.variables = variables;
  }

  static async start(permissions: TokenPermissions, assumeRole: AssumeRole): Promise<IdentityServices> {
    const bearer = randomUUID();
    const issued = new Set<string>();
    const server = await serve(async (request, response) => {
      const url = new URL(request.url ?? "", "http://github");
      if (url.pathname === "/token") {
        const isOwn = request.headers.authorization === `Bearer ${bearer}`;
        if (!isOwn || url.searchParams.get("audience") !== AUDIENCE) {
          response.writeHead(403).end();
          return;
        }
        const value = randomUUID();
        issued.add(value);
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ value }));
        return;
      }
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const { status, text } = answerSession(new URLSearchParams(body), issued, assumeRole);
      response.writeHead(status, { "content-type": "text/xml" });
      response.end(text);
    });
    const mayAsk = (permissions["id-token"] ?? permissions["*"]) === "write";
    return new IdentityServices(server, {
      AWS_ENDPOINT_URL_STS: `${server.url}/sessions`,
      ...(mayAsk && {
        ACTIONS_ID_TOKEN_REQUEST_URL: `${server.url}/token?api-version=2.0`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer,
      }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
function answerSession(
  asked: URLSearchParams,
  issued: ReadonlySet<string>,
  assumeRole: AssumeRole,
): { status: number; text: string } {
  const refuse = (code: string, message: string): { status: number; text: string } => ({
    status: 400,
    text: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  });
  if (asked.get("Action") !== "AssumeRoleWithWebIdentity") return refuse("InvalidAction", "Not known here");
  if (!issued.has(asked.get("WebIdentityToken") ?? ""))
    return refuse("InvalidIdentityToken", "The token was not issued by GitHub");
  let session: AwsCredentials;
  try {
    session = assumeRole(asked.get("RoleArn") ?? "");
  } catch (error) {
    return refuse("AccessDenied", error instanceof Error ? error.message : String(error));
  }
  const { accessKeyId, secretAccessKey, sessionToken } = session;
  const expiration = new Date(Date.now() + SESSION_MS).toISOString();
  return {
    status: 200,
    text: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
      <Credentials>
        <AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey>
        <SessionToken>${sessionToken}</SessionToken><Expiration>${expiration}</Expiration>
      </Credentials>
    </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
  };
}
