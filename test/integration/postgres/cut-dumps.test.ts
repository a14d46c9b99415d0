import { readdir } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { pipeline } from "node:stream";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { AppError } from "../../../src/errors.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import type { PostgresStoreOptions } from "../../../src/stores/postgres/store.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { listPrograms } from "../../support/processes.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

let source: TestDatabase;

beforeAll(async () => {
  source = await createPostgresDatabase();
  await runSql(
    source.url,
    `CREATE TABLE bulk AS SELECT md5(random()::text) || md5(random()::text) AS noise FROM generate_series(1, 300000)`,
  );
});

afterAll(async () => {
  await source.drop();
});

/** More than the catalog comes to, and less than the rows: pg_dump is in the middle of them. */
const HELD_AFTER_BYTES = 4_000_000;

/** Passes everything on, but of what the server says only so much, until it is let go or cuts every connection. */
async function startProxy(): Promise<{
  port: number;
  /** Resolves when so much has passed. */
  held: Promise<void>;
  letGo(): void;
  cut(): void;
  stop(): void;
}> {
  const { hostname, port } = new URL(inject("postgresUrl"));
  const sockets = new Set<Socket>();
  let passedBytes = 0;
  let letGo = (): void => {};
  const free = new Promise<void>((resolve) => (letGo = resolve));
  let onHeld = (): void => {};
  const held = new Promise<void>((resolve) => (onHeld = resolve));
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.pipe(upstream);
    pipeline(
      upstream,
      async function* (answers: AsyncIterable<Buffer>) {
        for await (const bytes of answers) {
          passedBytes += bytes.length;
          if (passedBytes > HELD_AFTER_BYTES) {
            onHeld();
            await free;
          }
          yield bytes;
        }
      },
      client,
      () => {},
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    held,
    letGo,
    cut,
    stop: () => {
      letGo();
      cut();
      server.close();
    },
  };
}

/** Pids of the programs that make dumps. */
function findDumps(pattern: RegExp): number[] {
  const found = listPrograms(process.pid).filter(({ commandLine }) => pattern.test(commandLine));
  return found.map(({ pid }) => pid);
}

const FORMATS: Record<string, NonNullable<PostgresStoreOptions["dump"]>> = {
  custom: { format: "custom", compression: "zstd", level: 3 },
  directory: { format: "directory", compression: "zstd", level: 3, jobs: 2 },
  plain: { format: "plain", compression: "zstd", level: 3 },
};

const CUTS: [string, (proxy: { cut(): void; letGo(): void }) => Promise<void>, RegExp][] = [
  [
    "the server ends every session",
    async (proxy) => {
      const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${source.name}' AND pid <> pg_backend_pid()`;
      await runSql(inject("postgresUrl"), sql);
      proxy.letGo();
    },
    /connection was cut/,
  ],
  ["the network cuts every connection", async (proxy) => proxy.cut(), /connection was cut/],
  [
    "pg_dump is killed",
    async () => {
      for (const pid of findDumps(/--snapshot=/)) process.kill(pid, "SIGKILL");
    },
    /./,
  ],
];

describe.each(Object.keys(FORMATS))("a dump in format %s", (format) => {
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
        await proxy.held;
        await interrupt(proxy);
        const error = await failing;
        expect(error).toBeInstanceOf(AppError);
        expect(["TOOL_FAILED", "STORE_FAILED"]).toContain((error as AppError).code);
        expect((error as AppError).hint).toMatch(hint);
        expect(String(error)).not.toContain(new URL(source.url).password);
        expect(sink.objects.size).toBe(0);
        expect(await readdir(scratch.path)).toEqual([]);
        expect(findDumps(/--snapshot=|zstd/)).toEqual([]);
      } finally {
        proxy.stop();
      }
    },
  );
});
