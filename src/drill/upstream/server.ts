import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { AppError } from "../../errors.ts";
import type { Clock } from "../../sys/clock.ts";
import { fingerprintKey } from "../key-fingerprint.ts";
import { messages } from "./anthropic.ts";
import type { Certificate } from "./certificate.ts";
import { generateContent } from "./gemini.ts";
import { chatCompletions, responses } from "./openai.ts";
import type { Call, Shape } from "./shape.ts";

const SHAPES: readonly Shape[] = [chatCompletions, responses, messages, generateContent];

/** What the upstream keeps of a request: never the key itself. */
export interface RecordedRequest {
  receivedAt: string;
  path: string;
  /** The protocol that was spoken; undefined when the path belongs to none. */
  shape: string | undefined;
  model: string | undefined;
  /** `fingerprintKey` of the API key it carried; undefined when it carried none. */
  keyFingerprint: string | undefined;
}

export interface UpstreamOptions {
  /** The key under which API keys are fingerprinted. */
  runKey: Uint8Array;
  /** Speak HTTPS under this certificate. */
  certificate?: Certificate;
  /** 0 for any free port. */
  port: number;
  clock: Clock;
  /** Told of each request as it comes. */
  onRequest?: (request: RecordedRequest) => void;
}

/** A model provider that runs on this machine. */
export interface Upstream {
  /** Such as `http://127.0.0.1:4010`; applications add the paths of the protocol they speak. */
  readonly url: string;
  /** In the order in which they arrived. */
  readonly requests: readonly RecordedRequest[];
  close(): Promise<void>;
}

/**
 * Starts a server on loopback that speaks the protocols of OpenAI, Anthropic and Gemini well enough for their own
 * clients, answers with a fixed text, and records which key each request carried. So a call through an application
 * shows that it reached the upstream with the right key, without cost and without the key leaving the machine.
 */
export async function startUpstream(options: UpstreamOptions): Promise<Upstream> {
  const { certificate, port } = options;
  const requests: RecordedRequest[] = [];
  const app = buildApp(options, (request) => {
    requests.push(request);
    options.onRequest?.(request);
  });
  const server = createAdaptorServer({
    fetch: app.fetch,
    ...(certificate
      ? {
          createServer: createHttpsServer,
          serverOptions: { key: certificate.privateKeyPem, cert: certificate.certificatePem },
        }
      : { createServer: createHttpServer }),
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: Error) => reject(cannotListen(port, error)));
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `${certificate ? "https" : "http"}://127.0.0.1:${address.port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Clients keep connections open for reuse; nobody will use them again.
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}

function buildApp({ runKey, clock }: UpstreamOptions, record: (request: RecordedRequest) => void): Hono {
  const app = new Hono();
  app.all("*", async (context) => {
    const { pathname, searchParams } = new URL(context.req.url);
    const shape = SHAPES.find((candidate) => candidate.path.test(pathname));
    const key = shape?.findKey(context.req.raw.headers, searchParams);
    const call: Call = {
      path: pathname,
      body: await readBody(context),
      nowSeconds: Math.floor(clock.now().getTime() / 1000),
    };
    const model = shape?.findModel(call);
    record({
      receivedAt: clock.now().toISOString(),
      path: pathname,
      shape: shape?.name,
      model,
      keyFingerprint: key === undefined ? undefined : fingerprintKey(runKey, key),
    });
    if (!shape || model === undefined) {
      return context.json({ error: { message: `No protocol known here has ${pathname}.` } }, 404);
    }
    if (key === undefined)
      return context.json(shape.refuse("The request carries no API key.") as object, 401);
    const answer = shape.answer(call, model);
    if ("json" in answer) return context.json(answer.json as object);
    return streamSSE(context, async (stream) => {
      for (const event of answer.events) await stream.writeSSE(event);
    });
  });
  return app;
}

function cannotListen(port: number, cause: Error): AppError {
  return new AppError("TOOL_FAILED", `The upstream cannot listen on port ${port}: ${cause.message}.`, {
    hint: "Something else uses the port: end it, give another, or leave the port out to take any free one.",
    cause,
  });
}

async function readBody(context: Context): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await context.req.json();
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {}; // a GET, or no JSON: the shapes do with what the path says
  }
}
