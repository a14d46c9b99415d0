import { text } from "node:stream/consumers";
import type { IncomingHttpHeaders } from "node:http";
import { serve } from "./http-server.ts";

/** A request that reached the board. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface NoticeBoard extends AsyncDisposable {
  url: string;
  received: Received[];
}

/**
 * Takes notices as Slack, Discord, a mail service and a heartbeat service do.
 *
 * @param answer - status and body of each answer, in order; 200 "ok" when there are no more
 */
export async function openNoticeBoard(
  ...answers: { status: number; body?: string; headers?: Record<string, string> }[]
): Promise<NoticeBoard> {
  const received: Received[] = [];
  const server = await serve(async (request, response) => {
    const { method = "", url: path = "", headers } = request;
    received.push({ method, path, headers, body: await text(request) });
    const { status, body = "", headers: given = {} } = answers.shift() ?? { status: 200, body: "ok" };
    response.writeHead(status, given).end(body);
  });
  return { url: server.url, received, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
