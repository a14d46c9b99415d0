import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { ListenOptions } from "node:net";

export const LOOPBACK = "127.0.0.1";

/** Below what Linux gives to whoever asks for any port, and to outgoing connections (32768 and up). */
const PORTS = [10_000, 30_000] as const;

/**
 * Ports on 127.0.0.1 at which nothing listens. Whoever asks has them to itself until its process ends, however long
 * it takes to bind them: nobody else who asks here, in this or another process of the machine, is given the same.
 *
 * @param range - the first and the last port that may be given
 */
export async function findFreePorts(
  count: number,
  range: readonly [number, number] = PORTS,
): Promise<number[]> {
  const [first, last] = range;
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(first, last + 1);
    if ((await reserve(port)) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

/** The name of a socket without a file belongs to one process at a time, and goes with it. */
async function reserve(port: number): Promise<boolean> {
  const server = createServer();
  server.unref();
  return await listens(server, { path: `\0lifeboat-local-services-${port}` });
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = await listens(server, { host: LOOPBACK, port });
  if (isListening) await once(server.close(), "close");
  return isListening;
}

async function listens(server: ReturnType<typeof createServer>, where: ListenOptions): Promise<boolean> {
  server.listen(where);
  try {
    await once(server, "listening");
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE" || code === "EACCES") return false;
    throw error;
  }
}
