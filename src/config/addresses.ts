import type { StoreKind } from "../backup/manifest.ts";
import { ConninfoProblem, formatUri, parseConninfo } from "../conninfo.ts";
import { Secret } from "../sys/secret.ts";
import type { Path } from "./faults.ts";
import { valueAt } from "./faults.ts";
import type { Sources } from "./sources.ts";
import type { Given } from "./values.ts";
import { listUrlSecrets, readStoreUrl } from "./values.ts";

/** Where a database is. */
export interface Address {
  url: Secret;
  /** Postgres: path of a file that holds the password. */
  passwordFile?: string;
}

/** The keys beside `url`, and what libpq calls them. */
const PARTS = {
  host: "host",
  port: "port",
  user: "user",
  password: "password",
  database: "dbname",
  sslmode: "sslmode",
  ca: "sslrootcert",
  options: "options",
} as const;
const PASSWORD_FILE = "password-file";

/**
 * Reads where a database is: its address whole, or for Postgres also in parts, which may complete an address.
 *
 * @param path - the map in the file that holds `url` and the parts; undefined where an option gives the address
 * @param given - the address, where one is given
 * @param isNeeded - whether a variable that is not set is a problem
 * @returns undefined where nothing is given, or it cannot be used, which is told
 */
export function readAddress(
  sources: Sources,
  path: Path | undefined,
  kind: StoreKind,
  given: Given | undefined,
  isNeeded: boolean,
): Address | undefined {
  const { problems, secrets } = sources;
  const url = given && readStoreUrl(given, kind, problems);
  if (url) secrets.push(...listUrlSecrets(url));
  const written = path
    ? [...Object.keys(PARTS), PASSWORD_FILE].filter((key) => isWritten(sources, path, key))
    : [];
  if (path === undefined || written.length === 0) return url && { url };
  if (kind !== "postgres") {
    for (const key of written) {
      problems.add(sources.place([...path, key]), `means nothing for ${kind}. Leave it out.`);
    }
    return url && { url };
  }
  if (given && !url) return undefined;
  const parameters = readParts(sources, path, url, isNeeded);
  const file = sources.text([...path, PASSWORD_FILE], isNeeded)?.text;
  if (file !== undefined && parameters?.has("password")) {
    problems.add(sources.place([...path, PASSWORD_FILE]), "stands beside a password. Leave one of them out.");
  }
  if (!parameters || (!url && !parameters.has("host"))) return undefined;
  const password = parameters.get("password");
  if (password !== undefined) secrets.push(new Secret(password));
  const whole = new Secret(formatUri(parameters));
  const checked = parseConninfo(whole.reveal());
  if (checked instanceof ConninfoProblem) {
    problems.add(sources.place(path), checked.text);
    return undefined;
  }
  secrets.push(whole);
  return { url: whole, ...(file !== undefined && { passwordFile: file }) };
}

/** Whether the file says where a database is in parts, so that it needs no address. */
export function hasParts(sources: Sources, path: Path): boolean {
  return isWritten(sources, path, "host");
}

function isWritten(sources: Sources, path: Path, key: string): boolean {
  const node = valueAt(sources.content, path);
  return typeof node === "object" && node !== null && key in node;
}

/** @returns undefined where a variable that a part names is not set */
function readParts(
  sources: Sources,
  path: Path,
  url: Secret | undefined,
  isNeeded: boolean,
): Map<string, string> | undefined {
  const inAddress = url && parseConninfo(url.reveal());
  const parameters = new Map(inAddress instanceof ConninfoProblem ? [] : inAddress);
  let isComplete = true;
  for (const [key, name] of Object.entries(PARTS)) {
    const value = valueAt(sources.content, [...path, key]);
    if (value === undefined) continue;
    if (parameters.has(name)) {
      sources.problems.add(
        sources.place([...path, key]),
        "is in the address as well. Leave one of them out.",
      );
    }
    const text = typeof value === "number" ? String(value) : sources.text([...path, key], isNeeded)?.text;
    if (text === undefined) isComplete = false;
    else parameters.set(name, text);
  }
  return isComplete ? parameters : undefined;
}
