import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { objectsOfStore, serialiseManifest } from "../../src/backup/manifest.ts";
import type { BackupResult } from "../../src/commands/backup.ts";
import type { DoctorResult } from "../../src/commands/doctor.ts";
import type { DrillResult } from "../../src/commands/drill.ts";
import { drillKey, manifestKey } from "../../src/destinations/keys.ts";
import { buildManifest } from "../support/builders.ts";
import { Machine } from "../support/cli.ts";
import type { CliRun } from "../support/cli.ts";
import { IamS3 } from "../support/iam-s3.ts";
import type { AccessKey } from "../support/iam-s3.ts";
import { openS3Client } from "../support/services.ts";
import { createProduct } from "./product.ts";
import type { Product } from "./product.ts";

const ROLES = ["backup", "shard", "drill", "restore", "status", "prune"] as const;
const EVERYTHING = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
});
const FOLDER = "company/shop";

let s3: IamS3;
let product: Product;
const keys = new Map<string, AccessKey>();
let place: string[];
let made: BackupResult;

beforeAll(async () => {
  [s3, product] = await Promise.all([IamS3.start(), createProduct()]);
  place = [
    ...["--destination", `s3://${s3.bucket}/company`, "--name", "shop"],
    ...["--s3-endpoint", s3.endpoint, "--s3-region", s3.region],
  ];
  keys.set("admin", await s3.createUser("admin", EVERYTHING));
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  await product[Symbol.asyncDispose]();
});

function sources(): string[] {
  return ["--postgres-url", product.postgresUrl, "--clickhouse-url", product.clickhouseUrl];
}

