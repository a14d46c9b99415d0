import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import * as core from "@actions/core";

/** Fetched packages lie here, below the folder of fetched tools. */
const FOLDER = "apt";
/** A service that does not answer must not hold up a run for longer than fetching anew would take. */
const SEGMENT_TIMEOUT_MS = 60_000;

/**
 * Keeps fetched tools between runs on machines that keep nothing themselves: takes them from GitHub's cache before
 * the work, and saves them after it when something was fetched. Without the cache service nothing of this happens.
 *
 * @param toolDir - where the run keeps fetched tools
 */
export async function withToolCache<T>(toolDir: string, work: () => Promise<T>): Promise<T> {
  const { env } = process;
  if (!env["ACTIONS_RESULTS_URL"] && !env["ACTIONS_CACHE_URL"]) return await work();
  const folder = join(toolDir, FOLDER);
  // Loaded here only: it is as large as all the rest.
  const cache = await import("@actions/cache");
  if (!cache.isFeatureAvailable()) return await work();
  const prefix = `lifeboat-tools-${process.platform}-${process.arch}-`;
  const before = await describe(folder);
  let restored: string | undefined;
  if (before === undefined) {
    restored = await orWarn("taken", () =>
      // No key is this one: the newest with the prefix is taken.
      cache.restoreCache([folder], `${prefix}newest`, [prefix], { segmentTimeoutInMs: SEGMENT_TIMEOUT_MS }),
    );
  }
  const result = await work();
  const after = await describe(folder);
  const key = `${prefix}${after}`;
  if (after !== undefined && after !== before && key !== restored) {
    await orWarn("saved", () => cache.saveCache([folder], key));
  }
  return result;
}

/** What lies in the folder and when the archive was last asked about it, in a few characters. */
async function describe(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) return undefined;
  const hash = createHash("sha256");
  for (const name of names.sort()) {
    const record = await stat(join(folder, name, "lifeboat-packages.json")).catch(() => undefined);
    hash.update(`${name}\n${record?.mtime.toISOString().slice(0, 10) ?? ""}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}

async function orWarn<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    core.info(`Fetched tools could not be ${what} through GitHub's cache: ${String(error)}`);
    return undefined;
  }
}
