import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RunContext } from "../../../src/run-context.ts";
import { APT_ARCHIVES, TOOL_CACHE } from "../../../src/stores/postgres/clients/archives.ts";
import { explainPostgresTools, findPostgresTools } from "../../../src/stores/postgres/clients/find.ts";
import { PGDG_KEY } from "../../../src/stores/postgres/clients/pgdg-key.ts";
import type { FoundClient } from "../../../src/stores/postgres/clients/source.ts";
import { Apt } from "../../../src/sys/apt.ts";
import { findDebianArchive, readCodename } from "../../../src/sys/apt-sources.ts";
import { DEBIAN_KEYS } from "../../../src/sys/debian-keys.ts";
import { runTool, toolEnvironment } from "../../../src/sys/exec.ts";
import { Redactor } from "../../../src/sys/secret.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { AptArchive, raiseVersion } from "../../support/apt-archive.ts";
import { startToolRun } from "../../support/postgres-databases.ts";
import type { TestRun } from "../../support/run-context.ts";

/** What Debian's bookworm has, which also runs on later releases: it stands for PGDG's packages. */
const MAJOR = 15;
const [PGDG] = APT_ARCHIVES;
const toolOptions = { signal: new AbortController().signal, redactor: new Redactor() };

let packages: string[];
let suite: string;
let downloaded: Scratch;
let archive: AptArchive;
let cache: Scratch;

beforeAll(async () => {
  suite = `${await readCodename()}-pgdg`;
  downloaded = await Scratch.create();
  const apt = await Apt.open(downloaded, {
    archive: await findDebianArchive("bookworm"),
    without: ["postgresql-client-common", "perl"],
    env: toolEnvironment(process.env),
    ...toolOptions,
  });
  packages = await apt.download([`postgresql-client-${MAJOR}`]);
});
afterAll(() => downloaded.remove());

beforeEach(async () => {
  archive = await AptArchive.serve(suite, packages);
  cache = await Scratch.create();
});
afterEach(async () => {
  await archive[Symbol.asyncDispose]();
  await cache.remove();
});

function startRun(change: Partial<RunContext> = {}): TestRun {
  const postgresArchive = { uri: archive.uri, keyring: archive.keyring };
  return { ...startToolRun(), cacheDir: cache.path, postgresArchive, ...change };
}

function fetchClient(run = startRun()): Promise<FoundClient> {
  return PGDG!.find(MAJOR, run);
}

async function expectNothingCached(): Promise<void> {
  expect(await readdir(cache.file("apt"))).toEqual([]);
}

describe("an archive made for this machine's release", () => {
  test("gives the client, which runs with the machine's own loader", async () => {
    const { tools, where } = await fetchClient();
    expect(tools.version).toMatch(/^pg_dump \(PostgreSQL\) 15\./);
    expect(tools.command("pg_dump", []).file).toBe(join(where, "usr/lib/postgresql/15/bin/pg_dump"));
    expect(where.startsWith(await realpath(cache.path))).toBe(true);
  });

  test("is needed once: the next run takes the client from the tool cache while the archive is away", async () => {
    const { where } = await fetchClient();
    await archive.goAway();
    const run = startRun();
    expect(await TOOL_CACHE.find(MAJOR, run)).toMatchObject({ where });
    expect(run.lines).toEqual([]);
  });

  test("is refused when a package was tampered with", async () => {
    await archive.damagePackage("postgresql-client-15_");
    await expect(fetchClient()).rejects.toMatchObject({
      code: "TOOL_MISSING",
      message: expect.stringMatching(/Hash Sum mismatch|Hashes of received file|unexpected size/i),
    });
    await expectNothingCached();
  });

  test("is refused when its lists were tampered with", async () => {
    await archive.forgeRelease();
    await expect(fetchClient()).rejects.toMatchObject({ message: expect.stringMatching(/BADSIG|invalid/i) });
    await expectNothingCached();
  });

  test("is refused when it is not signed", async () => {
    await archive.dropSignature();
    await expect(fetchClient()).rejects.toMatchObject({
      message: expect.stringMatching(/is not signed|does no longer have a Release/i),
    });
    await expectNothingCached();
  });

  test("is refused when others than the PostgreSQL project signed it", async () => {
    const run = startRun({ postgresArchive: { uri: archive.uri } });
    await expect(fetchClient(run)).rejects.toMatchObject({
      message: expect.stringMatching(/NO_PUBKEY|not signed|public key/i),
    });
    await expectNothingCached();
  });
});

