import { pathToFileURL } from "node:url";
import { ConninfoProblem, isKeywordString, parseConninfo } from "../conninfo.ts";
import { Secret } from "../sys/secret.ts";
import type { Place, Problems } from "./problems.ts";

/** A text as the operator gave it, and where. */
export interface Given {
  text: string;
  place: Place;
  /** Whether any of it came from an environment variable: then it may be a credential. */
  isFromEnvironment: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Replaces `${NAME}` and `${NAME:-default}` by the environment's values; `$${` stands for `${` itself. As in a
 * shell, the default also stands for an empty value, which is what GitHub makes of a secret that does not exist.
 *
 * @param isNeeded - whether a variable that is not set is a problem
 * @returns undefined when a variable is not set
 */
export function expandVariables(
  text: string,
  place: Place,
  { env, problems, isNeeded }: { env: Environment; problems: Problems; isNeeded: boolean },
): Given | undefined {
  let isFromEnvironment = false;
  let isComplete = true;
  const pattern = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-((?:(?!\$\{)[^}])*))?\}|\$\{/g;
  const expanded = text.replace(pattern, (match: string, name?: string, fallback?: string) => {
    if (match === "$${") return "${";
    const value = name === undefined ? undefined : env[name];
    if (value) {
      isFromEnvironment = true;
      return value;
    }
    if (fallback !== undefined) return fallback;
    isComplete = false;
    if (name === undefined) {
      problems.add(
        place,
        "has a ${ that begins no variable, or holds one in its default. Write ${NAME} or ${NAME:-default}; $${ stands for ${ itself.",
      );
    } else if (isNeeded) {
      problems.add(place, `needs the environment variable ${name}, which is not set or empty.`);
    }
    return "";
  });
  return isComplete ? { text: expanded, place, isFromEnvironment } : undefined;
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads `90s`, `10m`, `24h`, `7d` or `2w`, in milliseconds. */
export function readDurationMs(given: Given, problems: Problems): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([smhdw])$/.exec(given.text);
  const ms = match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : 0;
  if (ms > 0) return ms;
  problems.add(
    given.place,
    "is no duration. Write a number above 0 and a unit, such as 90s, 10m, 24h or 7d.",
  );
  return undefined;
}

const SIZE_UNITS = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** Reads `500MB`, `20GB` or `1.5TiB`, in bytes. */
export function readSizeBytes(given: Given, problems: Problems): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]i?b|b)$/i.exec(given.text);
  const unit = match?.[2]?.toUpperCase() as keyof typeof SIZE_UNITS | undefined;
  if (unit) return Math.round(Number(match?.[1]) * SIZE_UNITS[unit]);
  problems.add(given.place, "is no size. Write a number and a unit, such as 500MB or 20GB.");
  return undefined;
}

/** Reads ISO 8601; a time without a zone is UTC, a date alone is its first moment. */
export function readTime(given: Given, problems: Problems): Date | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?(Z|[+-]\d\d:\d\d)?$/.exec(
    given.text,
  );
  const [, day = "", moment = "00:00", zone = "Z"] = match ?? [];
  const time = new Date(`${day}T${moment}${zone}`);
  // The parser takes 30 February for 1 March, so the day is written back and compared.
  const midnight = new Date(`${day}T00:00Z`);
  if (!Number.isNaN(time.getTime()) && midnight.toISOString().startsWith(day)) return time;
  problems.add(given.place, "is no time. Write it in UTC, such as 2026-11-20 or 2026-11-20T02:00:00Z.");
  return undefined;
}

export function readFlag(given: Given, problems: Problems): boolean | undefined {
  const text = given.text.toLowerCase();
  if (text === "true" || text === "false") return text === "true";
  problems.add(given.place, "must be true or false.");
  return undefined;
}

/** Reads several values, separated by commas or line breaks. */
export function readList(given: Given): string[] {
  return given.text
    .split(/[,\n]/)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

const STORE_SCHEMES = {
  postgres: { schemes: ["postgres:", "postgresql:"], example: "postgres://user:password@host:5432/database" },
  clickhouse: {
    schemes: ["https:", "http:", "clickhouse:", "clickhouses:"],
    example: "https://user:password@host:8443, its HTTP interface",
  },
};

/** Reads a database's address. The whole of it is a credential. */
export function readStoreUrl(
  given: Given,
  kind: keyof typeof STORE_SCHEMES,
  problems: Problems,
): Secret | undefined {
  const { schemes, example } = STORE_SCHEMES[kind];
  if (kind === "postgres" && (isKeywordString(given.text) || /^postgres(ql)?:\/\//i.test(given.text))) {
    const parsed = parseConninfo(given.text);
    if (!(parsed instanceof ConninfoProblem)) return new Secret(given.text);
    problems.add(given.place, parsed.text);
    return undefined;
  }
  const url = parseUrl(given.text);
  if (!url)
    problems.add(given.place, `is no address. Write ${example}; special characters in it URL-encoded.`);
  else if (!schemes.includes(url.protocol)) {
    problems.add(given.place, `starts with ${url.protocol}//, which is not for ${kind}. Write ${example}.`);
  } else if (`${url.pathname}${url.search}${url.hash}`.includes("@")) {
    problems.add(
      given.place,
      `holds an @ behind its host. Write ${example}; special characters URL-encoded.`,
    );
  } else return new Secret(given.text);
  return undefined;
}

/**
 * The credentials in an address that turn up by themselves: the password, as it is and as it is sent. An address without
 * one is no secret, unless its query holds something: else errors could not say where they looked.
 */
export function listUrlSecrets(url: Secret): Secret[] {
  const conninfo = parseConninfo(url.reveal());
  const inConninfo = conninfo instanceof ConninfoProblem ? undefined : conninfo.get("password");
  const password = parseUrl(url.reveal())?.password || inConninfo || "";
  if (password === "") return url.reveal().includes("?") ? [url] : [];
  // As it is and decoded: each has forms of its own, and databases speak of the decoded one.
  return [url, new Secret(password), new Secret(decode(password))];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone %, which the store refuses with a reason
  }
}

/** Reads `s3://bucket/prefix` or `file:///folder`. */
export function readDestinationUrl(given: Given, problems: Problems): string | undefined {
  const url = parseUrl(given.text);
  const fail = (text: string): undefined => void problems.add(given.place, text);
  if (!url) {
    const meant = given.text.startsWith("/") ? ` Did you mean ${pathToFileURL(given.text).href}?` : "";
    return fail(`is no address. Write s3://bucket/prefix or file:///folder.${meant}`);
  }
  if (url.username || url.password) {
    return fail("holds credentials. Give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead.");
  }
  if (url.search || url.hash) return fail("has a ? or # part, which means nothing here. Leave it out.");
  if (url.protocol === "s3:" && url.host) return given.text;
  if (url.protocol === "s3:") return fail("names no bucket. Write s3://bucket/prefix.");
  if (url.protocol !== "file:") {
    return fail(
      `starts with ${url.protocol}//, which is not known. Write s3://bucket/prefix or file:///folder.`,
    );
  }
  if (url.host) return fail("must name an absolute folder, with three slashes: file:///folder.");
  return given.text;
}

/** Only what has a scheme and slashes: the scheme goes into messages, and `user:password` must not. */
function parseUrl(text: string): URL | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}
