import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ReceiptBook } from "../../../src/commands/catalogue/receipts.ts";
import type { Destination } from "../../../src/destinations/destination.ts";
import { buildBackupId, partKey } from "../../../src/destinations/keys.ts";
import { openDestination } from "../../../src/destinations/open.ts";
import type { DestinationConfig } from "../../../src/destinations/open.ts";
import { NewObjects } from "../../../src/destinations/s3-new-object.ts";
import { S3Requests, createS3Client } from "../../../src/destinations/s3-requests.ts";
import { tryRights } from "../../../src/destinations/s3-rights.ts";
import { openS3 } from "../../../src/destinations/s3.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { cut, expectNothingLeft, listKeys, makeBytes } from "../../contract/destination-contract.ts";
import { FaultyS3Proxy } from "../../support/faulty-s3-proxy.ts";
import type { Fault, SeenRequest } from "../../support/faulty-s3-proxy.ts";
import { startTestRun } from "../../support/run-context.ts";
import type { TestRun } from "../../support/run-context.ts";
import { createBucket } from "../../support/services.ts";
import type { TestBucket } from "../../support/services.ts";
import { until } from "../../support/until.ts";

const MIB = 1024 * 1024;
const PLANTED_KEY = "pl4nted/secret+key";
const PLANTED_TOKEN = "pl4nted-session-token";
const PASS: Fault = { kind: "pass" };
const BUSY: Fault = { kind: "answer", status: 503, code: "SlowDown" };
const FORBIDDEN: Fault = { kind: "answer", status: 403, code: "AccessDenied" };

let bucket: TestBucket;
let proxy: FaultyS3Proxy;
let run: TestRun;
let destination: Destination;
/** The same place, without the proxy. */
let honest: Destination;
const body = makeBytes(20 * MIB);

beforeEach(async () => {
  bucket = await createBucket();
  proxy = await FaultyS3Proxy.start(bucket.endpoint);
  run = startTestRun();
  destination = await openDestination(configOf(proxy.endpoint), "shop", run);
  honest = await openDestination(configOf(bucket.endpoint), "shop", startTestRun());
});
afterEach(async () => {
  destination.close();
  honest.close();
  await proxy[Symbol.asyncDispose]();
});

function configOf(endpoint: string): DestinationConfig {
  return {
    url: `s3://${bucket.bucket}/prefix`,
    endpoint,
    accessKeyId: "someone",
    secretAccessKey: new Secret(PLANTED_KEY),
    sessionToken: new Secret(PLANTED_TOKEN),
  };
}

const isPart = (number: number) => (request: SeenRequest) =>
  request.method === "PUT" && request.url.includes(`partNumber=${number}&`);
const isAbort = ({ method, url }: SeenRequest): boolean => method === "DELETE" && url.includes("uploadId=");
const isComplete = ({ method, url }: SeenRequest): boolean => method === "POST" && url.includes("uploadId=");

/** Fails the first `times` requests that match. */
function failFirst(times: number, matches: (request: SeenRequest) => boolean, fault: Fault): void {
  let left = times;
  proxy.decide = (request) => (matches(request) && left-- > 0 ? fault : PASS);
}

