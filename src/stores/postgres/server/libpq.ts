import { writeFile } from "node:fs/promises";
import { Scratch } from "../../../sys/scratch.ts";
import { CONNECT_TIMEOUT_SECONDS, KEEP_ALIVE_AFTER_SECONDS, startupOptions } from "./connection.ts";
import type { PostgresConnection } from "./connection.ts";

/** How long sent bytes may stay unacknowledged before the connection counts as broken. */
const GIVE_UP_AFTER_MS = 180_000;

/**
 * For these libpq has no variables. A service file holds them, and neither names the server nor anything secret.
 *
 * @see https://www.postgresql.org/docs/current/libpq-pgservice.html
 */
const SERVICE = `[lifeboat]
keepalives=1
keepalives_idle=${KEEP_ALIVE_AFTER_SECONDS}
keepalives_interval=15
keepalives_count=8
tcp_user_timeout=${GIVE_UP_AFTER_MS}
`;

/** What points libpq's tools at a database: variables, and private files that live as long as this. */
export class LibpqAccess implements AsyncDisposable {
  /** The variables; argv never names the server, and holds no secret. */
  readonly env: Readonly<Record<string, string>>;
  readonly #scratch: Scratch;

  private constructor(env: Record<string, string>, scratch: Scratch) {
    this.env = env;
    this.#scratch = scratch;
  }

  static async open(connection: PostgresConnection): Promise<LibpqAccess> {
    const scratch = await Scratch.create();
    try {
      return new LibpqAccess(await prepare(connection, scratch), scratch);
    } catch (error) {
      await scratch.remove();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#scratch.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function prepare(connection: PostgresConnection, scratch: Scratch): Promise<Record<string, string>> {
  const { host, port, user, password, database, tls, channelBinding } = connection;
  const options = startupOptions(connection);
  const write = async (name: string, content: string): Promise<string> => {
    await writeFile(scratch.file(name), content, { mode: 0o600 });
    return scratch.file(name);
  };
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    ...(password && { PGPASSWORD: password.reveal() }),
    // Without them libpq would look into the home directory of whoever runs us.
    PGPASSFILE: "/dev/null",
    PGSYSCONFDIR: scratch.path,
    PGSERVICEFILE: await write("service.conf", SERVICE),
    PGSERVICE: "lifeboat",
    PGSSLMODE: tls.mode,
    PGSSLROOTCERT:
      tls.authorities === undefined ? scratch.file("none") : await write("ca.pem", tls.authorities),
    PGSSLCERT: tls.client ? await write("client.pem", tls.client.certificate) : scratch.file("none"),
    PGSSLKEY: tls.client ? await write("client.key", tls.client.key) : scratch.file("none"),
    ...(options !== undefined && { PGOPTIONS: options }),
    ...(channelBinding !== undefined && { PGCHANNELBINDING: channelBinding }),
    // Kerberos would be tried first, and wait for a realm that does not answer.
    PGGSSENCMODE: "disable",
    PGAPPNAME: "lifeboat",
    PGCONNECT_TIMEOUT: String(CONNECT_TIMEOUT_SECONDS),
  };
}
