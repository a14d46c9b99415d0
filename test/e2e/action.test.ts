import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Scratch } from "../../src/sys/scratch.ts";
import { changeUrl } from "../support/postgres-databases.ts";
import { PostgresGate } from "../support/postgres-gate.ts";
import { listDescendants, readCommandLine } from "../support/processes.ts";
import { Runner } from "../support/runner.ts";
import type { FinishedStep } from "../support/runner.ts";
import { createProduct } from "./product.ts";
import type { Product } from "./product.ts";

let product: Product;
let scratch: Scratch;
let runner: Runner;
let destination: string;

beforeAll(async () => {
  product = await createProduct();
});
afterAll(() => product[Symbol.asyncDispose]());
beforeEach(async () => {
  [scratch, runner] = await Promise.all([Scratch.create(), Runner.create()]);
  destination = scratch.file("backups");
  await mkdir(destination);
});
afterEach(async () => {
  await runner[Symbol.asyncDispose]();
  await scratch.remove();
});

function backupInputs(): Record<string, string> {
  return {
    command: "backup",
    destination: pathToFileURL(destination).href,
    "postgres-url": product.postgresUrl,
    "clickhouse-url": product.clickhouseUrl,
  };
}

function drillInputs(): Record<string, string> {
  return {
    command: "drill",
    destination: pathToFileURL(destination).href,
    "target-postgres-url": product.targetPostgresUrl,
    "target-clickhouse-url": product.targetClickhouseUrl,
  };
}

