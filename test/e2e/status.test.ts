import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { serialiseManifest } from "../../src/backup/manifest.ts";
import type { StatusResult } from "../../src/commands/status.ts";
import { buildBackupId, drillKey, manifestKey } from "../../src/destinations/keys.ts";
import { openDestination } from "../../src/destinations/open.ts";
import type { DestinationConfig } from "../../src/destinations/open.ts";
import { serialiseDrillRecord } from "../../src/drill/record.ts";
import { Secret } from "../../src/sys/secret.ts";
import { buildDrillRecord, buildManifest } from "../support/builders.ts";
import { Machine } from "../support/cli.ts";
import { startTestRun } from "../support/run-context.ts";
import { Runner } from "../support/runner.ts";
import { createBucket } from "../support/services.ts";

const OBJECTIVES = ["--rpo", "26h", "--rto", "4h", "--drill-every", "8d"];

/** Puts manifests there as runs of so many hours ago would have, and the record of a drill of yesterday. */
async function fill(config: DestinationConfig, ages: readonly number[]): Promise<void> {
  const destination = await openDestination(config, "shop", startTestRun());
  onTestFinished(() => destination.close());
  const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
  for (const age of ages) {
    const id = buildBackupId(hoursAgo(age), "0001");
    const startedAt = hoursAgo(age).toISOString();
    await destination.putIfAbsent(
      manifestKey(id),
      serialiseManifest(buildManifest({ id, startedAt, finishedAt: startedAt })),
    );
  }
  const record = buildDrillRecord({ startedAt: hoursAgo(24).toISOString() });
  await destination.putIfAbsent(drillKey(record.id), serialiseDrillRecord(record));
}

async function createFolder(parent: string, name: string): Promise<DestinationConfig & { flags: string[] }> {
  const folder = join(parent, name);
  await mkdir(folder);
  const url = pathToFileURL(folder).href;
  return { url, flags: ["--destination", url, "--name", "shop"] };
}

describe("lifeboat status", () => {
  test("ends 0 while the objectives are met, and 6 when the newest backup is too old", async () => {
    const machine = await Machine.create();
    const [young, old] = [
      await createFolder(machine.folder, "young"),
      await createFolder(machine.folder, "old"),
    ];
    await fill(young, [2, 26]);
    await fill(old, [30]);
    const fine = await machine.run("status", ...young.flags, ...OBJECTIVES);
    expect(fine.status, fine.stdout).toBe(0);
    expect((fine.json as StatusResult).verdict).toBe("good");
    const late = await machine.run("status", ...old.flags, ...OBJECTIVES);
    expect(late.status, late.stdout).toBe(6);
    expect(late.stdout).toMatch(/is 30\.\d hours old; the objective \(RPO\) is 26\.0 hours\./);
  });

  test("looks at a bucket as well, and no credential shows anywhere", async () => {
    const bucket = await createBucket();
    const secretAccessKey = "planted-5tatus-key";
    const config = {
      url: `s3://${bucket.bucket}/here`,
      endpoint: bucket.endpoint,
      region: bucket.region,
      accessKeyId: bucket.accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
    };
    await fill(config, [2]);
    const machine = await Machine.create({
      AWS_ACCESS_KEY_ID: bucket.accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    });
    const flags = [
      ...["--destination", config.url, "--name", "shop"],
      ...["--s3-endpoint", config.endpoint, "--s3-region", config.region],
    ];
    const fine = await machine.run("status", ...flags, ...OBJECTIVES);
    expect(fine.status, fine.stdout).toBe(0);
    const late = await machine.run("status", ...flags, "--rpo", "1h");
    expect(late.status).toBe(6);
    expect(fine.stdout + fine.stderr + late.stdout + late.stderr).not.toContain(secretAccessKey);
  });

  test("that cannot look ends with the status of the error, and still prints its document", async () => {
    const machine = await Machine.create();
    const url = pathToFileURL(join(machine.folder, "not-mounted")).href;
    const run = await machine.run("status", "--destination", url);
    expect(run.status).toBe(4);
    expect((run.json as StatusResult).destinations[0]?.failure?.code).toBe("DESTINATION_MISSING");
  });
});

test("as a step of a workflow it fails with a summary that says the answer first", async () => {
  const runner = await Runner.create();
  onTestFinished(() => runner[Symbol.asyncDispose]());
  const place = await createFolder(runner.temp, "backups");
  await fill(place, [30, 54]);
  const step = await runner.run({ command: "status", name: "shop", destination: place.url, rpo: "26h" });
  expect(step.status, step.log).toBe(6);
  expect(step.outputs["verdict"]).toBe("bad");
  expect(step.outputs["backup-id"]).toMatch(/^\d{8}T\d{6}Z-0001$/);
  expect(step.summary.split("\n")[0]).toBe("## ❌ An objective is missed");
  expect(step.summary).toContain("| ❌ | app age |");
  expect(step.summary).toContain("<summary>The last backups at ");
});
