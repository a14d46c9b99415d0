import { createHash, randomUUID } from "node:crypto";
import { Hono } from "hono";
import type { Context } from "hono";
import { findUsage, parseJson, PROVIDERS } from "./providers.ts";
import type { ProviderName } from "./providers.ts";
import type { LoggedRequest } from "./request-log.ts";
import type { Services } from "./services.ts";

/** The routes: health, and each provider's endpoints under `/proxy`. */
export function buildApp(services: Services): Hono {
  const app = new Hono();
  app.get("/health", (context) => context.json({ status: "ok" }));
  app.get("/health/ready", async (context) => {
    const stores = await checkStores(services);
    const isReady = Object.values(stores).every((state) => state === "ok");
    return context.json(stores, isReady ? 200 : 503);
  });
  for (const name of Object.keys(PROVIDERS) as ProviderName[]) {
    const { prefix, endpoints } = PROVIDERS[name];
    for (const endpoint of endpoints) {
      app.post(prefix + endpoint, (context) => proxyCall(context, name, endpoint, services));
    }
  }
  return app;
}

/** Reads a table of each store: a server that answers, with an empty database behind it, is of no use. */
async function checkStores({ postgres, clickhouse }: Services): Promise<Record<string, "ok" | "failed">> {
  const [organisations, requests] = await Promise.allSettled([
    postgres.query("SELECT FROM organisations LIMIT 1"),
    clickhouse.query({ query: "SELECT 1 FROM requests LIMIT 1" }).then((result) => result.text()),
  ]);
  const describe = ({ status }: PromiseSettledResult<unknown>): "ok" | "failed" =>
    status === "fulfilled" ? "ok" : "failed";
  return { postgres: describe(organisations), clickhouse: describe(requests) };
}

async function proxyCall(
  context: Context,
  name: ProviderName,
  endpoint: string,
  services: Services,
): Promise<Response> {
  const caller = await findCaller(context.req.raw.headers, services);
  if (!caller) return context.json({ error: "INVALID_API_KEY" }, 401);
  const providerKey = await findProviderKey(caller.organisation_id, name, services);
  if (providerKey === undefined) return context.json({ error: "NO_PROVIDER_KEY" }, 400);

  const body = await context.req.text();
  const request = {
    id: randomUUID(),
    ...caller,
    provider: name,
    model: readModel(body),
    created_at: new Date(),
  };
  const answer = await callProvider(name, endpoint, providerKey, context.req.raw.headers, body, services);
  const [forCaller, forLog] = answer.body?.tee() ?? [null, null];
  services.requestLog.add(finishRequest(request, answer.status, forLog));
  const headers = { "content-type": answer.headers.get("content-type") ?? "", "x-request-id": request.id };
  return new Response(forCaller, { status: answer.status, headers });
}

type Caller = Pick<LoggedRequest, "organisation_id" | "api_key_id">;

/** Whose key this is; OpenAI's clients send it as a bearer token, Anthropic's in a header of its own. */
async function findCaller(headers: Headers, { postgres }: Services): Promise<Caller | undefined> {
  const apiKey = headers.get("x-api-key") ?? /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (apiKey === undefined) return undefined;
  const { rows } = await postgres.query<Caller>(
    "SELECT organisation_id, id AS api_key_id FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL",
    [createHash("sha256").update(apiKey).digest()],
  );
  return rows[0];
}

async function findProviderKey(
  organisationId: string,
  provider: ProviderName,
  { postgres, decrypt }: Services,
): Promise<string | undefined> {
  const { rows } = await postgres.query<{ encrypted_key: string }>(
    "SELECT encrypted_key FROM provider_keys WHERE organisation_id = $1 AND provider = $2",
    [organisationId, provider],
  );
  return rows[0] && decrypt(rows[0].encrypted_key);
}

async function callProvider(
  name: ProviderName,
  endpoint: string,
  key: string,
  callerHeaders: Headers,
  body: string,
  { baseUrls }: Services,
): Promise<Response> {
  const { authorise, passedHeaders } = PROVIDERS[name];
  const headers = new Headers({ "content-type": "application/json", ...authorise(key) });
  for (const header of passedHeaders) {
    const value = callerHeaders.get(header);
    if (value !== null) headers.set(header, value);
  }
  try {
    return await fetch(baseUrls[name] + endpoint, { method: "POST", headers, body });
  } catch {
    return Response.json({ error: "UPSTREAM_UNREACHABLE" }, { status: 502 });
  }
}

function readModel(body: string): string {
  const { model } = (parseJson(body) ?? {}) as { model?: unknown };
  return typeof model === "string" ? model : "";
}

/** @param answer - the caller's own copy is sent meanwhile; one that breaks off is logged without tokens */
async function finishRequest(
  request: Omit<LoggedRequest, "status" | "latency_ms" | keyof ReturnType<typeof findUsage>>,
  status: number,
  answer: ReadableStream | null,
): Promise<LoggedRequest> {
  const text = await new Response(answer).text().catch(() => "");
  const latencyMs = Date.now() - request.created_at.getTime();
  return { ...request, status, ...findUsage(text), latency_ms: latencyMs };
}
