import { ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, inject, test } from "vitest";
import type { Manifest } from "../../src/backup/manifest.ts";
import { serialiseServerFolder } from "../../src/backup/server-folder.ts";
import type { ServerFolder } from "../../src/backup/server-folder.ts";
import type { DoctorResult } from "../../src/commands/doctor.ts";
import type { PruneResult } from "../../src/commands/prune.ts";
import {
  buildBackupId,
  manifestKey,
  restoreGuideKey,
  serverFolderKey,
  serverFoldersPrefix,
  storeObjectKey,
} from "../../src/destinations/keys.ts";
import {
  buildClickHouseManifest,
  buildManifest,
  buildStoredObject,
  placeBackup,
} from "../support/builders.ts";
import { Machine } from "../support/cli.ts";
import { MemoryPlace } from "../support/memory-destination.ts";
import { createBucket, openS3Client } from "../support/services.ts";
import type { TestBucket } from "../support/services.ts";

const DAY_MS = 86_400_000;
const ROWS = "rows that the server wrote";
const MARKER = "<config/>";
const FOREIGN = "20250101T000000Z-ffff";

let bucket: TestBucket;
let machine: Machine;
let at: string;
/** Oldest first: a full backup with its increment, and another full one with its own. */
let folders: string[];
let ids: string[];

beforeEach(async () => {
  bucket = await createBucket();
  at = `${bucket.endpoint}/${bucket.bucket}/clickhouse`;
  machine = await Machine.create({
    KEY_ID: bucket.accessKeyId,
    KEY: bucket.secretAccessKey,
    CLICKHOUSE_URL: inject("clickhouseUrl"),
  });
  const times = [20, 19, 10, 9].map((days) => new Date(Date.now() - days * DAY_MS));
  ids = times.map((time) => buildBackupId(time, "0a0a"));
  folders = times.map((time) => buildBackupId(time, "5e5e"));
  const chains = [[0], [0, 1], [2], [2, 3]].map((chain) => chain.map((index) => folders[index]!));
  const place = new MemoryPlace();
  times.forEach((time, index) => placeBackup(place, buildNight(ids[index]!, time, chains[index]!)));
  for (const id of ids) place.set(restoreGuideKey(id), Buffer.from("how to"));
  for (const key of place.keys()) {
    const file = fileOf(key);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, place.bytes(key));
  }
  for (const folder of [...folders, FOREIGN]) {
    await put(`${folder}/data/shop/log/all_1_1_0/data.bin`, ROWS);
    await put(`${folder}/.backup`, MARKER);
  }
  await configure("S3('${AT}', '${KEY_ID}', '${KEY}')");
});

function buildNight(id: string, startedAt: Date, chain: string[]): Manifest {
  const own = (file: string) => buildStoredObject(storeObjectKey(id, "log", file));
  const store = buildClickHouseManifest({
    ddl: {
      objects: own("schema.json"),
      beforeData: own("before-data.sql"),
      afterData: own("after-data.sql"),
    },
    parts: [],
    serverBackup: {
      engine: "S3",
      at,
      folder: chain.at(-1)!,
      chain,
      tables: [["shop", "log"]],
      files: 1,
      writtenBytes: ROWS.length + MARKER.length,
      totalBytes: ROWS.length,
    },
  });
  const finishedAt = new Date(startedAt.getTime() + 60_000).toISOString();
  return buildManifest({ id, startedAt: startedAt.toISOString(), finishedAt, stores: [store] });
}

async function configure(serverDestination: string): Promise<void> {
  const destination = pathToFileURL(join(machine.folder, "backups")).href;
  await writeFile(
    join(machine.folder, "lifeboat.yml"),
    `destination: ${destination}
retention:
  last: 1
stores:
  log:
    kind: clickhouse
    url: \${CLICKHOUSE_URL}
    mode: server
    server-destination: ${serverDestination.replace("${AT}", at)}
`,
  );
}

async function put(key: string, text: string): Promise<void> {
  const client = openS3Client(bucket);
  await client.send(new PutObjectCommand({ Bucket: bucket.bucket, Key: `clickhouse/${key}`, Body: text }));
  client.destroy();
}

function fileOf(key: string): string {
  return join(machine.folder, "backups", "lifeboat", key);
}

/** As a run leaves it before the server begins. */
async function note(folder: string, place: Pick<ServerFolder, "engine" | "at"> = { engine: "S3", at }) {
  const file = fileOf(serverFolderKey(folder));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, serialiseServerFolder({ ...place, folder }));
}

async function listNotes(): Promise<string[]> {
  return (await readdir(fileOf(serverFoldersPrefix))).sort();
}

async function listFolders(): Promise<string[]> {
  const client = openS3Client(bucket);
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket.bucket }));
  client.destroy();
  return [...new Set(Contents.map(({ Key = "" }) => Key.split("/")[1]!))].sort();
}

