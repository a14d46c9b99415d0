import { once } from "node:events";
import { request as sendRequest } from "node:http";
import { pipeline } from "node:stream/promises";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { serve } from "../../support/http-server.ts";
import type { TestServer } from "../../support/http-server.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { startTestRun } from "../../support/run-context.ts";
import { createClickHouseDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";
import { runClickHouse } from "../../e2e/product.ts";
import { backUpClickHouse } from "./clickhouse-pair.ts";

type Kind = "count" | "rows";

let database: TestDatabase;

beforeEach(async () => {
  database = await createClickHouseDatabase();
  await runClickHouse(
    database.url,
    `CREATE TABLE log (id UInt64, month UInt8) ENGINE = MergeTree PARTITION BY month ORDER BY id;
     INSERT INTO log SELECT number, number % 2 FROM numbers(1000)`,
  );
});
afterEach(() => database.drop());

/** A proxy that asks what to do before it passes on a query that counts or sends rows. */
async function serveBetween(
  hold: (kind: Kind) => Promise<"pass" | "refuse">,
): Promise<{ proxy: TestServer; url: string }> {
  const { origin, username, password, pathname } = new URL(database.url);
  const proxy = await serve(async (request, response) => {
    const body = await buffer(request);
    const query = body.toString("latin1");
    const kind = query.includes("FORMAT Native") ? "rows" : query.includes("row_count") ? "count" : undefined;
    if (kind && (await hold(kind)) === "refuse") {
      response
        .writeHead(500, { "X-ClickHouse-Exception-Code": "241" })
        .end("Code: 241. DB::Exception: no memory");
      return;
    }
    const { method = "", url = "", headers } = request;
    const forwarded = sendRequest(new URL(url, origin), { method, headers, agent: false }).end(body);
    const [answer] = await once(forwarded, "response");
    response.writeHead(answer.statusCode, answer.headers);
    await pipeline(answer, response).catch(() => forwarded.destroy());
  });
  return { proxy, url: Object.assign(new URL(proxy.url), { username, password, pathname }).href };
}

async function backUp(url: string, sink: MemorySink): Promise<ClickHouseManifest> {
  return await backUpClickHouse({ name: "log", url: new Secret(url) }, sink, startTestRun());
}

test("rows that no earlier backup can hold are sent while they are counted", async () => {
  const rowsAskedFor = new AbortController();
  const { proxy, url } = await serveBetween(async (kind) => {
    if (kind === "rows") rowsAskedFor.abort();
    else if (!rowsAskedFor.signal.aborted) await once(rowsAskedFor.signal, "abort"); // for ever, where nothing is sent before it is counted
    return "pass";
  });
  await using _ = proxy;
  const { inventory, parts } = await backUp(url, new MemorySink());
  expect(inventory.tables).toMatchObject([{ name: `${database.name}.log`, rows: 1000 }]);
  expect(parts.map(({ partition, rows }) => [partition, rows])).toEqual([
    ["0", 500],
    ["1", 500],
  ]);
});

test("rows that an earlier backup may hold are counted before any is sent", async () => {
  const sink = new MemorySink();
  sink.previous = await backUp(database.url, sink);
  await runClickHouse(database.url, "OPTIMIZE TABLE log FINAL"); // other parts with as many rows
  const asked: Kind[] = [];
  const { proxy, url } = await serveBetween(async (kind) => {
    asked.push(kind);
    return "pass";
  });
  await using _ = proxy;
  const { parts } = await backUp(url, sink);
  expect(parts.map(({ key }) => key)).toEqual(sink.previous.parts.map(({ key }) => key));
  expect(asked).toEqual(["count"]);
});

test("rows that cannot be counted are not sent to their end", async () => {
  const { proxy, url } = await serveBetween(async (kind) => {
    if (kind === "count") return "refuse";
    return await new Promise(() => {}); // never answered: it has to be given up
  });
  await using _ = proxy;
  await expect(backUp(url, new MemorySink())).rejects.toMatchObject({
    message: expect.stringContaining("no memory"),
  });
});
