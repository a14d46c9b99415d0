import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";

/**
 * Serves on loopback, says where on stdout, and returns after SIGTERM or SIGINT, when the answers on their way have
 * been sent.
 *
 * @param port - 0 for any free port
 */
export async function serveUntilSignal(app: Hono, port: number): Promise<void> {
  const signalled = new Promise<void>((resolve) => {
    // The listeners stay: the same signal may come twice, from the group and from the launcher.
    for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => resolve());
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  console.log(`llm-proxy listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await signalled;
  server.close();
  await once(server, "close");
}
