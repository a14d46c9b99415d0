import { createHash } from "node:crypto";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { mapObjects, objectsOfStore, serialiseManifest } from "../../src/backup/manifest.ts";
import type { Manifest } from "../../src/backup/manifest.ts";
import { backup } from "../../src/commands/backup.ts";
import { verify } from "../../src/commands/verify.ts";
import type { VerifyResult } from "../../src/commands/verify.ts";
import { manifestKey, restoreGuideKey } from "../../src/destinations/keys.ts";
import { openDestination } from "../../src/destinations/open.ts";
import { SeveralDestinations } from "../../src/destinations/several.ts";
import { AgeEncryption } from "../../src/encryption/age.ts";
import { Keyring } from "../../src/encryption/keyring.ts";
import { createClickHouseProof } from "../../src/stores/clickhouse/native/proof.ts";
import { createClickHouseStore } from "../../src/stores/clickhouse/store.ts";
import { createPostgresProof } from "../../src/stores/postgres/archive/proof.ts";
import { createPostgresStore } from "../../src/stores/postgres/store.ts";
import type { PostgresStoreOptions } from "../../src/stores/postgres/store.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Secret } from "../../src/sys/secret.ts";
import { runClickHouse } from "../e2e/product.ts";
import { createRichDatabase, startToolRun } from "../support/postgres-databases.ts";
import type { TestDatabase } from "../support/services.ts";

const FLIPS = 1000;
/** The fixture's database under a name of this file's, since the server is shared. */
const DATABASE = "verified_types";

const run = startToolRun();
let postgres: TestDatabase;
let scratch: Scratch;
let keyring: Keyring;
let custom: Kept;
let directory: Kept;
let script: Kept;

/** A backup in a folder of its own. */
interface Kept {
  url: string;
  folder: string;
  manifest: Manifest;
}

beforeAll(async () => {
  scratch = await Scratch.create();
  postgres = await createRichDatabase();
  const types = await readFile(new URL("../fixtures/clickhouse-types.sql", import.meta.url), "utf8");
  await runClickHouse(inject("clickhouseUrl"), types.replaceAll("every_type", DATABASE));
  const identity = await generateIdentity();
  keyring = await Keyring.create([new Secret(identity)], []);
  const encryption = AgeEncryption.forRecipients([await identityToRecipient(identity)]);
  custom = await backUp("custom", { globals: true });
  directory = await backUp("directory", { dump: { format: "directory", compression: "none" } }, encryption);
  script = await backUp(
    "script",
    { dump: { format: "plain", compression: "gzip" }, globals: true },
    encryption,
  );
});
afterAll(async () => {
  await runClickHouse(inject("clickhouseUrl"), `DROP DATABASE IF EXISTS ${DATABASE} SYNC`);
  await postgres.drop();
  await scratch.remove();
});