describe("the action, as a runner runs it", () => {
  test("backs up, and a drill proves it; no password shows anywhere", async () => {
    const seenBy: string[] = [];
    const backup = await runWatched(backupInputs(), "postgres-url", /pg_dump .*--snapshot=/, seenBy);
    expect(backup.status, backup.log).toBe(0);
    const { "backup-id": id = "", ...measured } = backup.outputs;
    expect(id).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{4}$/);
    expect(Object.keys(measured)).toEqual(["size-bytes", "duration-seconds"]);
    expect(Number(measured["size-bytes"])).toBeGreaterThan(1000);
    expect(Number(measured["duration-seconds"])).toBeGreaterThan(0);
    expect(backup.summary.split("\n")[0]).toBe(`## ✅ Backup ${id} is complete`);
    expect(backup.groups).toEqual(["Check", "Back up"]);
    expect(backup.state).toEqual({ "backup-id": id });
    expectMasksFirst(backup);

    const drill = await runWatched(drillInputs(), "target-postgres-url", /pg_restore /, seenBy);
    expect(drill.status, drill.log).toBe(0);
    expect(drill.outputs).toMatchObject({
      "backup-id": id,
      verdict: "proven",
      "restore-seconds": expect.stringMatching(/^[\d.]+$/),
      "duration-seconds": expect.stringMatching(/^[\d.]+$/),
    });
    expect(drill.summary.split("\n")[0]).toBe(`## ✅ proven: backup ${id}`);
    expect(drill.groups).toEqual(["Find", "Targets", "Restore and compare", "Destroy"]);
    const report = await readFile(join(runner.workspace, drill.outputs["report-path"] ?? ""), "utf8");
    expect(report.split("\n")[0]).toBe(drill.summary.split("\n")[0]);
    expectMasksFirst(drill);

    const list = await runner.run({ command: "list", destination: pathToFileURL(destination).href });
    expect(list).toMatchObject({ status: 0, outputs: { "backup-id": id } });
    const post = await runner.runPost(backupInputs(), backup);
    expect(post).toMatchObject({ status: 0, annotations: [] });
    expect(await listBackups()).toEqual([id]);

    expect(await readdir(runner.temp)).toEqual([]);
    for (const step of [backup, drill, list, post]) {
      seenBy.push(step.log, JSON.stringify(step.outputs), JSON.stringify(step.state), step.summary);
    }
    for (const folder of [destination, runner.workspace]) seenBy.push(...(await readFiles(folder)));
    for (const form of product.plantedForms) {
      expect(backup.masks.concat(drill.masks)).toContain(form);
      expect(seenBy.filter((text) => text.includes(form))).toEqual([]);
    }
  });

  test("a drill of a backup of which one bit has flipped says that it differs", async () => {
    const { outputs } = await runner.run(backupInputs());
    const [archive = ""] = (await listFiles(destination)).filter((path) => path.endsWith("app.dump"));
    const bytes = await readFile(archive);
    const at = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(archive, bytes);

    const drill = await runner.run(drillInputs());
    expect(drill).toMatchObject({
      status: 5,
      outputs: { verdict: "differs", "backup-id": outputs["backup-id"] },
    });
    expect(drill.summary).toMatch(/^## ❌ differs: .*\n/);
    expect(drill.summary).toContain("app.dump is not what was written");
    const list = await runner.run({ command: "list", destination: pathToFileURL(destination).href });
    expect(list.status).toBe(0);
  });

  test("a drill with a step that fails is unproven", async () => {
    await runner.run(backupInputs());
    await writeFile(
      join(runner.workspace, "lifeboat.yml"),
      "drill:\n  steps:\n    - name: migrate\n      run: echo the migration broke >&2; exit 3\n",
    );
    const drill = await runner.run(drillInputs());
    expect(drill).toMatchObject({ status: 6, outputs: { verdict: "unproven" } });
    expect(drill.summary).toMatch(/^## ⚠️ unproven: /);
    expect(drill.summary).toContain("the migration broke");
    expect(drill.annotations).toMatchObject([
      { level: "error", title: "lifeboat drill", message: expect.stringContaining("the migration broke") },
    ]);
    expect(drill.groups).toEqual(["Find", "Targets", "Restore and compare", "Step: migrate", "Destroy"]);
  });

  test("tells every problem of its inputs in one annotation", async () => {
    const step = await runner.run({
      command: "backup",
      destination: "ftp://somewhere",
      "postgres-url": "mysql://root:planted-password@host/db",
      full: "perhaps",
    });
    expect(step.status).toBe(2);
    expect(step.annotations).toHaveLength(1);
    const [{ message = "", title = "" } = {}] = step.annotations;
    expect(title).toBe("lifeboat backup");
    for (const input of ["destination", "postgres-url", "full"]) expect(message).toContain(input);
    expect(step.summary).toMatch(/^## ❌ backup: /);
    expect(step.log + step.summary).not.toContain("planted-password");
    expect(step.outputs).toEqual({});
  });

  test("warns in one annotation that a database cannot be reached, and leaves nothing", async () => {
    const step = await runner.run({
      ...backupInputs(),
      // Of one that nobody answers for, the tests of the command line tell.
      "postgres-url": changeUrl(product.postgresUrl, { pathname: "/absent" }).reveal(),
    });
    expect(step.status).toBe(4);
    expect(step.annotations).toMatchObject([{ level: "error", message: expect.stringContaining("absent") }]);
    for (const form of product.plantedForms) expect(step.log).not.toContain(form);
    expect(step.groups).toEqual(["Check"]);
    expect(await readdir(destination)).toEqual([]);
  });
});

/**
 * Runs a step, and keeps what other users of the machine can read while a program of Postgres is at work: the arguments of
 * all that runs, and temporary files.
 *
 * @param input - the address that the program is given
 */
async function runWatched(
  inputs: Record<string, string>,
  input: string,
  program: RegExp,
  seenBy: string[],
): Promise<FinishedStep> {
  await using gate = await PostgresGate.start(inputs[input] ?? "", "COPY public.accounts");
  const step = await runner.start({ ...inputs, [input]: gate.url });
  await step.process.reaches(gate.held);
  const { pid } = step.process;
  const commandLines = [pid, ...listDescendants(pid)].map((each) => readCommandLine(each) ?? "");
  expect(commandLines).toContainEqual(expect.stringMatching(program));
  const files = await readFiles(runner.temp);
  expect(files).not.toEqual([]);
  seenBy.push(...commandLines, ...files);
  gate.open();
  return await step.finished();
}

/** The runner masks only what is printed after it was told to. */
function expectMasksFirst({ raw }: FinishedStep): void {
  const lines = raw.split("\n").filter((line) => line !== "");
  const firstOther = lines.findIndex((line) => !line.startsWith("::add-mask::"));
  expect(firstOther).toBeGreaterThan(5);
  expect(lines.slice(firstOther).filter((line) => line.startsWith("::add-mask::"))).toEqual([]);
}

async function listBackups(): Promise<string[]> {
  const files = await listFiles(destination);
  return files.flatMap((path) => /([^/]+)\/manifest\.json$/.exec(path)?.[1] ?? []);
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function readFiles(folder: string): Promise<string[]> {
  try {
    const files = await listFiles(folder);
    // A temporary file may be gone by now.
    return await Promise.all(files.map((path) => readFile(path, "utf8").catch(() => "")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return await readFiles(folder); // a folder went while its parent was read
  }
}
