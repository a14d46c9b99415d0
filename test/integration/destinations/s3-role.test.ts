import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Destination } from "../../../src/destinations/destination.ts";
import { openDestination } from "../../../src/destinations/open.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { FaultyS3Proxy } from "../../support/faulty-s3-proxy.ts";
import type { SeenRequest } from "../../support/faulty-s3-proxy.ts";
import { serve } from "../../support/http-server.ts";
import type { TestServer } from "../../support/http-server.ts";
import { startTestRun } from "../../support/run-context.ts";
import { createBucket } from "../../support/services.ts";

const HOUR_MS = 3_600_000;
const BEARER = "pl4nted-bearer";
const ARN = "arn:aws:iam::111122223333:role/backup";

let proxy: FaultyS3Proxy;
let github: TestServer;
/** What GitHub was asked, and what it answers. */
let asked: { authorization: string | undefined; audience: string | null }[];
let tokenStatus: number;
let destination: Destination;

beforeEach(async () => {
  const bucket = await createBucket();
  proxy = await FaultyS3Proxy.start(bucket.endpoint);
  asked = [];
  tokenStatus = 200;
  github = await serve((request, response) => {
    const url = new URL(request.url ?? "", "http://github");
    asked.push({
      authorization: request.headers.authorization,
      audience: url.searchParams.get("audience"),
    });
    response.writeHead(tokenStatus, { "content-type": "application/json" });
    response.end(JSON.stringify({ value: `pl4nted-token-${asked.length}` }));
  });
  vi.stubEnv("AWS_ENDPOINT_URL_STS", proxy.endpoint);
  const config = {
    url: `s3://${bucket.bucket}`,
    endpoint: proxy.endpoint,
    region: bucket.region,
    role: {
      arn: ARN,
      tokenUrl: new Secret(`${github.url}/token?api-version=2.0`),
      bearer: new Secret(BEARER),
    },
  };
  destination = await openDestination(config, "shop", startTestRun());
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  destination.close();
  await proxy[Symbol.asyncDispose]();
  await github[Symbol.asyncDispose]();
});

/** The service for sessions is asked at the root, and without a signature. */
const isForSession = ({ method, url }: SeenRequest): boolean => method === "POST" && url === "/";
const listKeyIds = (): string[] => {
  const ids = proxy.seen.flatMap(
    ({ headers }) => /Credential=([^/]+)/.exec(String(headers.authorization))?.[1] ?? [],
  );
  return [...new Set(ids)];
};

test("a session is taken on once, by a token for AWS, and serves many requests", async () => {
  await Promise.all(["a", "b", "c"].map((key) => destination.putIfAbsent(key, Buffer.from(key))));
  expect((await destination.read("b")).toString()).toBe("b");
  expect(asked).toEqual([{ authorization: `Bearer ${BEARER}`, audience: "sts.amazonaws.com" }]);
  expect(proxy.seen.filter(isForSession)).toHaveLength(1);
  expect(listKeyIds()).toHaveLength(1);
});

test("a run that outlives its session goes on with another, begun by a fresh token", async () => {
  await destination.putIfAbsent("a", Buffer.from("a"));
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + HOUR_MS });
  await destination.putIfAbsent("b", Buffer.from("b"));
  // The service gives sessions by its own clock: how many follow the first is not told.
  expect(listKeyIds().length).toBeGreaterThan(1);
  expect(asked.length).toBe(proxy.seen.filter(isForSession).length);
});

test.each([
  ["GitHub refuses a token", () => void (tokenStatus = 403), "GitHub gave no token (status 403)"],
  [
    "AWS refuses the token",
    () =>
      void (proxy.decide = (request) =>
        isForSession(request) ? { kind: "answer", status: 403, code: "AccessDenied" } : { kind: "pass" }),
    "AWS answered",
  ],
])("where %s the error names the role, what to look at, and no secret", async (_who, refuse, why) => {
  refuse();
  const error: unknown = await destination.check().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({
    code: "DESTINATION_REFUSED",
    message: expect.stringContaining(`The role ${ARN} cannot be taken on: ${why}`),
    hint: expect.stringContaining("trust policy"),
  });
  expect(JSON.stringify([error, (error as Error).message, (error as Error).stack])).not.toContain("pl4nted");
});
