import type { ClientConfig } from "pg";
import { ConninfoProblem, formatUri, parseConninfo } from "../../../conninfo.ts";
import { AppError } from "../../../errors.ts";
import { readPrivateFile } from "../../../sys/private-file.ts";
import { Secret } from "../../../sys/secret.ts";
import type { Redactor } from "../../../sys/secret.ts";
import type { RestoredAddress } from "../../store.ts";
import type { Pooler } from "./poolers.ts";
import { readTls, tlsOptions } from "./tls.ts";
import type { Tls } from "./tls.ts";

export const CONNECT_TIMEOUT_SECONDS = 20;
/** The session that holds the snapshot is idle for as long as the dump takes; cloud firewalls forget it in minutes. */
export const KEEP_ALIVE_AFTER_SECONDS = 60;

/**
 * Lifts what a role or a database limits by default before the first statement. Only settings that every supported
 * server knows, as startup options: a limit of milliseconds would cut a SET as well. PgBouncer refuses them.
 */
const LIFTED =
  "-c statement_timeout=0 -c lock_timeout=60s -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0";

/** Waiting for ever would hold up the run. */
const LOCK_WAIT_MS = 60_000;

/** Where a database is, as the operator gives it. */
export interface PostgresAddress {
  /** A URI or libpq's string of keywords and values. */
  url: Secret;
  /** Path of a file that holds the password and that others cannot read. */
  passwordFile?: string | undefined;
  /** How long something is waited for that others hold locked; a minute when absent. */
  lockWaitMs?: number;
}

/** One database and how to reach it, from which both `pg` and libpq's tools are configured. */
export interface PostgresConnection {
  /** A name, an address, or the folder of a Unix socket. */
  host: string;
  port: number;
  user: string;
  password: Secret | undefined;
  database: string;
  tls: Tls;
  /** Startup options of the operator, such as Neon's `endpoint=…`. */
  options: string | undefined;
  /** `require` where the operator insists on it; the tools do, `pg` uses it where the server offers it. */
  channelBinding: string | undefined;
  lockWaitMs: number;
  /** What the first connection finds out about the way, for those that follow, tools among them. */
  learned: { refusesOptions: boolean; pooler: Pooler | undefined };
  /** All parameters as they were given, for commands that read a URI. */
  parameters: ReadonlyMap<string, string>;
}

/**
 * Reads an address as libpq does, and lets the redactor know what is secret in it. Files that it names are read.
 *
 * @throws AppError CONFIG_INVALID, never quoting the address
 */
export function parsePostgresAddress(
  store: string,
  { url, passwordFile, lockWaitMs = LOCK_WAIT_MS }: PostgresAddress,
  redactor: Redactor,
): PostgresConnection {
  redactor.add(url);
  const parsed = parseConninfo(url.reveal());
  if (parsed instanceof ConninfoProblem) {
    throw new AppError("CONFIG_INVALID", `The address of ${store} ${parsed.text}`, {
      hint: "docs/postgres.md shows the forms in which a database can be given.",
    });
  }
  if (!parsed.get("user")) {
    // Where libpq takes the name of whoever runs it, a backup must not depend on that.
    throw new AppError("CONFIG_INVALID", `The address of ${store} names no user.`, {
      hint: "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or user=USER.",
    });
  }
  const parameters = new Map(parsed);
  if (passwordFile !== undefined) {
    parameters.set("password", readPrivateFile(passwordFile, `password-file of ${store}`));
  }
  const password = parameters.get("password");
  for (const secret of [
    password,
    parameters.get("sslkey")?.includes("-----BEGIN") && parameters.get("sslkey"),
  ]) {
    if (secret) redactor.add(new Secret(secret));
  }
  const [host, user] = [parameters.get("host") ?? "", parameters.get("user") ?? ""];
  const tls = readTls(
    {
      host,
      sslmode: parameters.get("sslmode"),
      sslrootcert: parameters.get("sslrootcert"),
      sslcert: parameters.get("sslcert"),
      sslkey: parameters.get("sslkey"),
    },
    (why, hint) => new AppError("CONFIG_INVALID", `The address of ${store} ${why}.`, { hint }),
  );
  return {
    host,
    port: Number(parameters.get("port") ?? 5432),
    user,
    password: password === undefined ? undefined : new Secret(password),
    database: parameters.get("dbname") ?? user,
    tls,
    options: parameters.get("options"),
    channelBinding: parameters.get("channel_binding"),
    lockWaitMs,
    learned: { refusesOptions: false, pooler: undefined },
    parameters,
  };
}

/** The way to another database on the same server. */
export function connectionTo(connection: PostgresConnection, database: string): PostgresConnection {
  const parameters = new Map(connection.parameters).set("dbname", database);
  return { ...connection, database, parameters };
}

/** Where programs find it. */
export function addressOf(connection: PostgresConnection): RestoredAddress {
  const { host, port, user, password, database } = connection;
  return {
    url: formatUri(connection.parameters),
    host,
    port,
    user,
    password: password?.reveal() ?? "",
    database,
  };
}

/** Whether the server is on this machine, behind a file: nothing to encrypt, and no host name. */
export function isUnixSocket({ host }: PostgresConnection): boolean {
  return host.startsWith("/");
}

/** What `pg` needs to connect, without encryption where the server offers none and the mode allows it. */
export function clientConfig(connection: PostgresConnection, encrypted: boolean): ClientConfig {
  const { host, port, user, password, database, channelBinding } = connection;
  const options = startupOptions(connection);
  return {
    host,
    port,
    user,
    database,
    ...(password && { password: password.reveal() }),
    ssl: encrypted ? tlsOptions(connection.tls) : false,
    ...(options !== undefined && { options }),
    enableChannelBinding: channelBinding === "require",
    application_name: "lifeboat",
    connectionTimeoutMillis: CONNECT_TIMEOUT_SECONDS * 1000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_SECONDS * 1000,
  };
}

/** The operator's options, and ours unless something on the way refuses them; undefined for none. */
export function startupOptions({ options, learned }: PostgresConnection): string | undefined {
  const all = [...(options === undefined ? [] : [options]), ...(learned.refusesOptions ? [] : [LIFTED])];
  return all.length === 0 ? undefined : all.join(" ");
}

/** The server, as people write it: with its port where it is not 5432. */
export function describeHost({ host, port }: PostgresConnection): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === 5432 ? name : `${name}:${port}`;
}

/** Where a connection leads, as people write it: no user, no password. */
export function describeConnection({ host, port, database }: PostgresConnection): string {
  return `${host}:${port}/${database}`;
}
