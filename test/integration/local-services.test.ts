import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { Client } from "pg";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { startClickHouse } from "../../local-services/clickhouse.ts";
import { CACHE_DIR } from "../../local-services/local-services.ts";
import { findFreePorts } from "../../local-services/ports.ts";
import { startPostgres } from "../../local-services/postgres.ts";
import { startS3 } from "../../local-services/s3.ts";
import type { ServiceProcess } from "../../local-services/service-process.ts";
import { runTool, toolEnvironment } from "../../src/sys/exec.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Redactor } from "../../src/sys/secret.ts";
import {
  createBucket,
  createClickHouseDatabase,
  createPostgresDatabase,
  openS3Client,
} from "../support/services.ts";
import { until } from "../support/until.ts";

/** A refusal is what these tests want; the client would print it. */
const SILENT = { level: ClickHouseLogLevel.OFF };

describe("Postgres", () => {
  test("is version 17 or later and each test has a database of its own", async () => {
    const database = await createPostgresDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query(
      "SELECT current_database() AS name, current_setting('server_version_num')::int AS version",
    );
    await client.end();
    expect(rows[0].name).toBe(database.name);
    expect(rows[0].version).toBeGreaterThanOrEqual(170000);
    await database.drop();
  });

  test("refuses a wrong password", async () => {
    const url = new URL(inject("postgresUrl"));
    url.password = "wrong";
    const client = new Client({ connectionString: url.href });
    await expect(client.connect()).rejects.toMatchObject({ code: "28P01" });
  });
});

describe("ClickHouse", () => {
  test("answers over HTTP and each test has a database of its own", async () => {
    const database = await createClickHouseDatabase();
    const client = createClient({ url: database.url });
    await client.command({ query: "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a" });
    await client.insert({ table: "t", values: [{ a: 1 }, { a: 2 }], format: "JSONEachRow" });
    const answer = await client.query({
      query: "SELECT sum(a)::Int32 AS sum, currentDatabase() AS name FROM t",
      format: "JSONEachRow",
    });
    expect(await answer.json()).toEqual([{ sum: 3, name: database.name }]);
    await client.close();
    await database.drop();
  });

  test("refuses a wrong password", async () => {
    const url = new URL(inject("clickhouseUrl"));
    url.password = "wrong";
    const client = createClient({ url, log: SILENT });
    await expect(client.command({ query: "SELECT 1" })).rejects.toMatchObject({
      type: "AUTHENTICATION_FAILED",
    });
    await client.close();
  });

  test("gives nothing to a user without a password", async () => {
    const database = await createClickHouseDatabase();
    const { origin } = new URL(database.url);
    const client = createClient({ url: origin, log: SILENT });
    await expect(client.command({ query: `DROP DATABASE ${database.name}` })).rejects.toMatchObject({
      type: expect.stringMatching(/ACCESS_DENIED|AUTHENTICATION_FAILED|REQUIRED_PASSWORD/),
    });
    await client.close();
    await database.drop();
  });
});

describe("S3", () => {
  test("keeps an object, and refuses a second one put with If-None-Match", async () => {
    const { bucket: Bucket, ...address } = await createBucket();
    const client = openS3Client(address);
    const put = (Body: string): Promise<unknown> =>
      client.send(new PutObjectCommand({ Bucket, Key: "k", Body, IfNoneMatch: "*" }));
    await put("first");
    await expect(put("second")).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
    const object = await client.send(new GetObjectCommand({ Bucket, Key: "k" }));
    expect(await object.Body?.transformToString()).toBe("first");
    client.destroy();
  });

  test("joins the parts of a multipart upload in their order", async () => {
    const { bucket: Bucket, ...address } = await createBucket();
    const client = openS3Client(address);
    const target = { Bucket, Key: "parts" };
    const bodies = [randomBytes(5 * 1024 * 1024), randomBytes(1000)];
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    const Parts = await Promise.all(
      bodies.map(async (Body, index) => {
        const part = { ...target, UploadId, PartNumber: index + 1 };
        const { ETag } = await client.send(new UploadPartCommand({ ...part, Body }));
        return { ETag, PartNumber: part.PartNumber };
      }),
    );
    await client.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    );
    const object = await client.send(new GetObjectCommand(target));
    const received = Buffer.from((await object.Body?.transformToByteArray()) ?? []);
    expect(received.equals(Buffer.concat(bodies))).toBe(true);
    client.destroy();
  });
});

test("a free port is given to one process alone, before anything listens there", async () => {
  // Above all that others ask for here, so that of the two ports nobody else takes one meanwhile.
  const [first = 0] = await findFreePorts(1, [30_001, 32_766]);
  const few = [first, first + 1] as const;
  const ports = new URL("../../local-services/ports.ts", import.meta.url).href;
  const program = `import(${JSON.stringify(ports)}).then(async ({ findFreePorts }) => console.log(await findFreePorts(1, ${JSON.stringify(few)})))`;
  const { stdout } = await runTool(
    { file: process.execPath, args: ["--import", "tsx", "-e", program], env: toolEnvironment(process.env) },
    { signal: new AbortController().signal, redactor: new Redactor() },
  );
  expect(stdout).toBe(`[ ${first + 1} ]\n`);
});

describe("a service of a test's own", () => {
  const starters: [string, () => Promise<ServiceProcess>][] = [
    ...([15, 16, 17, 18] as const).map((major): [string, () => Promise<ServiceProcess>] => [
      `Postgres ${major}`,
      () => startPostgres({ major }),
    ]),
    ["ClickHouse", startClickHouse],
    ["S3", () => startS3(CACHE_DIR)],
  ];

  test.each(starters)(
    "%s runs beside the shared one, and stopping it leaves no process",
    async (_name, start) => {
      const { pid, stop } = await start();
      expect(isRunning(pid)).toBe(true);
      await stop();
      expect(isRunning(pid)).toBe(false);
    },
  );

  test("ends when the process that started it is killed", async () => {
    const main = fileURLToPath(new URL("../../local-services/main.ts", import.meta.url));
    const scratch = await Scratch.create(); // for the data that a killed process leaves behind
    onTestFinished(() => scratch.remove());
    await chmod(scratch.path, 0o755); // Postgres may run as another user
    const parent = spawn(process.execPath, ["--import", "tsx", main], {
      env: { ...process.env, TMPDIR: scratch.path },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    for await (const chunk of parent.stdout.setEncoding("utf8")) {
      printed += chunk as string;
      if (printed.includes("Running until")) break;
    }
    const pids = [...printed.matchAll(/"pid": (\d+)/g)].map(([, pid]) => Number(pid));
    onTestFinished(() => pids.filter(isRunning).forEach((pid) => process.kill(pid, "SIGKILL")));
    expect(pids.map(isRunning)).toEqual([true, true, true]);
    parent.kill("SIGKILL");
    await until(() => !pids.some(isRunning));
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
