import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startClickHouse } from "../../../local-services/clickhouse.ts";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { parseConnection } from "../../../src/stores/clickhouse/server/connection.ts";
import { ClickHouseServer } from "../../../src/stores/clickhouse/server/server.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { WatchedSink } from "../../support/watched-sink.ts";
import { ClickHousePair, findDifferences } from "./clickhouse-pair.ts";

const BY_MONTH = `CREATE TABLE DB.log (id UInt64, month UInt8, v String) ENGINE = MergeTree PARTITION BY month ORDER BY id;
  INSERT INTO DB.log SELECT number, number % 5, repeat('x', 50) FROM numbers(5000)`;

let pair: ClickHousePair;

beforeAll(async () => {
  pair = await ClickHousePair.start();
});

afterAll(async () => {
  await pair[Symbol.asyncDispose]();
});

async function expectExact(manifest: ClickHouseManifest, sink: MemorySink): Promise<void> {
  await pair.withRestored(manifest, sink, async (target) => {
    expect(await findDifferences(manifest, target)).toEqual([]);
  });
}

test("small partitions are counted many at a time, each exactly, whatever the columns are called", async () => {
  const db = await pair.fill(
    `CREATE TABLE DB.log (id UInt64, hour UInt16, row_count UInt8, digest UInt8) ENGINE = MergeTree PARTITION BY hour ORDER BY id;
    INSERT INTO DB.log SELECT number, number % 70, number, number * 3 FROM numbers(1000)`,
  );
  const asked = vi.spyOn(ClickHouseServer.prototype, "rows");
  const sink = new MemorySink();
  const manifest = await pair.backup([db], sink);
  const counts = asked.mock.calls.filter(([query]) => query.includes("sum(cityHash64"));
  asked.mockRestore();
  expect(counts).toHaveLength(2); // 70 partitions, 64 at a time
  expect(manifest.parts).toHaveLength(70);
  expect(manifest.inventory.tables).toEqual([expect.objectContaining({ rows: 1000 })]);
  await expectExact(manifest, sink);
});

describe("a table that changes while it is read", () => {
  test("is backed up exactly as it was when rows come in", async () => {
    const db = await pair.fill(BY_MONTH);
    // A merge with a new part would have its partition sent again, which the next test is about.
    await pair.sql(`SYSTEM STOP MERGES ${db}.log`);
    const sink = new WatchedSink(() =>
      pair.sql(`INSERT INTO ${db}.log SELECT number, number % 5, 'new' FROM numbers(100)`),
    );
    const manifest = await pair.backup([db], sink);
    expect(manifest.inventory.tables).toEqual([
      expect.objectContaining({ rows: 5000, digest: expect.any(String) }),
    ]);
    expect(sink.sent).toHaveLength(5);
    await expectExact(manifest, sink);
  });

  test("has the partitions that merged under the read sent again, and those alone", async () => {
    const db = await pair.fill(BY_MONTH);
    const sink = new WatchedSink(async (partition, time) => {
      if (partition === "3" && time === 1) await pair.sql(`OPTIMIZE TABLE ${db}.log PARTITION 3 FINAL`);
    });
    const manifest = await pair.backup([db], sink);
    expect(sink.sent.toSorted()).toEqual(["0", "1", "2", "3", "3", "4"]);
    expect(manifest.inventory.tables[0]).toMatchObject({ rows: 5000, digest: expect.any(String) });
    await expectExact(manifest, sink);
  });

  test("is marked with bounds when one partition never rests", async () => {
    const db = await pair.fill(BY_MONTH);
    const sink = new WatchedSink(async (partition) => {
      if (partition !== "3") return;
      await pair.sql(
        `INSERT INTO ${db}.log VALUES (1, 3, 'more'); OPTIMIZE TABLE ${db}.log PARTITION 3 FINAL`,
      );
    });
    const manifest = await pair.backup([db], sink);
    const [table] = manifest.inventory.tables;
    expect(table).toMatchObject({ digest: null, moving: { rowsAtLeast: 5004, rowsAtMost: 5005 } });
    expect(pair.run.lines.join("\n")).toContain(`${db}.log, partition 3, is being rewritten`);
    await expectExact(manifest, sink);
  });

  test("is backed up without a partition that was dropped", async () => {
    const db = await pair.fill(BY_MONTH);
    const sink = new WatchedSink(async (partition) => {
      if (partition === "3") await pair.sql(`ALTER TABLE ${db}.log DROP PARTITION 3`);
    });
    const manifest = await pair.backup([db], sink);
    expect(manifest.parts.map(({ partition }) => partition)).toEqual(["0", "1", "2", "4"]);
    await expectExact(manifest, sink);
  });

  test("is not sent whole when a partition that never rested is dropped in the end", async () => {
    const db = await pair.fill(BY_MONTH);
    const sink = new WatchedSink(async (partition, time) => {
      if (partition !== "3") return;
      const change = time < 4 ? "UPDATE v = concat(v, 'y') WHERE month = 3" : "DROP PARTITION 3";
      await pair.sql(`ALTER TABLE ${db}.log ${change} SETTINGS mutations_sync = 2`);
    });
    const manifest = await pair.backup([db], sink);
    expect(manifest.parts.map(({ partition }) => partition)).toEqual(["0", "1", "2", "4"]);
    await expectExact(manifest, sink);
  });
});

