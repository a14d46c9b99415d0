import { createServer, request as sendRequest } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** What the proxy does with one request. */
export type Fault =
  | { kind: "pass"; onAnswered?: () => void }
  /** Answers by itself, as S3 words its errors. */
  | { kind: "answer"; status: number; code: string; headers?: Record<string, string> }
  /** Closes the connection without an answer; `after` the service has done the work, or instead of it. */
  | { kind: "cut"; after: boolean }
  /** Passes this many bytes of the answer on, then closes the connection. */
  | { kind: "cut-body"; afterBytes: number }
  /** Takes the request and never answers. */
  | { kind: "hang" };

export interface SeenRequest {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingMessage["headers"];
}

/** A proxy in front of a real S3 service that fails where a test tells it to. */
export class FaultyS3Proxy implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  /** Decides about each request; passes all of them at first. */
  decide: (request: SeenRequest) => Fault = () => ({ kind: "pass" });
  /** Changes the headers of what is passed on. */
  transform: (headers: IncomingMessage["headers"]) => IncomingMessage["headers"] = (headers) => headers;
  readonly endpoint: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(target: string): Promise<FaultyS3Proxy> {
    const server = createServer().listen(0, "127.0.0.1");
    server.keepAliveTimeout = 0; // a client that is slow to use a connection again would find it closed: a fault of its own
    await once(server, "listening");
    const proxy = new FaultyS3Proxy(server);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      proxy.#handle(request, response, target).catch(() => response.destroy());
    });
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    const { method = "", url = "", headers } = request;
    const seen = { method, url, headers };
    this.seen.push(seen);
    const fault = this.decide(seen);
    const body = await buffer(request);
    if (fault.kind === "hang") return;
    if (fault.kind === "cut" && !fault.after) return void response.destroy();
    if (fault.kind === "answer") {
      response.writeHead(fault.status, { "content-type": "application/xml", ...fault.headers });
      response.end(`<Error><Code>${fault.code}</Code><Message>The test wants it so.</Message></Error>`);
      return;
    }
    const forwarded = sendRequest(new URL(url, target), {
      method,
      headers: this.transform(headers),
      agent: false,
    });
    forwarded.end(body);
    const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
    if (fault.kind === "cut") {
      await buffer(answer);
      return void response.destroy();
    }
    if (fault.kind === "pass") fault.onAnswered?.();
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    if (fault.kind === "pass") return void answer.pipe(response);
    const bytes = await buffer(answer);
    response.write(bytes.subarray(0, fault.afterBytes), () => response.destroy());
  }
}