describe("an upload in parts", () => {
  test("whose last part is refused leaves nothing and is not completed", async () => {
    failFirst(Infinity, isPart(3), FORBIDDEN);
    await expect(destination.put("k", cut(body, MIB))).rejects.toMatchObject({
      code: "DESTINATION_REFUSED",
      message: expect.stringContaining("Writing part 3 of"),
    });
    expect(proxy.seen.filter(isComplete)).toEqual([]);
    await expectNothingLeft(honest);
  });

  test("goes on when a part is told twice to slow down, and says so", async () => {
    failFirst(2, isPart(2), BUSY);
    await destination.put("k", cut(body, MIB));
    expect((await honest.read("k")).equals(body)).toBe(true);
    expect(run.lines).toEqual([
      expect.stringMatching(/^Writing part 2 of .* failed: .* SlowDown: .* Trying again \(1 of 5\)\.$/),
      expect.stringMatching(/Trying again \(2 of 5\)\.$/),
    ]);
  });

  test("gives up after five more attempts, further apart each time, and leaves nothing", async () => {
    failFirst(Infinity, isPart(2), BUSY);
    await expect(destination.put("k", cut(body, MIB))).rejects.toMatchObject({ code: "DESTINATION_FAILED" });
    expect(proxy.seen.filter(isPart(2))).toHaveLength(6);
    expect(run.lines.filter((line) => line.startsWith("Writing part 2 of"))).toHaveLength(5);
    await expectNothingLeft(honest);
  });

  test.each([
    ["before the service took it", false],
    ["after the service took it", true],
  ])("survives a connection cut at any request, %s", async (_when, after) => {
    for (const [index, matches] of [isPart(1), isPart(3), isComplete].entries()) {
      failFirst(1, matches, { kind: "cut", after });
      await destination.put(`k${index}`, cut(body, MIB));
      expect((await honest.read(`k${index}`)).equals(body)).toBe(true);
    }
    expect(run.lines).toHaveLength(3);
    expect(await honest.abortUnfinished("", () => true)).toBe(0);
  });

  test("is complete when the service forgot it after the answer to its completion was lost", async () => {
    let completions = 0;
    proxy.decide = (request) => {
      if (!isComplete(request)) return PASS;
      completions++;
      return completions === 1
        ? { kind: "cut", after: true }
        : { kind: "answer", status: 404, code: "NoSuchUpload" };
    };
    await destination.put("k", cut(body, MIB));
    expect((await honest.read("k")).equals(body)).toBe(true);
  });

  test("has failed when the service forgot it before it was complete", async () => {
    failFirst(Infinity, isComplete, { kind: "answer", status: 404, code: "NoSuchUpload" });
    await expect(destination.put("k", cut(body, MIB))).rejects.toMatchObject({
      message: expect.stringContaining("NoSuchUpload"),
    });
    await expectNothingLeft(honest);
  });

  test("that is cancelled while its parts hang ends at once and leaves nothing", async () => {
    const hanging = new Promise<void>((resolve) => {
      proxy.decide = (request) => {
        if (!request.url.includes("partNumber=")) return PASS;
        if (isPart(2)(request)) resolve();
        return { kind: "hang" };
      };
    });
    const putting = destination.put("k", cut(body, MIB));
    void hanging.then(() => run.stopAll());
    await expect(putting).rejects.toMatchObject({ code: "CANCELLED" });
    expect(isAbort(proxy.seen.at(-1)!)).toBe(true);
    await expectNothingLeft(honest);
  });

  test("that cannot be aborted either says so, and a later sweep ends what its caller calls dead", async () => {
    proxy.decide = (request) => (isPart(3)(request) || isAbort(request) ? FORBIDDEN : PASS);
    await expect(destination.put("a/k", cut(body, MIB))).rejects.toMatchObject({
      code: "DESTINATION_REFUSED",
    });
    expect(run.lines).toEqual([expect.stringContaining("may be left in the bucket")]);

    const seen: { key: string; startedAt: Date }[] = [];
    expect(await honest.abortUnfinished("a/", (upload) => seen.push(upload) === 0)).toBe(0);
    expect(seen).toEqual([{ key: "a/k", startedAt: expect.any(Date) }]);
    expect(await honest.abortUnfinished("b/", () => true)).toBe(0);
    expect(await honest.abortUnfinished("a/", () => true)).toBe(1);
    await expectNothingLeft(honest);
  });

  test("that somebody else ended meanwhile does not stop the sweep", async () => {
    proxy.decide = (request) => (isPart(3)(request) || isAbort(request) ? FORBIDDEN : PASS);
    await expect(destination.put("a/k", cut(body, MIB))).rejects.toThrow();
    const before = proxy.seen.length;
    // The first answer is lost: to the second request the upload is gone.
    proxy.decide = (request) =>
      isAbort(request) && !proxy.seen.slice(before, -1).some(isAbort) ? { kind: "cut", after: true } : PASS;
    expect(await destination.abortUnfinished("a/", () => true)).toBe(1);
    expect(proxy.seen.slice(before).filter(isAbort)).toHaveLength(2);
    await expectNothingLeft(honest);
  });

  test("never has more than four parts on their way, whatever runs at once", async () => {
    let current = 0;
    let most = 0;
    proxy.decide = (request) => {
      if (!request.url.includes("partNumber=")) return PASS;
      current++;
      most = Math.max(most, current);
      return { kind: "pass", onAnswered: () => current-- };
    };
    await Promise.all(["a", "b", "c", "d", "e", "f"].map((key) => destination.put(key, cut(body, MIB))));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  test("all of whose parts hang does not keep a run from writing down what it had finished", async () => {
    let hanging = 0;
    proxy.decide = ({ url }) => {
      if (!url.includes("partNumber=")) return PASS;
      hanging++;
      return { kind: "hang" };
    };
    const putting = destination.put("k", cut(makeBytes(40 * MIB), MIB));
    putting.catch(() => {}); // cancelled below
    await until(() => hanging === 4);
    const id = buildBackupId(new Date(), "f00d");
    const part = { database: "shop", table: "log", partition: "1", fingerprint: "f00d" };
    const key = partKey("log", part, id);
    const finished = {
      ...part,
      key,
      sizeBytes: 4,
      sha256: "0".repeat(64),
      columns: [],
      rows: 1,
      digest: "1",
    };
    const book = new ReceiptBook(id, run);
    await book.add("log", finished, destination);
    await book.write(destination);
    expect([...book.received]).toEqual([key]);
    run.stopAll();
    await expect(putting).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("carries no checksum headers to a service that is not AWS", async () => {
    await destination.put("k", cut(body, MIB));
    await destination.put("small", cut(makeBytes(10), 10));
    const headers = proxy.seen.flatMap((request) => Object.keys(request.headers));
    expect(headers.filter((name) => /checksum|trailer|expect/.test(name))).toEqual([]);
  });
});

describe("putIfAbsent", () => {
  const isPut = ({ method }: SeenRequest): boolean => method === "PUT";

  test("has written when only the answer was lost", async () => {
    failFirst(1, isPut, { kind: "cut", after: true });
    expect(await destination.putIfAbsent("k", Buffer.from("mine"))).toBe("written");
  });

  test("has not written when another run was faster than its second attempt", async () => {
    let attempts = 0;
    proxy.decide = (request) => {
      if (!isPut(request)) return PASS;
      attempts++;
      return attempts === 1
        ? { kind: "cut", after: false }
        : { kind: "answer", status: 412, code: "PreconditionFailed" };
    };
    // As if it had come between the two attempts: the first one never arrives.
    await honest.putIfAbsent("k", Buffer.from("theirs"));
    expect(await destination.putIfAbsent("k", Buffer.from("mine"))).toBe("already-there");
  });

  test("is tried again after a conflict with another writer", async () => {
    failFirst(1, isPut, { kind: "answer", status: 409, code: "ConditionalRequestConflict" });
    expect(await destination.putIfAbsent("k", Buffer.from("mine"))).toBe("written");
  });

  test("looks first, and writes without a condition, where the service has none", async () => {
    proxy.decide = (request) =>
      request.headers["if-none-match"] ? { kind: "answer", status: 501, code: "NotImplemented" } : PASS;
    expect(await destination.putIfAbsent("k", Buffer.from("first"))).toBe("written");
    expect(await destination.putIfAbsent("k", Buffer.from("second"))).toBe("already-there");
    expect((await honest.read("k")).toString()).toBe("first");
  });
});

describe("create", () => {
  const creates = (request: SeenRequest): boolean =>
    isComplete(request) || (request.method === "PUT" && !request.url.includes("partNumber="));
  const small = makeBytes(10);

  test.each([
    ["in one part", small],
    ["in several parts", body],
  ])(
    "succeeds %s where whatever might replace an object is refused, and nothing may be read",
    async (_how, bytes) => {
      proxy.decide = (request) =>
        ["GET", "HEAD"].includes(request.method) ||
        (creates(request) && request.headers["if-none-match"] !== "*")
          ? FORBIDDEN
          : PASS;
      await destination.create("k", cut(bytes, MIB));
      expect((await honest.read("k")).equals(bytes)).toBe(true);
      await expect(destination.put("other", cut(bytes, MIB))).rejects.toMatchObject({
        code: "DESTINATION_REFUSED",
      });
    },
  );

  test.each([
    ["in one part", small],
    ["in several parts", body],
  ])("has written %s when only the answer was lost, though nobody may look", async (_how, bytes) => {
    let attempts = 0;
    proxy.decide = (request) => {
      if (request.method === "HEAD") return FORBIDDEN;
      if (!creates(request)) return PASS;
      attempts++;
      return attempts === 1
        ? { kind: "cut", after: true }
        : { kind: "answer", status: 412, code: "PreconditionFailed" };
    };
    await destination.create("k", cut(bytes, MIB));
    expect((await honest.read("k")).equals(bytes)).toBe(true);
  });

  test("finds the key taken by another object while it was under way", async () => {
    proxy.decide = (request) =>
      creates(request) ? { kind: "answer", status: 412, code: "PreconditionFailed" } : PASS;
    for (const bytes of [small, body]) {
      await expect(destination.create("k", cut(bytes, MIB))).rejects.toMatchObject({
        code: "DESTINATION_FAILED",
        message: expect.stringContaining("holds an object"),
      });
    }
    await expectNothingLeft(honest);
  });

  test("writes without a condition where the service has none", async () => {
    proxy.decide = (request) =>
      request.headers["if-none-match"] ? { kind: "answer", status: 501, code: "NotImplemented" } : PASS;
    await destination.create("a", cut(small, MIB));
    await destination.create("b", cut(body, MIB));
    expect((await honest.read("b")).equals(body)).toBe(true);
    await expect(destination.create("b", cut(small, MIB))).rejects.toMatchObject({
      code: "DESTINATION_FAILED",
    });
  });
});

test.each([
  ["AccessDenied", 403, "refused"],
  ["NoSuchUpload", 404, "allowed"],
  ["NotImplemented", 501, "unknown"],
] as const)(
  "whether AWS would replace an object shows without replacing one: %s",
  async (code, status, outcome) => {
    const decided: string[] = [];
    proxy.decide = (request) => {
      if (!isComplete(request)) return PASS;
      decided.push(String(request.headers["if-none-match"]));
      return { kind: "answer", status, code };
    };
    const config = configOf(proxy.endpoint);
    // Rights are tried at AWS, whose part the proxy plays.
    const requests = new S3Requests({ url: config.url }, bucket.bucket, await createS3Client(config), run);
    const newObjects = new NewObjects(config, run.clock);
    const tried = await tryRights({ requests, prefix: "prefix/shop/", newObjects });
    requests.close();
    expect(tried.filter(({ right }) => right === "replace").map((attempt) => attempt.outcome)).toEqual([
      outcome,
    ]);
    expect(decided).toEqual(["undefined"]);
    await expectNothingLeft(honest);
  },
);

test("an endpoint that ignores the condition keeps what was there first all the same", async () => {
  proxy.transform = ({ "if-none-match": _ignored, ...headers }) => headers;
  expect(await destination.putIfAbsent("k", Buffer.from("first"))).toBe("written");
  expect(await destination.putIfAbsent("k", Buffer.from("second"))).toBe("already-there");
  expect((await honest.read("k")).toString()).toBe("first");
});

describe("reading", () => {
  const isGet = ({ method, url }: SeenRequest): boolean => method === "GET" && !url.includes("list-type");

  test("a stream that is cut ends in a transient error, never in a clean end", async () => {
    await honest.put("k", cut(body, MIB));
    failFirst(1, isGet, { kind: "cut-body", afterBytes: 5 * MIB });
    await expect(destination.open("k").then(buffer)).rejects.toMatchObject({
      code: "DESTINATION_UNREACHABLE",
      transient: true,
    });
  });

  test("a small object is read again when the connection was cut", async () => {
    await honest.putIfAbsent("k", Buffer.from("0123456789"));
    failFirst(2, isGet, { kind: "cut-body", afterBytes: 5 });
    expect((await destination.read("k")).toString()).toBe("0123456789");
    expect(run.lines).toHaveLength(2);
  });

  test("listing goes on from the page that failed, and names each object once", async () => {
    const place = { bucket: bucket.bucket, folder: "prefix/shop" };
    const paged = await openS3(configOf(proxy.endpoint), place, run, { pageSize: 10 });
    const keys = Array.from({ length: 45 }, (_, index) => `k${index + 10}`);
    for (const key of keys) await honest.put(key, cut(Buffer.from("x"), 1));
    failFirst(1, ({ url }) => url.includes("continuation-token"), BUSY);
    expect(await listKeys(paged)).toEqual(keys);
    expect(proxy.seen).toHaveLength(5 + 1);
  });
});

describe("an answer of the service", () => {
  test.each<[string, number, string, string, RegExp]>([
    ["NoSuchBucket", 404, "DESTINATION_MISSING", "create", /bucket/],
    ["AccessDenied", 403, "DESTINATION_REFUSED", "a missing right", /policy/],
    ["InvalidAccessKeyId", 403, "DESTINATION_REFUSED", "an unknown key", /access key id/],
    ["SignatureDoesNotMatch", 403, "DESTINATION_REFUSED", "a wrong key", /secret key/],
    ["ExpiredToken", 400, "DESTINATION_REFUSED", "a stale token", /fresh/],
    ["InvalidRequest", 400, "DESTINATION_FAILED", "anything else", /message/],
  ])("%s (%d) is %s: %s", async (code, status, expected, _why, hint) => {
    proxy.decide = () => ({ kind: "answer", status, code });
    await expect(destination.check()).rejects.toMatchObject({
      code: expected,
      message: expect.stringContaining(code),
      hint: expect.stringMatching(hint),
    });
    // Such answers do not change by asking again; whoever lacks a right may still be allowed to write.
    expect(proxy.seen).toHaveLength(code === "AccessDenied" ? 2 : 1);
  });

  test.each([
    ["SlowDown", 503],
    ["InternalError", 500],
    ["TooManyRequests", 429],
    ["RequestTimeout", 400],
    ["RequestTimeTooSkewed", 403],
  ])("%s (%d) is transient", async (code, status) => {
    failFirst(1, () => true, { kind: "answer", status, code });
    await destination.check();
    expect(run.lines).toHaveLength(1);
  });

  test("that the clock is wrong, given each time, names the clock", async () => {
    proxy.decide = () => ({ kind: "answer", status: 403, code: "RequestTimeTooSkewed" });
    await expect(destination.check()).rejects.toMatchObject({
      code: "DESTINATION_FAILED",
      message: expect.stringContaining("RequestTimeTooSkewed"),
      hint: "Set this machine's clock.",
    });
  });

  test.each([
    [301, "PermanentRedirect"],
    [307, "TemporaryRedirect"],
    [400, "AuthorizationHeaderMalformed"],
  ])("that the bucket is elsewhere (%d) names the region to set", async (status, code) => {
    const headers = { "x-amz-bucket-region": "eu-central-1" };
    proxy.decide = () => ({ kind: "answer", status, code, headers });
    await expect(destination.check()).rejects.toMatchObject({
      code: "DESTINATION_FAILED",
      hint: "Set the region to eu-central-1.",
    });
  });

  test("without a body, as to HEAD, is told by its status", async () => {
    proxy.decide = () => FORBIDDEN;
    await expect(destination.findSize("k")).rejects.toMatchObject({ code: "DESTINATION_REFUSED" });
  });
});

test.each([
  ["a port that nobody listens on", "http://127.0.0.1:1"],
  ["a host that does not exist", "http://nowhere.invalid:9000"],
])("%s is DESTINATION_UNREACHABLE after all attempts", async (_name, endpoint) => {
  const unreachable = await openDestination(configOf(endpoint), "shop", run);
  await expect(unreachable.check()).rejects.toMatchObject({
    code: "DESTINATION_UNREACHABLE",
    transient: true,
  });
  expect(run.slept).toHaveLength(5);
});

test("without any credentials the hint says where they are looked for", async () => {
  const home = await mkdtemp(join(tmpdir(), "lifeboat-"));
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  vi.stubEnv("HOME", home);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  try {
    const config = { url: `s3://${bucket.bucket}`, endpoint: proxy.endpoint };
    const anonymous = await openDestination(config, "shop", run);
    await expect(anonymous.check()).rejects.toMatchObject({
      code: "DESTINATION_REFUSED",
      hint: expect.stringContaining("AWS_ACCESS_KEY_ID"),
    });
  } finally {
    vi.unstubAllEnvs();
  }
});

test("no credential is in any error, however deep one looks, nor in the log", async () => {
  const faults: Fault[] = [
    BUSY,
    FORBIDDEN,
    { kind: "cut", after: false },
    { kind: "answer", status: 301, code: "Moved" },
  ];
  let said = "";
  for (const fault of faults) {
    proxy.decide = () => fault;
    for (const attempt of [
      () => destination.check(),
      () => destination.put("k", cut(body, MIB)),
      () => destination.putIfAbsent("k", Buffer.from("x")),
      () => destination.open("k"),
    ]) {
      const error: unknown = await attempt().then(
        () => expect.fail("must fail"),
        (thrown: unknown) => thrown,
      );
      said += inspect(error, { depth: Infinity, showHidden: true });
    }
  }
  said += run.lines.join("\n") + inspect(destination, { depth: 4 });
  expect(said).toContain("AccessDenied");
  for (const planted of [PLANTED_KEY, encodeURIComponent(PLANTED_KEY), PLANTED_TOKEN]) {
    expect(said).not.toContain(planted);
  }
});