describe("the backup after another", () => {
  test.each<[string, string, string[]]>([
    ["nothing changed", "SELECT 1", []],
    // Were the new part merged under the read, its partition would be sent twice.
    ["rows came in", "SYSTEM STOP MERGES DB.log; INSERT INTO DB.log VALUES (1, 2, 'new')", ["2"]],
    ["rows were deleted lightly", "DELETE FROM DB.log WHERE id = 1", ["1"]],
    [
      "a value was changed",
      "ALTER TABLE DB.log UPDATE v = 'y' WHERE id = 8 SETTINGS mutations_sync = 2",
      ["3"],
    ],
    [
      "a partition was dropped and filled again",
      "ALTER TABLE DB.log DROP PARTITION 4; INSERT INTO DB.log SELECT number, 4, 'z' FROM numbers(1000)",
      ["4"],
    ],
    ["a column was added", "ALTER TABLE DB.log ADD COLUMN more UInt8 DEFAULT 7", ["0", "1", "2", "3", "4"]],
    ["the same rows came into a table made again", `DROP TABLE DB.log SYNC; ${BY_MONTH}`, []],
  ])("sends what may differ when %s", async (_, change, sent) => {
    const db = await pair.fill(BY_MONTH);
    const sink = new WatchedSink();
    sink.previous = await pair.backup([db], sink);
    sink.sent.length = 0;
    await pair.sql(change.replaceAll("DB.", `${db}.`));
    const manifest = await pair.backup([db], sink);
    expect(sink.sent.toSorted()).toEqual(sent);
    await expectExact(manifest, sink);
  });

  test("sends again what is no longer at the destination", async () => {
    const db = await pair.fill(BY_MONTH);
    const sink = new WatchedSink();
    sink.previous = await pair.backup([db], sink);
    sink.sent.length = 0;
    const [gone, damaged] = sink.previous.parts;
    sink.objects.delete(gone!.key);
    sink.objects.set(damaged!.key, Buffer.from("short"));
    const manifest = await pair.backup([db], sink);
    expect(sink.sent.toSorted()).toEqual(["0", "1"]);
    await expectExact(manifest, sink);
  });
});

describe("an answer that is not whole", () => {
  const openServer = async (url: string): Promise<ClickHouseServer> =>
    await ClickHouseServer.connect(parseConnection(new Secret(url), pair.run.redactor), pair.run);
  const drain = async (
    stream: AsyncIterable<Uint8Array>,
    onChunk: () => unknown = () => {},
  ): Promise<number> => {
    let sizeBytes = 0;
    for await (const chunk of stream) {
      sizeBytes += chunk.length;
      await onChunk();
    }
    return sizeBytes;
  };

  test("is refused when the query fails after status 200", async () => {
    const server = await openServer(pair.sourceUrl);
    const query = (rows: number): string =>
      `SELECT number, throwIf(number = 3000000) FROM numbers(${rows}) FORMAT Native`;
    expect(await drain(server.openExport(query(3_000_000), {}, pair.run.signal))).toBeGreaterThan(1_000_000);
    await expect(drain(server.openExport(query(9_000_000), {}, pair.run.signal))).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
    await server.close();
  });

  test("is refused, with the server's reason, when the query fails at once", async () => {
    const server = await openServer(pair.sourceUrl);
    await expect(
      drain(server.openExport("SELECT throwIf(1) FORMAT Native", {}, pair.run.signal)),
    ).rejects.toMatchObject({ code: "STORE_FAILED", message: expect.stringContaining("error 395") });
    await server.close();
  });

  test("is refused when the server is killed", async () => {
    const own = await startClickHouse();
    const server = await openServer(own.url);
    const endless = server.openExport(
      "SELECT rand64() FROM numbers(1000000000000) FORMAT Native",
      {},
      pair.run.signal,
    );
    await expect(drain(endless, () => own.stop())).rejects.toMatchObject({ code: "STORE_FAILED" });
    await server.close();
  });

  test.each(["politely", "by force"])("is refused when a proxy closes it early, %s", async (manner) => {
    const { port, hostname, username, password } = new URL(pair.sourceUrl);
    const proxy = createServer((client: Socket) => {
      const upstream = connect(Number(port), hostname);
      let passedBytes = 0;
      client.on("error", () => {}).pipe(upstream);
      upstream
        .on("error", () => {})
        .on("data", (chunk: Buffer) => {
          passedBytes += chunk.length;
          client.write(chunk);
          if (passedBytes < 2_000_000) return;
          if (manner === "politely") client.end();
          else client.resetAndDestroy();
          upstream.destroy();
        });
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const url = `http://${username}:${password}@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const server = await openServer(url);
    const body = server.openExport(
      "SELECT rand64() FROM numbers(10000000) FORMAT Native",
      {},
      pair.run.signal,
    );
    await expect(drain(body)).rejects.toMatchObject({ code: "STORE_FAILED" });
    await server.close();
    proxy.close();
  });

  test("fails the backup, and the sink keeps no object of it", async () => {
    const db = await pair.fill(
      `CREATE TABLE DB.bad (id UInt64) ENGINE = MergeTree ORDER BY id; INSERT INTO DB.bad SELECT number FROM numbers(4000000);
       ALTER TABLE DB.bad ADD COLUMN x UInt8 DEFAULT sleepEachRow(0) + throwIf(id = 3900000)`,
    );
    const sink = new MemorySink();
    await expect(pair.backup([db], sink)).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect([...sink.objects.keys()]).toEqual([]);
  });

  test("is refused when the consumer's run is cancelled", async () => {
    const server = await openServer(pair.sourceUrl);
    const stop = new AbortController();
    const endless = server.openExport(
      "SELECT rand64() FROM numbers(1000000000000) FORMAT Native",
      {},
      stop.signal,
    );
    await expect(drain(endless, () => stop.abort())).rejects.toMatchObject({ code: "CANCELLED" });
    await server.close();
  });
});