async function backUp(
  name: string,
  options: Pick<PostgresStoreOptions, "dump" | "globals">,
  encryption?: AgeEncryption,
): Promise<Kept> {
  const base = await Scratch.create(scratch.path);
  const url = pathToFileURL(base.path).href;
  const open = () => openDestination({ url }, name, run);
  const stores = [
    createPostgresStore({ name: "postgres", url: new Secret(postgres.url), ...options }, run),
    createClickHouseStore(
      { name: "clickhouse", url: new Secret(inject("clickhouseUrl")), databases: [DATABASE] },
      run,
    ),
  ];
  try {
    const destination = new SeveralDestinations([await open()], run);
    const request = { name, stores, destination, openForCleanUp: open, full: true };
    const { manifest } = await backup({ ...request, ...(encryption && { encryption }) }, run);
    return { url, folder: join(base.path, name), manifest };
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** As the command does it, with every byte and everything that looks inside. */
async function look({ url, manifest }: Kept, held?: Keyring): Promise<VerifyResult> {
  const proofs = { postgres: createPostgresProof(run), clickhouse: createClickHouseProof(run) };
  return await verify(
    {
      destination: await openDestination({ url }, manifest.name, run),
      scope: { kind: "all" },
      full: true,
      openProof: async (kind) => proofs[kind],
      ...(held && { keyring: held }),
    },
    run,
  );
}

function keysOf(manifest: Manifest): string[] {
  return manifest.stores.flatMap(objectsOfStore).map(({ key }) => key);
}

test("backups of every format are intact, and what was not looked into is said", async () => {
  // ClickHouse shows columns of states in another way once it has sent them, and they are the same.
  expect(run.lines.filter((line) => line.includes("replaced or altered"))).toEqual([]);
  for (const kept of [custom, directory, script]) {
    const { verdict, damages, notProven, objects } = await look(kept, keyring);
    expect({ verdict, damages }).toEqual({ verdict: "intact", damages: [] });
    expect(notProven).toEqual([expect.stringContaining("only ClickHouse can read values of the type")]);
    expect(objects).toBe(keysOf(kept.manifest).length);
  }
  const files = (await readdir(custom.folder, { recursive: true })).sort();
  const known = [
    ...keysOf(custom.manifest),
    manifestKey(custom.manifest.id),
    restoreGuideKey(custom.manifest.id),
  ];
  const isFile = async (file: string) => (await stat(join(custom.folder, file))).isFile();
  const lying = (await Promise.all(files.map(async (file) => ((await isFile(file)) ? [file] : [])))).flat();
  expect(lying).toEqual(known.sort()); // nothing lies there that is not looked at
});

test("a thousand random flipped bits in whatever is stored are all found, with the identity and without", async () => {
  const random = startRandom(20_261_121);
  let flipped = 0;
  for (let round = 0; flipped < FLIPS; round += 1) {
    for (const kept of [custom, directory, script]) {
      const { id } = kept.manifest;
      const held = round % 2 === 0 ? keyring : undefined;
      // One bit of each object at a time, and of each document alone, since a manifest that is damaged is all there is.
      for (const keys of [[...keysOf(kept.manifest), restoreGuideKey(id)], [manifestKey(id)]]) {
        const some = keys.slice(0, FLIPS - flipped);
        const mend = await Promise.all(some.map((key) => flipBit(join(kept.folder, key), random)));
        const { damages, verdict } = await look(kept, held);
        expect(damages.map(({ key }) => key).sort(), `round ${round}`).toEqual([...some].sort());
        if (some.length > 0) expect(verdict).toBe("damaged");
        await Promise.all(mend.map((work) => work()));
        flipped += some.length;
      }
    }
  }
  expect(flipped).toBe(FLIPS);
  for (const kept of [custom, directory, script]) expect((await look(kept, keyring)).verdict).toBe("intact");
});

/** @returns what puts the bit back */
async function flipBit(path: string, random: (below: number) => number): Promise<() => Promise<void>> {
  const good = await readFile(path);
  const bad = Buffer.from(good);
  const at = random(bad.length);
  bad[at] = (bad[at] ?? 0) ^ (1 << random(8));
  await writeFile(path, bad);
  return () => writeFile(path, good);
}

/** Numbers that only seem random: the same each time. */
function startRandom(seed: number): (below: number) => number {
  let count = 0;
  return (below) =>
    createHash("sha256")
      .update(`${seed} ${(count += 1)}`)
      .digest()
      .readUInt32LE() % below;
}

/** Cuts an object short as if it had been stored so: the manifest says of it what is true of its beginning. */
async function tear(
  kept: Kept,
  pick: RegExp,
  bytes: number,
): Promise<{ key: string; mend: () => Promise<void> }> {
  const { folder, manifest } = kept;
  const object = manifest.stores.flatMap(objectsOfStore).find(({ key }) => pick.test(key));
  if (!object) throw new Error(`no object is called like ${String(pick)}`);
  const [path, manifestPath] = [join(folder, object.key), join(folder, manifestKey(manifest.id))];
  const [good, goodManifest] = await Promise.all([readFile(path), readFile(manifestPath)]);
  const torn = good.subarray(0, -bytes);
  const sha256 = createHash("sha256").update(torn).digest("hex");
  const told = mapObjects(manifest, ({ key }) =>
    key === object.key ? { key, sizeBytes: torn.length, sha256 } : undefined,
  );
  await Promise.all([writeFile(path, torn), writeFile(manifestPath, serialiseManifest(told))]);
  const mend = async () =>
    void (await Promise.all([writeFile(path, good), writeFile(manifestPath, goodManifest)]));
  return { key: object.key, mend };
}

test("what was torn before its digest was taken is found by what is inside", async () => {
  const plain = await backUp("plain", { dump: { format: "directory", compression: "none" } });
  const sql = await backUp("sql", { dump: { format: "plain", compression: "none" } });
  for (const [kept, pick, bytes, why] of [
    [custom, /app\.dump$/, 1, "pg_restore cannot read it to its end"],
    [custom, /\.numbers\//, 1, "it cannot be decompressed"],
    [custom, /\.states\//, 1, "it cannot be decompressed"],
    [custom, /schema\.json$/, 3, "schema cannot be read"],
    [plain, /\/\d+\.dat$/, 4, "the rows do not end as pg_dump ends them"],
    [plain, /toc\.dat$/, 10, "pg_restore cannot read it"],
    [sql, /app\.sql$/, 200, "the script does not end as pg_dump ends it"],
  ] as const) {
    const { key, mend } = await tear(kept, pick, bytes);
    const { damages } = await look(kept);
    expect(damages, key).toEqual([{ key, backups: [kept.manifest.id], what: expect.stringContaining(why) }]);
    await mend();
  }
});
