import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { pipeline } from "node:stream";
import { LOOPBACK } from "../../local-services/ports.ts";
import { changeUrl } from "./postgres-databases.ts";

/**
 * A way to a Postgres server on which a client waits as soon as it says a certain text, until it is let through: so that
 * a program that is gone in a moment can be looked at, or ended, in the middle of its work.
 */
export class PostgresGate implements AsyncDisposable {
  /** The address that it was started for, through the gate. */
  readonly url: string;
  /** Resolves when the first client waits. */
  readonly held: Promise<void>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #tellHeld = (): void => {};
  #letThrough = (): void => {};

  private constructor(server: Server, url: string, text: string) {
    this.#server = server;
    this.url = changeUrl(url, {
      hostname: LOOPBACK,
      port: String((server.address() as AddressInfo).port),
    }).reveal();
    this.held = new Promise((resolve) => (this.#tellHeld = resolve));
    const open = new Promise<void>((resolve) => (this.#letThrough = resolve));
    const { hostname, port } = new URL(url);
    server.on("connection", (client) => {
      const upstream = connect(Number(port), hostname);
      for (const socket of [client, upstream]) this.#sockets.add(socket);
      const hold = async function* (
        said: AsyncIterable<Buffer>,
        tellHeld: () => void,
      ): AsyncGenerator<Buffer> {
        let before = "";
        for await (const bytes of said) {
          const heard = before + bytes.toString("latin1");
          if (heard.includes(text)) {
            tellHeld();
            await open;
          }
          before = heard.slice(1 - text.length); // the text may come in two pieces
          yield bytes;
        }
      };
      pipeline(
        client,
        (said: AsyncIterable<Buffer>) => hold(said, this.#tellHeld),
        upstream,
        () => {},
      );
      pipeline(upstream, client, () => {});
    });
  }

  /** @param text - a part of a statement, of ASCII alone; connections must not be encrypted */
  static async start(url: string, text: string): Promise<PostgresGate> {
    const server = createServer().listen(0, LOOPBACK);
    await once(server, "listening");
    return new PostgresGate(server, url, text);
  }

  /** Lets whoever waits through, and all others from now on. */
  open(): void {
    this.#letThrough();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