describe("what a server wrote to a bucket by itself", () => {
  test("is removed with the last backup that needs it, and never the base of a backup that stays", async () => {
    const plan = await machine.run("prune", "--dry-run");
    const what = { at, removedFolders: folders.slice(0, 2), removedObjects: 4, leftFolders: [] };
    expect(plan.json, plan.stderr).toMatchObject({ isDryRun: true, serverPlaces: [what] });
    expect(await listFolders()).toEqual([FOREIGN, ...folders].sort());

    const pruned = await machine.run("prune");
    expect(pruned.json, pruned.stderr).toMatchObject({ serverPlaces: [what] });
    expect(await machine.list()).toEqual([ids[3]]);
    expect(await listFolders()).toEqual([FOREIGN, ...folders.slice(2)].sort());
    expect((await machine.run("verify")).json).toMatchObject({ verdict: "intact" });
    expect((await machine.run("prune")).json).not.toHaveProperty("serverPlaces");
  });

  test("is removed with its note where a run died before it was a backup, once that is two days ago", async () => {
    const dead = buildBackupId(new Date(Date.now() - 3 * DAY_MS), "dead");
    const underWay = buildBackupId(new Date(Date.now() - DAY_MS), "a11e");
    for (const folder of [dead, underWay]) {
      await put(`${folder}/data/shop/log/all_1_1_0/data.bin`, ROWS);
      await note(folder);
    }
    for (const folder of folders) await note(folder);
    const what = { removedFolders: [...folders.slice(0, 2), dead], removedObjects: 5, leftFolders: [] };
    const plan = await machine.run("prune", "--dry-run");
    expect(plan.json, plan.stderr).toMatchObject({ serverPlaces: [what] });
    expect(await listNotes()).toHaveLength(6);

    const pruned = await machine.run("prune");
    expect(pruned.json, pruned.stderr).toMatchObject({ serverPlaces: [what] });
    const kept = [...folders.slice(2), underWay];
    expect(await listFolders()).toEqual([FOREIGN, ...kept].sort());
    expect(await listNotes()).toEqual(kept.map((folder) => `${folder}.json`).sort());
    expect((await machine.run("prune")).json).not.toHaveProperty("serverPlaces");
  });

  test("is found again where a prune died after the manifests and before the folders", async () => {
    for (const folder of folders) await note(folder);
    for (const id of ids.slice(0, 2)) await rm(fileOf(manifestKey(id)));
    const pruned = await machine.run("prune");
    expect(pruned.json, pruned.stderr).toMatchObject({
      serverPlaces: [{ removedFolders: folders.slice(0, 2), leftFolders: [] }],
    });
    expect(await listFolders()).toEqual([FOREIGN, ...folders.slice(2)].sort());
  });

  test("is named once where only the server reaches it", async () => {
    const folder = `shop/${buildBackupId(new Date(Date.now() - 3 * DAY_MS), "dead")}`;
    await note(folder, { engine: "Disk", at: "backups" });
    const { json, stderr } = await machine.run("prune");
    expect((json as PruneResult).serverPlaces, stderr).toContainEqual(
      expect.objectContaining({ at: "backups", leftFolders: [folder] }),
    );
    expect((await machine.run("prune")).json).not.toHaveProperty("serverPlaces");
  });

  test("stays, and is named, where nobody gives credentials for it", async () => {
    await configure("Disk('backups')");
    const { json } = await machine.run("prune");
    expect(json).toMatchObject({
      serverPlaces: [{ at, removedFolders: [], leftFolders: folders.slice(0, 2) }],
    });
    expect(await listFolders()).toEqual([FOREIGN, ...folders].sort());
    const verified = await machine.run("verify");
    expect(verified.json).toMatchObject({
      verdict: "intact",
      notProven: [expect.stringContaining("was not looked at")],
    });
  });

  test("is verified in its names and sizes, the chain below it too", async () => {
    const intact = await machine.run("verify", "--all");
    expect(intact.json, intact.stderr).toMatchObject({ verdict: "intact", damages: [] });
    await put(`${folders[1]}/data/shop/log/all_1_1_0/data.bin`, "short");
    await put(`${folders[2]}/.backup`, "");
    const damaged = await machine.run("verify", "--all");
    expect(damaged.status).toBe(5);
    const bytes = ROWS.length + MARKER.length;
    expect(damaged.json).toMatchObject({
      verdict: "damaged",
      damages: [
        {
          key: `${at}/${folders[1]}`,
          backups: [ids[1]],
          what: `Its objects have ${5 + MARKER.length} bytes instead of ${bytes}.`,
        },
        {
          key: `${at}/${folders[2]}`,
          backups: [ids[3], ids[2]],
          what: `Its objects have ${ROWS.length} bytes instead of ${bytes}.`,
        },
      ],
    });
  });

  test("is looked at by doctor, from this machine and from the server", async () => {
    const findings = async () =>
      ((await machine.run("doctor")).json as DoctorResult).subjects.flatMap((subject) => subject.findings);
    const [right, reach] = (await findings()).filter(({ check }) => check === "server mode");
    expect(right).toMatchObject({ state: "good" });
    expect(reach).toMatchObject({ state: "good", found: expect.stringContaining(`reaches ${at}`) });

    await configure(`S3('${bucket.endpoint}/no-such-bucket/x', '\${KEY_ID}', '\${KEY}')`);
    const bad = await findings();
    expect(bad.filter(({ state }) => state !== "good").map(({ check }) => check)).toEqual(
      expect.arrayContaining(["server mode", "connection"]),
    );
    expect(JSON.stringify(bad)).not.toContain(bucket.secretAccessKey);

    await configure("Disk('no-such-disk')");
    expect((await findings()).find(({ found }) => found.includes("no-such-disk"))).toMatchObject({
      state: "bad",
    });
  });
});
