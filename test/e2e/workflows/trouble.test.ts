import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { FaultyS3Proxy } from "../../support/faulty-s3-proxy.ts";
import { openNoticeBoard } from "../../support/notice-board.ts";
import { ProcessWatch } from "../../support/processes.ts";
import { findStep, tell } from "../../support/rehearsal/finished-run.ts";
import type { JobRun } from "../../support/rehearsal/job-run.ts";
import { RUNNER_GRACE } from "../../support/rehearsal/step-process.ts";
import type { WorkflowRun } from "../../support/rehearsal/workflow-run.ts";
import { openS3Client } from "../../support/services.ts";
import { ProductSite, start } from "./product-repository.ts";

const JOB = "backup/backup";

let site: ProductSite;
let proxy: FaultyS3Proxy;

beforeAll(async () => {
  [site, proxy] = await Promise.all([ProductSite.create(), FaultyS3Proxy.start(inject("s3").endpoint)]);
});
afterEach(() => {
  proxy.decide = () => ({ kind: "pass" });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

describe("a nightly backup", () => {
  test.each(["DATABASE_URL", "CLICKHOUSE_URL"])(
    "names the secret %s when it is missing, and writes nothing",
    async (secret) => {
      const repository = await site.createRepository({ without: [secret], endpoint: proxy.endpoint });
      proxy.seen.length = 0;
      const run = await start(repository, "nightly-backup").finished;
      expect(run.conclusion).toBe("failure");
      const { annotations, status } = findStep(run, JOB, "Back up");
      expect(status).toBe(2);
      expect(annotations).toHaveLength(1);
      expect(annotations[0]?.message).toContain(`${secret}, which is not set or empty`);
      expect(proxy.seen).toEqual([]);
    },
  );

  test("names the access key's secrets when there is neither a role nor a key", async () => {
    const repository = await site.createRepository({ settings: { vars: {} } });
    const run = await start(repository, "nightly-backup").finished;
    expect(run.conclusion).toBe("failure");
    const { annotations } = findStep(run, JOB, "Back up");
    expect(annotations).toHaveLength(1);
    expect(annotations[0]?.message).toContain("AWS_ACCESS_KEY_ID");
  });

  test("works with an access key instead of a role, and calls its heartbeat address", async () => {
    await using board = await openNoticeBoard();
    const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = site.bucket;
    const repository = await site.createRepository({
      settings: { vars: {} },
      secrets: { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, BACKUP_HEARTBEAT_URL: `${board.url}/nightly` },
    });
    const run = await start(repository, "nightly-backup").finished;
    expect(run.conclusion, findStep(run, JOB, "Back up").log).toBe("success");
    expect(board.received.map(({ path }) => path)).toEqual(["/nightly/start", "/nightly"]);
  });

  test("in a fork, which gets no secrets and no identity, stops before it reads anything", async () => {
    const repository = await site.createRepository();
    const run = await start(repository, "nightly-backup", { event: "workflow_dispatch", fromFork: true })
      .finished;
    expect(run.conclusion).toBe("failure");
    const { annotations, status } = findStep(run, JOB, "Back up");
    expect(status).toBe(2);
    expect(annotations[0]?.message).toContain("id-token: write");
    expect(annotations[0]?.message).toContain("DATABASE_URL, which is not set or empty");
  });

  test("stops before it touches anything when AWS refuses the role's token", async () => {
    const assumeRole = (): never => {
      throw new Error("Token is expired");
    };
    const repository = await site.createRepository({ settings: { assumeRole }, endpoint: proxy.endpoint });
    proxy.seen.length = 0;
    const run = await start(repository, "nightly-backup").finished;
    expect(run.conclusion).toBe("failure");
    const { annotations, status } = findStep(run, JOB, "Back up");
    expect(status).toBe(4);
    expect(annotations).toHaveLength(1);
    expect(annotations[0]?.message).toMatch(
      /The role \S+ cannot be taken on: AWS answered .*Token is expired/,
    );
    expect(proxy.seen).toEqual([]);
  });

  test("whose session expires on the way says so, and what to do, in one annotation", async () => {
    const repository = await site.createRepository({ endpoint: proxy.endpoint });
    proxy.decide = ({ method }) =>
      method === "PUT" || method === "POST"
        ? { kind: "answer", status: 400, code: "ExpiredToken" }
        : { kind: "pass" };
    const run = await start(repository, "nightly-backup").finished;
    expect(run.conclusion).toBe("failure");
    const { annotations, status } = findStep(run, JOB, "Back up");
    expect(status).toBe(4);
    expect(annotations).toHaveLength(1);
    expect(annotations[0]?.message).toMatch(/expired/i);
    expect(annotations[0]?.message).toMatch(/longer|renew|session/i);
  });

  test.each([
    ["cancelled", (run: WorkflowRun, _: JobRun) => run.cancel()],
    ["ended at its time limit", (_: WorkflowRun, job: JobRun) => job.reachTimeout()],
  ])("that is %s in the middle of an upload leaves no process and no upload behind", async (_, end) => {
    // The first signal must do, however slow the machine.
    const settings = { grace: { ...RUNNER_GRACE, afterInterrupt: 600_000 } };
    const repository = await site.createRepository({ endpoint: proxy.endpoint, settings });
    const held = holdUpload();
    const run = start(repository, "nightly-backup");
    const job = await run.startedJob(JOB);
    await Promise.race([held, rejectWhenEnded(run)]);
    using watch = new ProcessWatch(job.process!.pid);
    end(run, job);
    const process = job.process!;
    await process.ended;
    expect(watch.listAlive()).toEqual([]);
    proxy.decide = () => ({ kind: "pass" });
    const result = await run.finished;
    expect(result.conclusion).toBe("cancelled");
    expect(findStep(result, JOB, "Back up")).toMatchObject({ outcome: "cancelled", status: 130 });
    expect(findStep(result, JOB, "Post Back up")).toMatchObject({ status: 0, annotations: [] });
    expect(result.jobs[JOB]?.orphans).toEqual([]);
    expect(await listUploads()).toEqual([]);
    const next = await start(repository, "nightly-backup").finished;
    expect(next.conclusion, findStep(next, JOB, "Back up").log).toBe("success");
  });

  test("that starts while another runs waits for it, and neither is lost", async () => {
    const repository = await site.createRepository({ endpoint: proxy.endpoint });
    const first = start(repository, "nightly-backup");
    await first.startedJob(JOB); // of two that are started at once, either may come first
    const second = start(repository, "nightly-backup");
    const order: string[] = [];
    void first.finished.then(() => order.push("the first has ended"));
    void second.startedJob(JOB).then(() => order.push("the second starts"));
    const results = await Promise.all([first.finished, second.finished]);
    expect(order).toEqual(["the first has ended", "the second starts"]);
    const ids = results.map(({ jobs }) => jobs["backup"]?.outputs["backup-id"]);
    expect(results.map(({ conclusion }) => conclusion)).toEqual(["success", "success"]);
    expect(new Set(ids).size).toBe(2);
  });
});

/** From now on the first part of an upload is taken and not answered; resolves when that has happened. */
function holdUpload(): Promise<void> {
  return new Promise<void>((resolve) => {
    proxy.decide = ({ url, method }) => {
      if (method !== "PUT" || !url.includes("/postgres/")) return { kind: "pass" };
      resolve();
      return { kind: "hang" };
    };
  });
}

async function rejectWhenEnded(run: WorkflowRun): Promise<never> {
  throw new Error(`It ended early: ${tell(await run.finished)}`);
}

async function listUploads(): Promise<(string | undefined)[]> {
  const client = openS3Client(site.bucket);
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: site.bucket.bucket }));
  client.destroy();
  return Uploads.map(({ Key }) => Key);
}
