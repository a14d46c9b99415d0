import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { withToolCache } from "../../../src/action/tool-cache.ts";

/** What GitHub's cache service holds, by key. */
const entries = new Map<string, Buffer>();
let server: Server;
let origin: string;
let isRefusing = false;
let toolDir: string;

/** Answers as the second version of GitHub's cache service does, as far as the library asks. */
async function answer(method: string, body: { key: string; restore_keys?: string[] }): Promise<object> {
  switch (method) {
    case "CreateCacheEntry":
      if (isRefusing) return { ok: false, signed_upload_url: "" };
      return { ok: true, signed_upload_url: `${origin}/blob/${body.key}?sig=x` };
    case "FinalizeCacheEntryUpload":
      return { ok: true, entry_id: "1" };
    case "GetCacheEntryDownloadURL": {
      const prefixes = [body.key, ...(body.restore_keys ?? [])];
      const key = [...entries.keys()]
        .reverse()
        .find((name) => prefixes.some((prefix) => name.startsWith(prefix)));
      return key === undefined
        ? { ok: false, signed_download_url: "", matched_key: "" }
        : { ok: true, signed_download_url: `${origin}/blob/${key}`, matched_key: key };
    }
    default:
      throw new Error(`nobody asks for ${method}`);
  }
}

beforeEach(async () => {
  entries.clear();
  isRefusing = false;
  server = createServer((request, response) => {
    void (async () => {
      const { pathname } = new URL(request.url ?? "/", origin);
      const body = await buffer(request);
      if (pathname.startsWith("/twirp/")) {
        const json = JSON.parse(body.toString()) as { key: string };
        response.writeHead(200, { "content-type": "application/json" });
        return void response.end(JSON.stringify(await answer(pathname.split("/").at(-1)!, json)));
      }
      const key = pathname.slice("/blob/".length);
      if (request.method === "PUT") {
        entries.set(key, body);
        return void response.writeHead(201).end();
      }
      response.writeHead(200, { "content-length": entries.get(key)!.length }).end(entries.get(key));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  toolDir = await mkdtemp(join(tmpdir(), "lifeboat-test-"));
  vi.stubEnv("ACTIONS_CACHE_SERVICE_V2", "true");
  vi.stubEnv("ACTIONS_RESULTS_URL", `${origin}/`);
  vi.stubEnv("ACTIONS_RUNTIME_TOKEN", "token");
  vi.stubEnv("GITHUB_WORKSPACE", toolDir);
  vi.stubEnv("RUNNER_TEMP", toolDir);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  await rm(toolDir, { recursive: true });
});

/** Fetches a tool as a run does that finds none. @returns whether it had to */
async function fetchTool(version = "17.6"): Promise<boolean> {
  const folder = join(toolDir, "apt", `client-${version}`);
  const record = join(folder, "lifeboat-packages.json");
  if (await readFile(record).catch(() => undefined)) return false;
  await mkdir(join(folder, "bin"), { recursive: true });
  await writeFile(join(folder, "bin", "pg_dump"), `pg_dump ${version}`, { mode: 0o755 });
  await symlink("pg_dump", join(folder, "bin", "latest"));
  await writeFile(record, "{}");
  return true;
}

test("what one run fetched, the next one on a new machine has", async () => {
  expect(await withToolCache(toolDir, fetchTool)).toBe(true);
  expect(entries.size).toBe(1);
  await rm(join(toolDir, "apt"), { recursive: true });
  expect(await withToolCache(toolDir, fetchTool)).toBe(false);
  expect(await readFile(join(toolDir, "apt/client-17.6/bin/latest"), "utf8")).toBe("pg_dump 17.6");
  expect(entries.size).toBe(1);
});

test("what was fetched anew is saved beside it, and taken from then on", async () => {
  await withToolCache(toolDir, fetchTool);
  await rm(join(toolDir, "apt"), { recursive: true });
  expect(await withToolCache(toolDir, () => fetchTool("17.7"))).toBe(true);
  expect(entries.size).toBe(2);
  await rm(join(toolDir, "apt"), { recursive: true });
  expect(await withToolCache(toolDir, () => fetchTool("17.7"))).toBe(false);
});

test("a machine that kept its tools asks nothing", async () => {
  await fetchTool();
  isRefusing = true;
  expect(await withToolCache(toolDir, fetchTool)).toBe(false);
});

test("a service that refuses changes nothing of the run", async () => {
  isRefusing = true;
  expect(await withToolCache(toolDir, fetchTool)).toBe(true);
  await expect(
    withToolCache(toolDir, async () => {
      throw new Error("the backup failed");
    }),
  ).rejects.toThrow("the backup failed");
});

test("without the service there is no cache", async () => {
  vi.stubEnv("ACTIONS_RESULTS_URL", "");
  vi.stubEnv("ACTIONS_CACHE_URL", "");
  expect(await withToolCache(toolDir, fetchTool)).toBe(true);
  expect(entries.size).toBe(0);
});
