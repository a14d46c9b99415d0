import { readdir, readFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { AppError } from "../../../src/errors.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import type { PostgresStoreOptions } from "../../../src/stores/postgres/store.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

let source: TestDatabase;

beforeAll(async () => {
  source = await createPostgresDatabase();
  // Compressed as hard as can be, this takes seconds.
  await runSql(
    source.url,
    `CREATE TABLE bulk AS SELECT md5(random()::text) || md5(random()::text) AS noise FROM generate_series(1, 300000)`,
  );
}, 120_000);

afterAll(async () => {
  await source.drop();
});

/** Passes everything on to the server, until it cuts every connection at once. */
async function startProxy(): Promise<{ port: number; cut(): void; stop(): void }> {
  const { hostname, port } = new URL(inject("postgresUrl"));
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    stop: () => {
      cut();
      server.close();
    },
  };
}

async function findPrograms(pattern: RegExp): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    if (Number(/\) \S (\d+)/.exec(stat)?.[1]) !== process.pid) continue;
    const argv = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (pattern.test(argv)) found.push(Number(pid));
  }
  return found;
}

/** Waits until pg_dump reads rows. */
async function waitForCopy(): Promise<void> {
  const sql = `SELECT FROM pg_stat_activity WHERE datname = '${source.name}' AND query LIKE 'COPY %' AND state = 'active'`;
  while ((await runSql(inject("postgresUrl"), sql)).length === 0) await delay(20);
}

const FORMATS: Record<string, NonNullable<PostgresStoreOptions["dump"]>> = {
  custom: { format: "custom", compression: "zstd", level: 19 },
  directory: { format: "directory", compression: "zstd", level: 19, jobs: 2 },
  plain: { format: "plain", compression: "zstd", level: 19 },
};

const CUTS: [string, (proxy: { cut(): void }) => Promise<void>, RegExp][] = [
  [
    "the server ends every session",
    async () => {
      const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${source.name}' AND pid <> pg_backend_pid()`;
      await runSql(inject("postgresUrl"), sql);
    },
    /connection was cut/,
  ],
  ["the network cuts every connection", async (proxy) => proxy.cut(), /connection was cut/],
  [
    "pg_dump is killed",
    async () => {
      for (const pid of await findPrograms(/--snapshot=/)) process.kill(pid, "SIGKILL");
    },
    /./,
  ],
];

describe.each(Object.keys(FORMATS))("a dump in format %s", { timeout: 120_000 }, (format) => {
  test.each(format === "plain" ? CUTS.slice(0, 2) : CUTS)(
    "fails when %s, and leaves nothing behind",
    async (_, interrupt, hint) => {
      await using scratch = await Scratch.create();
      const proxy = await startProxy();
      try {
        const url = changeUrl(source.url, { hostname: "127.0.0.1", port: String(proxy.port) });
        const dump = {
          ...(FORMATS[format] ?? { format: "custom" }),
          ...(format === "directory" && { scratchDir: scratch.path }),
        };
        const sink = new MemorySink();
        const failing = createPostgresStore({ name: "postgres", url, dump }, startToolRun())
          .backup(sink)
          .then(
            () => new Error("it did not fail"),
            (error: unknown) => error,
          );
        await waitForCopy();
        await interrupt(proxy);
        const error = await failing;
        expect(error).toBeInstanceOf(AppError);
        expect(["TOOL_FAILED", "STORE_FAILED"]).toContain((error as AppError).code);
        expect((error as AppError).hint).toMatch(hint);
        expect(String(error)).not.toContain(new URL(source.url).password);
        expect(sink.objects.size).toBe(0);
        expect(await readdir(scratch.path)).toEqual([]);
        expect(await findPrograms(/--snapshot=|zstd/)).toEqual([]);
      } finally {
        proxy.stop();
      }
    },
  );
});