describe("a cached client", () => {
  const later = (days: number): Pick<RunContext, "clock"> => ({
    clock: {
      ...startToolRun().clock,
      now: () => new Date(Date.now() + days * 24 * 3_600_000),
    },
  });

  test("gives way to a newer minor version a week later, and stays for who still uses it", async () => {
    const before = await fetchClient();
    const client = packages.find((path) => path.includes("/postgresql-client-15_"))!;
    const others = packages.filter((path) => path !== client);
    await archive.publish([...others, await raiseVersion(client, "15.99-1", downloaded.path)]);

    const soon = await TOOL_CACHE.find(MAJOR, startRun(later(6)));
    expect(soon.where).toBe(before.where);
    const after = await TOOL_CACHE.find(MAJOR, startRun(later(8)));
    expect(after.where).not.toBe(before.where);
    expect(after.tools.version).toMatch(/^pg_dump \(PostgreSQL\) 15\./);
    await runTool(before.tools.command("pg_dump", ["--version"]), toolOptions);
  });

  test("keeps working when the archive cannot be reached or is not to be trusted", async () => {
    const { where } = await fetchClient();
    await archive.forgeRelease();
    expect(await TOOL_CACHE.find(MAJOR, startRun(later(8)))).toMatchObject({ where });
    await archive.goAway();
    expect(await TOOL_CACHE.find(MAJOR, startRun(later(30)))).toMatchObject({ where });
  });
});

describe("the choice", () => {
  const MACHINE_WITHOUT_CLIENT = {
    toolEnv: { ...toolEnvironment(process.env), PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  };

  test("goes to Debian's archive when PGDG's is away, and says what it tried", async () => {
    await archive.goAway();
    const { chosen, tried } = await explainPostgresTools(17, startRun(MACHINE_WITHOUT_CLIENT));
    expect(chosen?.tools.version).toMatch(/^pg_dump \(PostgreSQL\) 17\./);
    expect(tried.map(({ source }) => source)).toEqual([
      "this machine",
      "tool cache",
      "PGDG's apt archive",
      "Debian's archive",
    ]);
    expect(tried[2]?.outcome).toContain(`could not be fetched from ${archive.uri} (${suite})`);
  });

  test("names every source when none has a client of that version or later", async () => {
    const error: unknown = await findPostgresTools(19, startRun(MACHINE_WITHOUT_CLIENT)).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "TOOL_MISSING" });
    const { message } = error as Error;
    expect(message).toMatch(/^No pg_dump and pg_restore of PostgreSQL 19 or later can be had\. Tried:\n/);
    for (const source of ["this machine", "tool cache", "PGDG's apt archive", "Debian's archive", "docker"]) {
      expect(message).toMatch(new RegExp(`^- ${source}: .+\\.$`, "m"));
    }
  });
});

test.each([
  ["PGDG", PGDG_KEY, ["B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8"]],
  [
    "Debian",
    DEBIAN_KEYS,
    ["B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8", "04B54C3CDCA79751B16BC6B5225629DF75B188BD"],
  ],
])("the keys shipped for %s are the ones they are said to be", async (_name, keys, fingerprints) => {
  const { stdout } = await runTool(
    {
      file: "gpg",
      args: ["--homedir", cache.path, "--batch", "--show-keys", "--with-colons"],
      env: toolEnvironment(process.env),
    },
    { ...toolOptions, stdin: keys },
  );
  const found = [...stdout.matchAll(/^pub:[^]*?^fpr:+([0-9A-F]+):/gm)].map(([, fingerprint]) => fingerprint);
  expect(found).toEqual(fingerprints);
});
