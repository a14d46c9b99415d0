import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LOOPBACK, findFreePorts } from "../../local-services/ports.ts";

export interface TestServer extends AsyncDisposable {
  url: string;
}

/** A server on loopback that answers as the test wants. */
export async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<TestServer> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An address on loopback where nothing listens. */
export async function findFreeAddress(): Promise<string> {
  const [port] = await findFreePorts(1);
  return `http://${LOOPBACK}:${port}`;
}
