import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { Scratch } from "../../src/sys/scratch.ts";
import { VERSION } from "../../src/version.ts";

const runFile = promisify(execFile);

test("what a release packs is one archive without dependencies, and runs where it is installed", async () => {
  const scratch = await Scratch.create();
  onTestFinished(() => scratch.remove());
  await runFile("npm", ["pack", "--ignore-scripts", "--pack-destination", scratch.path]);
  const archive = `lifeboat-${VERSION}.tgz`;
  expect(await readdir(scratch.path)).toEqual([archive]);

  // As on the day no registry and no npm can be had.
  await runFile("tar", ["xzf", archive], { cwd: scratch.path });
  const unpacked = await runFile(process.execPath, ["package/dist/cli.cjs", "--version"], {
    cwd: scratch.path,
  });
  expect(unpacked.stdout).toBe(`${VERSION}\n`);

  await writeFile(scratch.file("package.json"), '{ "private": true }');
  const here = { cwd: scratch.path };
  await runFile("npm", ["install", "--offline", "--no-audit", "--no-fund", `./${archive}`], here);
  expect((await readdir(scratch.file("node_modules"))).filter((name) => !name.startsWith("."))).toEqual([
    "lifeboat",
  ]);
  const { stdout } = await runFile("npx", ["--no", "--", "lifeboat", "--version"], here);
  expect(stdout).toBe(`${VERSION}\n`);
});

test("the README installs this version", () => {
  const addresses = readFileSync("README.md", "utf8").match(/https:\S+\.tgz/g);
  expect(addresses).toEqual([
    `https://github.com/OWNER/lifeboat/releases/download/v${VERSION}/lifeboat-${VERSION}.tgz`,
  ]);
});
