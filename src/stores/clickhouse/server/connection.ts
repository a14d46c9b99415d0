import { AppError } from "../../../errors.ts";
import { Secret } from "../../../sys/secret.ts";
import type { Redactor } from "../../../sys/secret.ts";
import type { RestoredAddress } from "../../store.ts";

/** Where a ClickHouse server is and who asks. The password travels in headers, never in an address. */
export interface Connection {
  /** Scheme, host and port alone: safe to print. */
  endpoint: string;
  user: string;
  password: Secret;
  /** The database named in the address, if one is. */
  database: string | undefined;
}

/**
 * Reads `https://user:password@host:8443/database`; `clickhouse://` and `clickhouses://` mean the same as
 * `http://` and `https://`. Registers the password, in every form it may turn up in, with the redactor.
 *
 * @throws AppError CONFIG_INVALID, without repeating the address
 */
export function parseConnection(url: Secret, redactor: Redactor): Connection {
  // One that is a host and no more is no secret: errors say where they looked.
  if (/[@?]/.test(url.reveal())) redactor.add(url);
  const invalid = (why: string): AppError =>
    new AppError("CONFIG_INVALID", `The ClickHouse address is not usable: ${why}.`, {
      hint: "Write it as https://user:password@host:8443/database, with special characters percent-encoded.",
    });
  let address: URL;
  try {
    address = new URL(url.reveal().replace(/^clickhouse(s?):/i, "http$1:"));
  } catch {
    throw invalid("it is no URL"); // the parser's own error repeats the address, password and all
  }
  if (address.protocol !== "http:" && address.protocol !== "https:") {
    throw invalid(`${address.protocol}// is not one of http, https, clickhouse, clickhouses`);
  }
  const decode = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw invalid("a % in it is no percent-encoding");
    }
  };
  const connection = {
    endpoint: `${address.protocol}//${address.hostname}:${address.port || findPort(url.reveal(), address)}`,
    user: decode(address.username) || "default",
    password: new Secret(decode(address.password)),
    database: decode(address.pathname.slice(1)) || (address.searchParams.get("database") ?? undefined),
  };
  redactor.add(connection.password);
  redactor.add(new Secret(address.password));
  redactor.add(new Secret(`${connection.user}:${connection.password.reveal()}`));
  return connection;
}

/** The server, as people write it: with its port where it is not ClickHouse's own. */
export function describeHost({ endpoint }: Connection): string {
  const usualPort = endpoint.startsWith("https:") ? ":8443" : ":8123";
  const host = endpoint.replace(/^https?:\/\//, "");
  return host.endsWith(usualPort) ? host.slice(0, -usualPort.length) : host;
}

/** Where programs find a database of the server. */
export function addressOf(connection: Connection, database: string): RestoredAddress {
  const url = new URL(connection.endpoint);
  const { hostname: host, port } = url;
  const [user, password] = [connection.user, connection.password.reveal()];
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  url.pathname = `/${encodeURIComponent(database)}`;
  return { url: url.href, host, port, user, password, database };
}

/** ClickHouse's own ports, unless the address names the web's on purpose: URL drops `:443` of `https://host:443`. */
function findPort(url: string, address: URL): string {
  const written = /^[a-z]+:\/\/(?:[^/?#]*@)?[^/?#@]*:(\d+)(?:[/?#]|$)/i.exec(url)?.[1];
  return written ?? (address.protocol === "https:" ? "8443" : "8123");
}
