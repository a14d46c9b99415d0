import type { ServerDestination } from "../stores/clickhouse/server-mode/server-destination.ts";
import type { ServerMode } from "../stores/clickhouse/store.ts";
import { Secret } from "../sys/secret.ts";
import type { Sources } from "./sources.ts";
import type { Given } from "./values.ts";
import { readDurationMs } from "./values.ts";

/** How a ClickHouse store is backed up, as far as the operator says anything. */
export interface ClickHouseChoices {
  fullEveryMs?: number;
  /** Users, roles and what they may do come along. */
  access?: true;
  /** Present in mode server. */
  serverMode?: ServerMode;
}

const DEADLINE_MS = 6 * 3_600_000;
/** Each restore needs the whole chain of increments: it must end somewhere. */
const LONGEST_CHAIN_MS = 7 * 86_400_000;

/**
 * Reads the keys of clickhouse-keys.ts of one store.
 *
 * @param isNeeded - whether the command cannot do without the credentials of the server's destination
 */
export function readClickHouseChoices(sources: Sources, name: string, isNeeded: boolean): ClickHouseChoices {
  const store = sources.content.stores?.[name];
  const duration = (key: "full-every" | "server-deadline"): number | undefined => {
    const given = sources.text(["stores", name, key], isNeeded);
    return given && readDurationMs(given, sources.problems);
  };
  const [fullEveryMs, deadlineMs] = [duration("full-every"), duration("server-deadline")];
  const place = sources.place(["stores", name, "server-destination"]);
  const access = store?.access === true && { access: true as const };
  if (store?.mode !== "server") {
    if (store?.["server-destination"] !== undefined) {
      sources.problems.add(place, "means nothing without mode: server. Write both, or leave it out.");
    }
    return { ...access, ...(fullEveryMs !== undefined && { fullEveryMs }) };
  }
  if (store["server-destination"] === undefined) {
    sources.problems.add(sources.place(["stores", name, "mode"]), "needs a server-destination beside it.");
  }
  const given = sources.text(["stores", name, "server-destination"], isNeeded);
  const destination = given && readDestination(given, sources);
  return {
    ...access,
    fullEveryMs: fullEveryMs ?? LONGEST_CHAIN_MS,
    ...(destination && { serverMode: { destination, deadlineMs: deadlineMs ?? DEADLINE_MS } }),
  };
}

function readDestination(given: Given, sources: Sources): ServerDestination | undefined {
  const call = /^(Disk|S3)\s*\((.*)\)$/is.exec(given.text.trim());
  const args = call && readTexts(call[2] ?? "");
  const engine = call?.[1]?.toLowerCase();
  if (engine === "disk" && args && (args.length === 1 || args.length === 2)) {
    const [disk = "", folder = ""] = args;
    return { engine: "Disk", disk, folder: folder.replace(/^\/+|\/+$/g, "") };
  }
  if (engine === "s3" && args && (args.length === 1 || args.length === 3)) {
    const [url = "", id, secret] = args;
    if (id === undefined || secret === undefined) return { engine: "S3", url: trim(url) };
    const keys = { id: new Secret(id), secret: new Secret(secret) };
    sources.secrets.push(keys.id, keys.secret);
    return { engine: "S3", url: trim(url), keys };
  }
  sources.problems.add(
    given.place,
    "is neither Disk('name', 'folder') nor S3('https://…', 'key id', 'secret'). Write one of them, in single quotes.",
  );
  return undefined;
}

function trim(url: string): string {
  return url.replace(/\/+$/, "");
}

/** Texts in single quotes, between commas; undefined where anything else stands there. */
function readTexts(list: string): string[] | undefined {
  if (!/^\s*'[^']*'\s*(?:,\s*'[^']*'\s*)*$/.test(list)) return undefined;
  return [...list.matchAll(/'([^']*)'/g)].map(([, text = ""]) => text);
}
