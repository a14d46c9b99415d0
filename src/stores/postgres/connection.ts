import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { ClientConfig } from "pg";
import { AppError } from "../../errors.ts";
import { Secret } from "../../sys/secret.ts";
import type { Redactor } from "../../sys/secret.ts";

const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** `sslrootcert=system`, as libpq 16 and later spell it: the certificate authorities the machine trusts. */
const SYSTEM_ROOTS = "system";
const CONNECT_TIMEOUT_SECONDS = 20;
/** The session that holds the snapshot is idle for as long as the dump takes; cloud firewalls forget it in minutes. */
const KEEP_ALIVE_AFTER_MS = 60_000;

/**
 * Given as startup options, since a role's own defaults (Supabase's 120 s statement_timeout) win over a SET that
 * a pooler may send to another session. Only settings that every supported server knows.
 */
const SESSION_OPTIONS = "-c statement_timeout=0 -c lock_timeout=60s -c idle_in_transaction_session_timeout=0";

/** One database and how to reach it, from which both `pg` and libpq's tools are configured. */
export interface PostgresConnection {
  host: string;
  port: number;
  user: string;
  password: Secret | undefined;
  database: string;
  sslMode: SslMode;
  /** Path of the certificate authority's file, "system", or undefined where nothing is verified. */
  sslRootCert: string | undefined;
  /** Startup options of the operator (Neon's `endpoint=…`), before ours. */
  options: string | undefined;
}

/**
 * Reads a connection URL as libpq does, and lets the redactor know what is secret in it.
 *
 * @throws AppError CONFIG_INVALID, never quoting the URL
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 */
export function parsePostgresUrl(store: string, url: Secret, redactor: Redactor): PostgresConnection {
  redactor.add(url);
  const invalid = (why: string, hint: string): AppError =>
    new AppError("CONFIG_INVALID", `The URL of ${store} ${why}.`, { hint });
  const spelling =
    "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with @ : / ? # % in the password percent-encoded.";

  let parsed: URL;
  try {
    parsed = new URL(url.reveal());
  } catch {
    throw invalid("cannot be read", spelling); // the cause would quote the URL
  }
  if (!["postgres:", "postgresql:"].includes(parsed.protocol)) {
    throw invalid(`begins with ${parsed.protocol}//, not postgresql://`, spelling);
  }
  if (parsed.hostname === "" || parsed.username === "") throw invalid("names no host or no user", spelling);

  const decode = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw invalid("holds a % that begins no percent-encoded character", "Write a literal % as %25.");
    }
  };
  const user = decode(parsed.username);
  const password = decode(parsed.password);
  redactor.add(new Secret(parsed.password));
  redactor.add(new Secret(password));

  const sslMode = SSL_MODES.find((mode) => mode === (parsed.searchParams.get("sslmode") ?? "prefer"));
  if (!sslMode) throw invalid("has an unknown sslmode", `Use one of ${SSL_MODES.join(", ")}.`);
  const sslRootCert = parsed.searchParams.get("sslrootcert") ?? undefined;
  if (sslMode === "verify-ca" && sslRootCert === undefined) {
    throw invalid("asks for verify-ca without a certificate authority", "Add sslrootcert=/path/to/ca.pem.");
  }
  return {
    host: decode(parsed.hostname).replace(/^\[(.*)\]$/, "$1"),
    port: parsed.port === "" ? 5432 : Number(parsed.port),
    user,
    password: password === "" ? undefined : new Secret(password),
    database: decode(parsed.pathname.slice(1)) || user,
    sslMode,
    sslRootCert: sslRootCert ?? (sslMode === "verify-full" ? SYSTEM_ROOTS : undefined),
    options: parsed.searchParams.get("options") ?? undefined,
  };
}

/** The URL of another database on the same server, reached in the same way. */
export function urlOfDatabase(url: Secret, database: string): Secret {
  const changed = new URL(url.reveal());
  changed.pathname = `/${encodeURIComponent(database)}`;
  return new Secret(changed.href);
}

/** What `pg` needs to connect, without encryption where the server offers none and the mode allows it. */
export function clientConfig(connection: PostgresConnection, encrypted: boolean): ClientConfig {
  const { host, port, user, password, database } = connection;
  return {
    host,
    port,
    user,
    database,
    ...(password && { password: password.reveal() }),
    ssl: encrypted ? tlsOptions(connection) : false,
    options: sessionOptions(connection),
    application_name: "lifeboat",
    connectionTimeoutMillis: CONNECT_TIMEOUT_SECONDS * 1000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
  };
}

/** The environment that points pg_dump and pg_restore at the same database; argv never names it. */
export function libpqEnv(connection: PostgresConnection): Record<string, string> {
  const { host, port, user, password, database, sslMode, sslRootCert } = connection;
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    ...(password && { PGPASSWORD: password.reveal() }),
    // Without it libpq would look for a password in the home directory of whoever runs us.
    PGPASSFILE: "/dev/null",
    PGSSLMODE: sslMode,
    ...(sslRootCert !== undefined && { PGSSLROOTCERT: sslRootCert }),
    PGOPTIONS: sessionOptions(connection),
    PGAPPNAME: "lifeboat",
    PGCONNECT_TIMEOUT: String(CONNECT_TIMEOUT_SECONDS),
  };
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

function sessionOptions({ options }: PostgresConnection): string {
  return options === undefined ? SESSION_OPTIONS : `${options} ${SESSION_OPTIONS}`;
}

/**
 * What each sslmode means to libpq: `require` encrypts and verifies nothing unless an authority is given, and
 * `verify-ca` does not look at the host's name. (`pg` itself takes `require` for verify-full.)
 *
 * @see https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
 */
function tlsOptions({ sslMode, sslRootCert }: PostgresConnection): ConnectionOptions {
  const verifies = sslMode.startsWith("verify-") || (sslMode === "require" && sslRootCert !== undefined);
  if (!verifies) return { rejectUnauthorized: false };
  return {
    rejectUnauthorized: true,
    ...(sslRootCert !== undefined && sslRootCert !== SYSTEM_ROOTS && { ca: readAuthority(sslRootCert) }),
    ...(sslMode !== "verify-full" && { checkServerIdentity: () => undefined }),
  };
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new AppError("CONFIG_INVALID", `The certificate authority ${path} (sslrootcert) cannot be read.`, {
      hint: "Give the path of a PEM file that this user may read.",
      cause: error,
    });
  }
}
