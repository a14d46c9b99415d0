import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findDebianArchive } from "../../src/sys/apt-sources.ts";
import type { DebianArchive } from "../../src/sys/apt-sources.ts";
import { unpackDebianPackages } from "../../src/sys/debian-packages.ts";
import type { DebianRoot } from "../../src/sys/debian-packages.ts";
import { runTool, toolEnvironment } from "../../src/sys/exec.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Redactor } from "../../src/sys/secret.ts";

const env = toolEnvironment(process.env);
const toolOptions = { signal: new AbortController().signal, redactor: new Redactor() };
let archive: DebianArchive;
let cache: Scratch;

beforeEach(async () => {
  archive = await findDebianArchive("trixie");
  cache = await Scratch.create();
});
afterEach(() => cache.remove());

function unpackAge(change: Partial<DebianArchive> = {}): Promise<DebianRoot> {
  const from = { ...archive, ...change };
  return unpackDebianPackages({
    packages: ["age"],
    archive: from,
    cacheDir: cache.path,
    env,
    ...toolOptions,
  });
}

test("two runs at once end with one whole folder, whose programs run", async () => {
  const [root, same] = await Promise.all([unpackAge(), unpackAge()]);
  expect(same.path).toBe(root.path);
  expect(await readdir(cache.file("apt"))).toEqual(["trixie_amd64_age", basename(root.path)]);
  const { stdout } = await runTool(root.command("usr/bin/age", ["--version"], env), toolOptions);
  expect(stdout).toMatch(/^1\.\d/);
});

test("what a killed run left is not taken for the packages", async () => {
  const unfinished = join(cache.file("apt"), "lifeboat-killed", "root");
  await mkdir(unfinished, { recursive: true });
  const root = await unpackAge();
  const { stdout } = await runTool(root.command("usr/bin/age", ["--version"], env), toolOptions);
  expect(stdout).toMatch(/^1\.\d/);
});

test("an archive signed with other keys is refused, and nothing stays in the cache", async () => {
  const signedBy = cache.file("empty.gpg");
  await writeFile(signedBy, "");
  await expect(unpackAge({ signedBy })).rejects.toMatchObject({ code: "TOOL_MISSING" });
  expect(await readdir(cache.file("apt"))).toEqual([]);
});
