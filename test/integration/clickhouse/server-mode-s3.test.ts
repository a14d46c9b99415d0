import { once } from "node:events";
import { createServer, request as sendRequest } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { startTestRun } from "../../support/run-context.ts";
import { createClickHouseDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";
import { runClickHouse } from "../../e2e/product.ts";
import { backUpClickHouse } from "./clickhouse-pair.ts";

// The embedded engine cannot write to S3: what concerns the backup itself is answered in its place, all else by it.
interface State {
  status: string;
  error?: string;
}

let database: TestDatabase;
let standIn: Server;
let url: string;
const statements: string[] = [];
let states: State[] = [];
let killed: string[] = [];

beforeAll(async () => {
  database = await createClickHouseDatabase();
  await runClickHouse(
    database.url,
    "CREATE TABLE t (id UInt8) ENGINE = MergeTree ORDER BY id; INSERT INTO t VALUES (1), (2)",
  );
  const { hostname, port } = new URL(inject("clickhouseUrl"));
  standIn = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      if (body.startsWith("BACKUP ")) {
        statements.push(body);
        return response.end("id\tCREATING_BACKUP\n");
      }
      if (body.startsWith("KILL QUERY")) {
        killed.push(body);
        return response.end();
      }
      if (body.includes("system.backups")) {
        const { status, error = "" } = states.length > 1 ? states.shift()! : states[0]!;
        const row = {
          status,
          error,
          num_files: "12",
          total_size: "900",
          compressed_size: "300",
          files_read: "0",
          bytes_read: "0",
        };
        return response.end(JSON.stringify({ meta: [], data: [row], rows: 1 }));
      }
      const { method, headers, url: path } = request;
      const forwarded = sendRequest({
        host: hostname,
        port,
        path,
        method,
        headers,
        agent: false,
      });
      forwarded.end(body);
      const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    })();
  }).listen(0, "127.0.0.1");
  await once(standIn, "listening");
  const address = new URL(inject("clickhouseUrl"));
  address.port = String((standIn.address() as AddressInfo).port);
  url = address.href;
});

afterAll(async () => {
  standIn.closeAllConnections();
  standIn.close();
  await database.drop();
});

const SECRET = "planted/secret+key";

async function backUp(
  sink = new MemorySink(),
  run = startTestRun(),
): Promise<{ manifest: ClickHouseManifest; lines: string }> {
  const secret = new Secret(SECRET);
  run.redactor.add(secret);
  const destination = {
    engine: "S3",
    url: "https://bucket.example/shop",
    keys: { id: new Secret("AKID"), secret },
  } as const;
  const serverMode = { destination, deadlineMs: 600_000 };
  statements.length = 0;
  killed = [];
  const options = { name: "log", url: new Secret(url), databases: [database.name], serverMode };
  const manifest = await backUpClickHouse(options, sink, run);
  return { manifest, lines: run.lines.join("\n") };
}

test("the server is told to write to S3, asked until it has, and no manifest or line holds the keys", async () => {
  states = [{ status: "CREATING_BACKUP" }, { status: "CREATING_BACKUP" }, { status: "BACKUP_CREATED" }];
  const { manifest, lines } = await backUp();
  const { folder } = manifest.serverBackup!;
  expect(statements).toHaveLength(1);
  expect(statements[0]).toMatch(
    new RegExp(
      `^BACKUP TABLE \`?${database.name}\`?\\.\`?t\`? TO S3\\('https://bucket.example/shop/${folder}', 'AKID', 'planted/secret\\+key'\\) SETTINGS id = '[-0-9a-f]{36}' ASYNC`,
    ),
  );
  expect(manifest.serverBackup).toMatchObject({
    engine: "S3",
    at: "https://bucket.example/shop",
    chain: [folder],
    files: 12,
    writtenBytes: 300,
    totalBytes: 900,
  });
  expect(manifest.inventory.tables).toMatchObject([{ rows: 2, digest: expect.any(String) }]);

  const sink = new MemorySink();
  sink.previous = manifest;
  const second = await backUp(sink);
  expect(statements[0]).toContain(`base_backup = S3('https://bucket.example/shop/${folder}', 'AKID'`);
  expect(statements[0]).toContain("use_same_s3_credentials_for_base_backup = 1");
  expect(second.manifest.serverBackup?.chain).toEqual([folder, second.manifest.serverBackup?.folder]);
  expect(JSON.stringify([manifest, second.manifest]) + lines + second.lines).not.toContain("planted");
});

test("a backup that fails says what the server said, without the keys it repeats", async () => {
  states = [
    {
      status: "BACKUP_FAILED",
      error: `Code: 499. S3 said no to ${SECRET}. (S3_ERROR), Stack trace: 0. ? @ 0x1`,
    },
  ];
  const sink = new MemorySink();
  const failure = await backUp(sink).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: "STORE_FAILED",
    message: expect.stringContaining("S3 said no to ***"),
  });
  expect(String(failure)).not.toContain("Stack trace");
  // What it may have left is known by name.
  expect(sink.announced).toEqual([
    { engine: "S3", at: "https://bucket.example/shop", folder: expect.stringMatching(/^\d{8}T\d{6}Z-/) },
  ]);
});

test("a cancelled run has the server end its backup", async () => {
  states = [{ status: "CREATING_BACKUP" }];
  const run = startTestRun();
  run.reporter.progress = () => run.stopAll();
  await expect(backUp(new MemorySink(), run)).rejects.toMatchObject({ code: "CANCELLED" });
  expect(killed).toEqual([expect.stringMatching(/^KILL QUERY WHERE query_id = '[-0-9a-f]{36}' ASYNC/)]);
});
