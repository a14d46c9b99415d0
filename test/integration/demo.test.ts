import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, readdir, symlink } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { Scratch } from "../../src/sys/scratch.ts";

const DEMO = fileURLToPath(new URL("../../demo/main.ts", import.meta.url));

interface DemoRun {
  exitStatus: number | null;
  stdout: string;
  stderr: string;
  /** Processes of the run that outlived it, as pid and command line. */
  leftRunning: string[];
  /** Files and folders of the run that outlived it. */
  leftLying: string[];
}

// Packages may have to be fetched first.
describe("npm run demo", () => {
  test("proves the sound copy, names what is damaged in the other, and leaves nothing behind", async () => {
    const { exitStatus, stdout, stderr, ...left } = await runDemo();
    expect(exitStatus, stderr).toBe(0);
    expect(stderr).toMatch(/^PROVEN: backup /m);
    expect(stderr).toMatch(/^DIFFERS: backup /m);
    expect(stderr).toMatch(/✗ postgres: content of public\.spans: expected digest \d+, found digest \d+\./);
    expect(stderr).toContain(
      "✗ clickhouse: rows of product.requests: expected 50000 rows, found 49997 rows.",
    );
    expect(stderr.match(/✗/g)).toHaveLength(2);
    expect(stdout).toMatch(/Drill: restore, compare, call +│ proven/);
    expect(stdout).toContain("✓ a call through the application");
    expect(stdout).toContain("✓ noticed 11 of 11 kinds of damage");
    const controls = [...stderr.matchAll(/^ *Control, (.+): ([a-z ]+)\. (.*)$/gm)];
    expect(Object.fromEntries(controls.map(([, name, outcome]) => [name, outcome]))).toEqual({
      "postgres: a row removed": "caught",
      "postgres: a value changed": "caught",
      "postgres: a table emptied": "caught",
      "postgres: a policy dropped": "caught",
      "postgres: an index dropped": "caught",
      "postgres: a sequence moved": "caught",
      "clickhouse: a row removed": "caught",
      "clickhouse: a row's values changed": "caught",
      "clickhouse: a table emptied": "caught",
      "every key with one bit flipped": "caught",
      "the upstream silent": "caught",
    });
    expect(controls.slice(-2).map(([, , , reason]) => reason)).toEqual([
      expect.stringContaining('Step "provider keys": '),
      expect.stringContaining("The application did not reach the upstream"),
    ]);
    expect(stdout).toMatch(/Drill on a damaged copy +│ differs/);
    expect(stdout).toContain("The backup restores, and a damaged copy of it does not pass.");
    expect(stdout + stderr).not.toContain("\u001b"); // no colour where there is no terminal
    expect(left).toEqual({ leftRunning: [], leftLying: [] });
  });

  test.each([
    ["while the services start", "1. Start"],
    ["during the backup", "▸ Back up"],
    ["during the drill", "▸ Restore and compare"],
    ["while the application runs", "▸ Step: a call through the application"],
  ])("interrupted %s, it stops everything and says so", async (_when, line) => {
    const { exitStatus, stdout, stderr, ...left } = await runDemo({
      after: line,
      act: (pid) => process.kill(pid, "SIGINT"),
    });
    expect(exitStatus, stderr).toBe(130);
    expect(stderr).toContain("The run was cancelled.");
    expect(stdout).toBe("");
    expect(left).toEqual({ leftRunning: [], leftLying: [] });
  });

  test("fails when one of its servers dies, and stops the others", async () => {
    const { exitStatus, stdout, stderr, ...left } = await runDemo({
      after: "2. Fill",
      act: async (_pid, tmpDir) => {
        for (const { pid, commandLine } of await listProcesses(tmpDir)) {
          if (commandLine.includes("clickhouse-server-process")) process.kill(pid, "SIGKILL");
        }
      },
    });
    expect(exitStatus, stderr).not.toBe(0);
    expect(stderr).toContain("✗");
    expect(stdout).toBe("");
    expect(left).toEqual({ leftRunning: [], leftLying: [] });
  });
});

/** Runs the demo with a temporary directory of its own, and does something to it when stderr shows a certain line. */
async function runDemo(disturbance?: {
  after: string;
  act: (pid: number, tmpDir: string) => unknown;
}): Promise<DemoRun> {
  const scratch = await Scratch.create();
  onTestFinished(() => scratch.remove());
  await chmod(scratch.path, 0o755); // Postgres may run as another user
  await shareCompiled(scratch);
  const demo = spawn(process.execPath, ["--import", "tsx", DEMO], {
    env: { ...process.env, TMPDIR: scratch.path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let isDisturbed = false;
  demo.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  demo.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
    if (!disturbance || isDisturbed || !stderr.includes(disturbance.after)) return;
    isDisturbed = true;
    void disturbance.act(demo.pid!, scratch.path);
  });
  const [exitStatus] = (await once(demo, "close")) as [number | null];
  const leftRunning = await listProcesses(scratch.path);
  return {
    exitStatus,
    stdout,
    stderr,
    leftRunning: leftRunning.map(({ pid, commandLine }) => `${pid} ${commandLine}`),
    leftLying: await listLeftovers(scratch.path),
  };
}

/** Gives tsx what it has compiled before, which it looks for in the temporary directory. */
async function shareCompiled(scratch: Scratch): Promise<void> {
  const folder = `tsx-${userInfo().uid}`;
  await mkdir(join(tmpdir(), folder), { recursive: true });
  await symlink(join(tmpdir(), folder), scratch.file(folder));
}

/** The processes that were started, at whatever remove, with this temporary directory. */
async function listProcesses(tmpDir: string): Promise<{ pid: number; commandLine: string }[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const processes = await Promise.all(
    pids.map(async (pid) => {
      try {
        const environment = await readFile(`/proc/${pid}/environ`, "utf8");
        const commandLine = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
        const isOurs = environment.includes(tmpDir) || commandLine.includes(tmpDir);
        return isOurs ? [{ pid: Number(pid), commandLine }] : [];
      } catch {
        return []; // ended meanwhile, or another user's
      }
    }),
  );
  return processes.flat();
}

/** What lies in the temporary directory, but for the caches of tsx and Node and the empty folder of the services. */
async function listLeftovers(tmpDir: string): Promise<string[]> {
  const entries = await readdir(tmpDir, { recursive: true, withFileTypes: true });
  return entries
    .map((entry) => join(entry.parentPath, entry.name).slice(tmpDir.length + 1))
    .filter(
      (path) => !/^(tsx-\d+|node-compile-cache)(\/|$)/.test(path) && !/^local-services-\d+$/.test(path),
    );
}