async function createMachine(user: string): Promise<Machine> {
  const { accessKeyId, secretAccessKey } = keys.get(user)!;
  return await Machine.create({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
}

async function runAs(user: string, command: string, ...args: string[]): Promise<CliRun> {
  return await (await createMachine(user)).run(command, ...place, ...args);
}

/** Exactly what the command prints for people to pipe on. */
async function printPolicy(role: string): Promise<string> {
  const machine = await Machine.create();
  const { status, stdout, stderr } = await machine.runText("policy", ...place, "--role", role);
  expect(status, stderr).toBe(0);
  return stdout;
}

/** Sends requests to the objects of the backup as a user. */
function clientOf(user: string): { client: S3Client; Bucket: string; data: string; manifest: string } {
  const { endpoint, region, bucket: Bucket } = s3;
  const client = openS3Client({ endpoint, region, ...keys.get(user)! });
  onTestFinished(() => client.destroy());
  const [object] = objectsOfStore(made.manifest.stores[0]!);
  return {
    client,
    Bucket,
    data: `${FOLDER}/${object!.key}`,
    manifest: `${FOLDER}/${manifestKey(made.backupId)}`,
  };
}

const DENIED = { $metadata: { httpStatusCode: 403 } };

// The tests below work as these users and, in their order, on the backup of the first one.
test("a policy is printed for every role, and taken as it is", async () => {
  for (const role of ROLES) keys.set(role, await s3.createUser(role, await printPolicy(role)));
});

describe("the role backup", () => {
  test("backs up real databases, and says that everything is sent since it may not look", async () => {
    const run = await runAs("backup", "backup", ...sources());
    expect(run.status, run.stderr).toBe(0);
    made = run.json as BackupResult;
    expect(made.destinations).toEqual([{ url: `s3://${s3.bucket}/${FOLDER}` }]);
    const again = await runAs("backup", "backup", ...sources());
    expect(again.status, again.stderr).toBe(0);
    expect(again.stderr).toContain("Everything will be sent, since the newest backup cannot be read");
    // The guide and the manifest come on top of what the stores need.
    const { sentBytes, sizeBytes } = again.json as BackupResult;
    expect(sentBytes).toBe(sizeBytes);
  });

  test("can neither list nor read nor remove, nor write elsewhere", async () => {
    const { client, Bucket, data, manifest } = clientOf("backup");
    await expect(client.send(new ListObjectsV2Command({ Bucket, Prefix: FOLDER }))).rejects.toMatchObject(
      DENIED,
    );
    for (const Key of [data, manifest]) {
      await expect(client.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject(DENIED);
      await expect(client.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject(DENIED);
      await expect(client.send(new DeleteObjectCommand({ Bucket, Key }))).rejects.toMatchObject(DENIED);
    }
    for (const Key of ["company/other/backups/x", `${FOLDER}/drills/x.json`]) {
      await expect(client.send(new PutObjectCommand({ Bucket, Key, Body: "x" }))).rejects.toMatchObject(
        DENIED,
      );
    }
    for (const command of ["list", "prune"]) {
      const run = await runAs("backup", command);
      expect([run.status, run.json.error?.code]).toEqual([4, "DESTINATION_REFUSED"]);
    }
  });
});

describe("the role drill", () => {
  test("proves the backup and leaves its record", async () => {
    const drilled = await runAs(
      ...(["drill", "drill"] as const),
      ...["--target-postgres-url", product.targetPostgresUrl],
      ...["--target-clickhouse-url", product.targetClickhouseUrl],
    );
    expect(drilled.status, drilled.stderr).toBe(0);
    expect((drilled.json as DrillResult).isRecorded).toBe(true);
  });

  test("can neither write nor remove what belongs to a backup", async () => {
    const { client, Bucket, data, manifest } = clientOf("drill");
    for (const Key of [
      data,
      manifest,
      `${FOLDER}/backups/new`,
      `${FOLDER}/parts/new`,
      `${FOLDER}/pins/new`,
    ]) {
      await expect(client.send(new PutObjectCommand({ Bucket, Key, Body: "x" }))).rejects.toMatchObject(
        DENIED,
      );
      await expect(client.send(new DeleteObjectCommand({ Bucket, Key }))).rejects.toMatchObject(DENIED);
    }
    const Key = `${FOLDER}/${drillKey("mine")}`;
    await expect(client.send(new DeleteObjectCommand({ Bucket, Key }))).rejects.toMatchObject(DENIED);
    const run = await runAs("drill", "backup", ...sources());
    expect([run.status, run.json.error?.code]).toEqual([4, "DESTINATION_REFUSED"]);
  });
});

describe("the other roles", () => {
  test("shard plans, sends and joins a backup, and cannot read data", async () => {
    const planned = await runAs("shard", "plan", "--shards", "2", ...sources());
    expect(planned.status, planned.stderr).toBe(0);
    const { backupId = "" } = planned.json as { backupId?: string };
    for (const shard of (planned.json as unknown as { shards: { shard: string }[] }).shards) {
      const sent = await runAs("shard", "backup", "--backup", backupId, "--shard", shard.shard, ...sources());
      expect(sent.status, sent.stderr).toBe(0);
    }
    const finished = await runAs("shard", "finish", "--backup", backupId);
    expect(finished.status, finished.stderr).toBe(0);
    expect(finished.stderr).not.toContain("AccessDenied");
    const { client, Bucket, data } = clientOf("shard");
    await expect(client.send(new GetObjectCommand({ Bucket, Key: data }))).rejects.toMatchObject(DENIED);
    await expect(client.send(new DeleteObjectCommand({ Bucket, Key: data }))).rejects.toMatchObject(DENIED);
  });

  test("restore reads every byte, and writes nothing", async () => {
    const verified = await runAs("restore", "verify", "--full");
    expect(verified.status, verified.stderr).toBe(0);
    const { client, Bucket } = clientOf("restore");
    const put = new PutObjectCommand({ Bucket, Key: `${FOLDER}/drills/x.json`, Body: "x" });
    await expect(client.send(put)).rejects.toMatchObject(DENIED);
  });

  test("status sees backups and drills, and no data", async () => {
    const looked = await runAs("status", "status", "--rpo", "1h");
    expect(looked.status, looked.stderr).toBe(0);
    const { client, Bucket, data } = clientOf("status");
    await expect(client.send(new GetObjectCommand({ Bucket, Key: data }))).rejects.toMatchObject(DENIED);
  });

  test("prune removes what retention lets go, and cannot read data", async () => {
    const admin = clientOf("admin");
    const old = ["20250101T000000Z-0001", "20250201T000000Z-0001"];
    for (const id of old) {
      const startedAt = `${id.slice(0, 4)}-${id.slice(4, 6)}-01T00:00:00.000Z`;
      const manifest = buildManifest({ id, startedAt, finishedAt: startedAt });
      const put = (key: string, Body: string | Buffer) =>
        admin.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: `${FOLDER}/${key}`, Body }));
      await put(`backups/${id}/app/app.dump`, "rows");
      await put(manifestKey(id), serialiseManifest(manifest));
    }
    const machine = await createMachine("prune");
    await writeFile(join(machine.folder, "lifeboat.yml"), "retention: { last: 1 }\n");
    const pruned = await machine.run("prune", ...place);
    expect(pruned.status, pruned.stderr).toBe(0);
    const { Contents = [] } = await admin.client.send(
      new ListObjectsV2Command({ Bucket: s3.bucket, Prefix: `${FOLDER}/backups/${old[0]}` }),
    );
    expect(Contents).toEqual([]);
    const { client, Bucket, data } = clientOf("prune");
    await expect(client.send(new GetObjectCommand({ Bucket, Key: data }))).rejects.toMatchObject(DENIED);
    await expect(client.send(new PutObjectCommand({ Bucket, Key: data, Body: "x" }))).rejects.toMatchObject(
      DENIED,
    );
  });
});

describe("doctor", () => {
  const listRights = ({ subjects }: DoctorResult) =>
    subjects[0]!.findings
      .filter(({ check }) => check === "rights")
      .map(({ state, found }) => `${state}: ${found}`);

  test.each(ROLES)("finds that the role %s has its rights and no others", async (role) => {
    const run = await runAs(role, "doctor", "--role", role, ...(role === "backup" ? sources() : []));
    expect(run.status, run.stdout).toBe(0);
    expect(listRights(run.json as DoctorResult)).toEqual([
      expect.stringMatching(`^good: The credentials may do what the role ${role} needs`),
    ]);
  });

  test("warns of rights that a role does not need, and fails for those that it lacks", async () => {
    const [fine, excess] = listRights(
      (await runAs("admin", "doctor", "--role", "status")).json as DoctorResult,
    );
    expect(fine).toMatch(/^good: /);
    expect(excess).toMatch(
      /^warning: .* may also list uploads, read backups\/\S+\/app.dump, .*remove backups\/probe/,
    );
    const drill = await runAs("drill", "doctor", "--role", "prune");
    expect(drill.status).toBe(4);
    expect(listRights(drill.json as DoctorResult)[0]).toMatch(
      /^bad: .* may not list uploads, .*remove backups\/probe/,
    );
    const unnamed = await runAs("drill", "doctor", ...sources());
    expect(unnamed.status).toBe(4);
    expect(unnamed.stdout).toContain("lifeboat policy --role backup prints the policy to attach.");
  });

  test("leaves nothing behind", async () => {
    const { client, Bucket } = clientOf("admin");
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents.filter(({ Key }) => Key?.includes("probe"))).toEqual([]);
  });
});
