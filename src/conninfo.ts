import { distance } from "fastest-levenshtein";

/**
 * The address of a Postgres database as libpq reads it: a URI, or a string of keywords and values. Pure text: what
 * the parameters mean is for those who connect.
 *
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
 */
export type Conninfo = ReadonlyMap<string, string>;

/** Why an address cannot be used, as a sentence that goes on after its name; it never quotes the address. */
export class ConninfoProblem {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const SPELLING =
  "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with @ : / ? # % in the password percent-encoded.";

/** What is understood. Others (of ORMs and poolers: `schema`, `pgbouncer`) mean nothing to a backup. */
const UNDERSTOOD = [
  ...["host", "port", "dbname", "user", "password", "options", "channel_binding"],
  ...["sslmode", "sslrootcert", "sslcert", "sslkey"],
];
/** Understood by libpq, and without a use here: the product sets its own. */
const OWN_CHOICE = [
  ...["application_name", "fallback_application_name", "client_encoding", "connect_timeout"],
  ...["keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"],
  ...[
    "target_session_attrs",
    "load_balance_hosts",
    "gssencmode",
    "sslnegotiation",
    "sslcompression",
    "sslsni",
  ],
];
/** What would be a danger, or a riddle, to pass over. */
const REFUSED: Readonly<Record<string, string>> = {
  service: "Give host, user and database themselves.",
  hostaddr: "Give the address as the host.",
  passfile: "Give the password from the environment, or in a password-file.",
  sslcrl: "Lists of revoked certificates are not read here.",
  sslcrldir: "Lists of revoked certificates are not read here.",
  sslpassword: "Give a key without a passphrase, in a file of your own.",
  require_auth: "Leave it out: the server chooses how a password is proved.",
  requirepeer: "Leave it out: it is not checked here.",
  ssl_min_protocol_version: "Leave it out: TLS 1.2 is the oldest that is spoken.",
  ssl_max_protocol_version: "Leave it out: TLS 1.2 is the oldest that is spoken.",
};

/** Whether a text is meant as keywords and values: `host=db dbname=app`. */
export function isKeywordString(text: string): boolean {
  return /^\s*[a-z_]+\s*=/i.test(text);
}

/** Reads either form. An address without a host, or with several, is a problem. */
export function parseConninfo(text: string): Conninfo | ConninfoProblem {
  const parsed = isKeywordString(text) ? parseKeywords(text) : parseUri(text);
  return parsed instanceof ConninfoProblem ? parsed : check(parsed);
}

/** The same parameters as a URI, which psql, pg_dump and the drivers of applications read. */
export function formatUri(parameters: Conninfo): string {
  const rest = new Map(parameters);
  const take = (name: string): string => {
    const value = rest.get(name) ?? "";
    rest.delete(name);
    return value;
  };
  const [user, password, host, port, dbname] = ["user", "password", "host", "port", "dbname"].map((name) =>
    take(name),
  ) as [string, string, string, string, string];
  // A socket's folder, or an IPv6 address, is no host name.
  const authority = host.includes(":") ? `[${host}]` : encodeURIComponent(host);
  const login = encodeURIComponent(user) + (password === "" ? "" : `:${encodeURIComponent(password)}`);
  const query = [...rest].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  return (
    `postgresql://${login}@${authority}${port === "" ? "" : `:${port}`}/${encodeURIComponent(dbname)}` +
    (query === "" ? "" : `?${query}`)
  );
}

function check(parameters: Map<string, string>): Conninfo | ConninfoProblem {
  for (const [name, value] of parameters) {
    const why = REFUSED[name];
    if (why !== undefined) return new ConninfoProblem(`gives ${name}, which is not supported. ${why}`);
    if (UNDERSTOOD.includes(name)) continue;
    const meant = [...UNDERSTOOD, ...OWN_CHOICE].find((known) => distance(known, name) <= 2);
    if (meant !== undefined && meant !== name) {
      return new ConninfoProblem(`gives an unknown ${name}. Did you mean ${meant}?`);
    }
    parameters.delete(name);
    if (name === "ssl" && value === "true") parameters.set("sslmode", "require"); // as libpq does, for JDBC's sake
  }
  const host = parameters.get("host") ?? "";
  const port = parameters.get("port") ?? "";
  if (host.includes(",") || port.includes(",")) {
    return new ConninfoProblem("names several hosts. Name one: a backup must know which server it is of.");
  }
  if (port !== "" && !(/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536)) {
    return new ConninfoProblem(`cannot be read: its port is no number from 1 to 65535. ${SPELLING}`);
  }
  if (host === "") return new ConninfoProblem(`names no host. ${SPELLING}`);
  return parameters;
}

function parseUri(text: string): Map<string, string> | ConninfoProblem {
  const [, scheme, rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text.trim()) ?? [];
  if (scheme === undefined) return new ConninfoProblem(`cannot be read. ${SPELLING}`);
  if (!/^postgres(ql)?$/i.test(scheme)) {
    return new ConninfoProblem(`begins with ${scheme}://, not postgresql://. ${SPELLING}`);
  }
  const [, authority = "", path = "", query = ""] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest) ?? [];
  // What should be in front of an @ ended early: the rest of a password would pass for a host, and be printed as one.
  if (`${path}${query}`.includes("@"))
    return new ConninfoProblem(`cannot be read: it holds an @ behind its host. ${SPELLING}`);
  const [, user, password, hosts = ""] = /^(?:([^:@]*)(?::(.*))?@)?(.*)$/s.exec(authority) ?? [];
  const [, host = hosts, port] = /^(\[[^\]]*\]|[^:,]*):([^:,]*)$/.exec(hosts) ?? [];
  const pairs = query === "" ? [] : query.split("&").map((pair) => splitOnce(pair, "="));
  try {
    const given: [string, string | undefined][] = [
      ["host", decodeURIComponent(host).replace(/^\[(.*)\]$/, "$1")],
      ["port", port],
      ["user", user && decodeURIComponent(user)],
      ["password", password && decodeURIComponent(password)],
      ["dbname", decodeURIComponent(path)],
      ...pairs.map(([name, value]): [string, string] => [
        decodeURIComponent(name),
        decodeURIComponent(value),
      ]),
    ];
    return new Map(given.flatMap(([name, value]) => (value ? [[name, value]] : [])));
  } catch {
    return new ConninfoProblem(
      "holds a % that begins no percent-encoded character. Write a literal % as %25.",
    );
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function parseKeywords(text: string): Map<string, string> | ConninfoProblem {
  const parameters = new Map<string, string>();
  const pair = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/iy;
  while (text.slice(pair.lastIndex).trim() !== "") {
    const [, name, quoted, plain = ""] = pair.exec(text) ?? [];
    if (name === undefined) {
      return new ConninfoProblem(
        "cannot be read. Write host=HOST dbname=DATABASE user=USER, with values that hold spaces in '…'.",
      );
    }
    const value = (quoted ?? plain).replace(/\\(.)/gs, "$1");
    if (value !== "") parameters.set(name, value);
  }
  return parameters;
}
