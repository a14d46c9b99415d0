import { AppError } from "../../../errors.ts";
import type { Redactor } from "../../../sys/secret.ts";
import { describeConnection } from "./connection.ts";
import type { PostgresConnection } from "./connection.ts";
import { adviseSessionPooler, isSupabaseDirect } from "./poolers.ts";

/** What a server, and a tool in its own folder, say of a disk without room. */
export const DISK_FULL = /No space left on device|could not extend file|disk full|Disk quota exceeded/i;
export const SERVER_DISK_FULL =
  "The server's disk is full: give it more room than the database and its indexes need, and try again.";

/** What to do where a server has fewer locks than a transaction must hold at once. */
export const FEW_LOCKS =
  "The server has too few locks for so many tables: raise max_locks_per_transaction (it takes a restart), or take fewer schemas at once.";

/** What an error of connecting means to the operator. Errors without a code keep their own (redacted) words. */
export function explainConnectFault(
  error: unknown,
  connection: PostgresConnection,
  redactor: Redactor,
): AppError {
  if (error instanceof AppError) return error;
  const { host, port, user, database, tls } = connection;
  const { code, said } = describeError(error, redactor);
  const unreachable = (message: string, hint: string, transient = false): AppError =>
    new AppError("STORE_UNREACHABLE", message, { hint, cause: error, transient });

  if (
    isSupabaseDirect(host) &&
    ["ENOTFOUND", "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAI_AGAIN", "ENODATA"].includes(code)
  ) {
    return unreachable(
      `${host} has only an IPv6 address, and this machine cannot reach it (${code}).`,
      adviseSessionPooler(connection),
    );
  }
  switch (code) {
    case "ENOTFOUND":
      return unreachable(`The host ${host} is not known (ENOTFOUND).`, "Check the host's name in the URL.");
    case "EAI_AGAIN":
      return unreachable(
        `The host ${host} could not be looked up (EAI_AGAIN).`,
        "Check this machine's network and the host's name.",
        true,
      );
    case "ECONNREFUSED":
      return unreachable(
        `Nothing accepts connections at ${host}:${port} (ECONNREFUSED).`,
        "Check host and port, and that the server runs and listens on that address.",
        true,
      );
    case "28P01":
    case "28000":
      return new AppError("STORE_LOGIN_REFUSED", `${host}:${port} refused the login of ${user}: ${said}.`, {
        hint: /no encryption|SSL off/i.test(said)
          ? "Add sslmode=require to the URL: this server takes encrypted connections only."
          : "Check user and password; in a URL the password must be percent-encoded.",
        cause: error,
      });
    case "3D000":
      return unreachable(
        `There is no database ${database} at ${host}:${port}.`,
        "Check the last part of the URL; psql -l lists what the server has.",
      );
    case "42501":
      return new AppError("STORE_RIGHTS_MISSING", `${user} may not connect to ${database}: ${said}.`, {
        hint: `Run as an administrator: GRANT CONNECT ON DATABASE ${quoteIdent(database)} TO ${quoteIdent(user)};`,
        cause: error,
      });
    case "55000":
      return unreachable(
        `The database ${database} at ${host}:${port} takes no connection: ${said}.`,
        `A run that was killed while it replaced the database leaves it so; run in another database of the server: ALTER DATABASE ${quoteIdent(database)} ALLOW_CONNECTIONS true;`,
      );
    case "57P03":
    case "53300":
      return unreachable(
        `${host}:${port} takes no connection now: ${said}.`,
        "Try again when the server has started, or free connections.",
        true,
      );
  }
  if (/tenant or user not found/i.test(said)) {
    return new AppError("STORE_LOGIN_REFUSED", `${host}:${port} knows no such tenant or user.`, {
      hint: "Through Supabase's pooler the user is postgres.<project-ref>, and the region in the host must be the project's.",
      cause: error,
    });
  }
  if (/(max clients|too many (clients|connections)|no more connections allowed)/i.test(said)) {
    return unreachable(
      `${host}:${port} takes no more connections: ${said}.`,
      "Free connections, or raise the pooler's or the server's limit; a backup needs four.",
      true,
    );
  }
  if (/does not support SSL/i.test(said)) {
    return unreachable(
      `${host}:${port} offers no encryption, and the URL asks for it (sslmode=${tls.mode}).`,
      "Enable TLS at the server, or write sslmode=prefer if the network between is trusted.",
    );
  }
  if (/^(ERR_TLS|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/.test(code)) {
    return unreachable(
      `The certificate of ${host}:${port} was not accepted: ${said}.`,
      adviseAuthority(host),
    );
  }
  return unreachable(
    `No connection to ${describeConnection(connection)}: ${said}.`,
    "Check host, port and network; a database behind a firewall must admit this machine.",
    true,
  );
}

/** What an error of a statement means. `work` names what it was for: "Reading the catalog of app". */
export function explainQueryFault(error: unknown, work: string, redactor: Redactor): AppError {
  if (error instanceof AppError) return error;
  const { code, said } = describeError(error, redactor);
  if (code === "42501") {
    return new AppError("STORE_RIGHTS_MISSING", `${work} failed: ${said}.`, {
      hint: "Give the role the right that the message names, or use a role that has it.",
      cause: error,
    });
  }
  if (code === "53100" || DISK_FULL.test(said)) {
    return new AppError("DISK_FULL", `${work} failed: ${said}.`, { hint: SERVER_DISK_FULL, cause: error });
  }
  if (/out of shared memory/i.test(said)) {
    return new AppError("STORE_FAILED", `${work} failed: ${said}.`, { hint: FEW_LOCKS, cause: error });
  }
  const wasCut =
    /^(57P0|08)/.test(code) || /^E[A-Z]+$/.test(code) || /connection (terminated|ended)/i.test(said);
  return new AppError("STORE_FAILED", `${work} failed: ${said}.`, {
    hint: wasCut
      ? "The connection was cut: look at the server's log, and at limits of a pooler or firewall in between."
      : "The server's own message above tells what it could not do.",
    cause: error,
    transient: wasCut,
  });
}

/** The provider's own root is no secret, and every provider offers it for download. */
function adviseAuthority(host: string): string {
  if (host.endsWith(".rds.amazonaws.com")) {
    return "Fetch Amazon's authorities, and give them as ca or sslrootcert: curl -O https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem";
  }
  return "Give the provider's authority with ca or sslrootcert=/path/to/ca.pem, and the host name that the certificate names.";
}

/** An identifier as SQL wants it, always quoted. */
export function quoteIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function describeError(error: unknown, redactor: Redactor): { code: string; said: string } {
  const code = (error as { code?: unknown }).code;
  // An AggregateError (every address of the host failed) has no message of its own.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const message = first instanceof Error ? first.message : String(first);
  return { code: typeof code === "string" ? code : "", said: redactor.redact(message).replace(/\.$/, "") };
}
