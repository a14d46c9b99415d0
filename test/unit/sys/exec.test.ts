import { once } from "node:events";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTool, startTool, toolEnvironment } from "../../../src/sys/exec.ts";
import type { RunningTool } from "../../../src/sys/exec.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Redactor, Secret } from "../../../src/sys/secret.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await Scratch.create();
});
afterAll(() => scratch.remove());

const env = toolEnvironment(process.env);

function prepare(secret?: string) {
  const stop = new AbortController();
  const redactor = new Redactor();
  if (secret !== undefined) redactor.add(new Secret(secret));
  return { stop, options: { signal: stop.signal, redactor } };
}

function startNode(
  script: string,
  options: Parameters<typeof startTool>[1],
  more: Record<string, string> = {},
) {
  return startTool({ file: process.execPath, args: ["-e", script], env: { ...env, ...more } }, options);
}

/** The next line of a tool's stdout, which it prints when it is ready. */
async function readLine(tool: RunningTool): Promise<string> {
  for await (const chunk of tool.stdout.iterator({ destroyOnReturn: false })) return String(chunk).trim();
  throw new Error("it ended without a line");
}

async function waitUntilGone(pid: number): Promise<void> {
  while (await isRunning(pid)) await delay(10);
}

/** A process that ended counts as gone although nobody collected its status. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    const status = await readFile(`/proc/${pid}/stat`, "utf8");
    return !["Z", "X"].includes(status.slice(status.lastIndexOf(")") + 2)[0] ?? "");
  } catch {
    return false;
  }
}

describe("a tool that ends by itself", () => {
  test("gives what it printed, and gets only the environment and the input it is given", async () => {
    const script = `process.stdin.pipe(process.stdout); process.stderr.write(Object.keys(process.env).join());`;
    const command = { file: process.execPath, args: ["-e", script], env: { ONLY: "this" } };
    const { options } = prepare();
    expect(await runTool(command, { ...options, stdin: "hello" })).toEqual({
      stdout: "hello",
      stderr: "ONLY",
    });
  });

  test("with another status than 0 is TOOL_FAILED, with the status and what it said", async () => {
    const { options } = prepare();
    const tool = startNode(`console.log("half"); console.error("disk full"); process.exitCode = 3;`, options);
    expect(await text(tool.stdout)).toBe("half\n");
    await expect(tool.done).rejects.toMatchObject({
      code: "TOOL_FAILED",
      message: "node exited with status 3. It said:\ndisk full",
    });
  });

  test("by a signal is TOOL_FAILED, with the signal", async () => {
    const { options } = prepare();
    const { done } = startNode(`process.kill(process.pid, "SIGKILL");`, options);
    await expect(done).rejects.toThrow("node was ended by SIGKILL. It printed no reason.");
  });

  test("before it read its input tells its status, and not that the pipe broke", async () => {
    const { options } = prepare();
    const tool = startNode(`process.exit(4)`, options);
    tool.stdin.write(Buffer.alloc(10_000_000));
    await expect(tool.done).rejects.toThrow("status 4");
  });

  test("keeps the last of a long stderr, without the secrets in it", async () => {
    const { options } = prepare("p@ss word");
    const script = `
      for (let i = 0; i < 5000; i++) console.error("line " + i + " p@ss word p%40ss%20word");
      process.exitCode = 1;`;
    const tool = startNode(script, options);
    await expect(tool.done).rejects.toThrow("line 4999 *** ***");
    const tail = tool.stderrTail();
    expect(tail.length).toBeLessThanOrEqual(16 * 1024);
    expect(tail.length).toBeGreaterThan(15 * 1024);
    expect(tail).not.toMatch(/p@ss|word|p%40/);
  });

  test("shows no part of a secret where its long stderr is cut", async () => {
    const secret = "0123456789".repeat(20);
    const { options } = prepare(secret);
    const script = `
      const line = process.env.SECRET + "\\n";
      process.stderr.write(line.repeat(1000), () => process.exit(1));`;
    const tool = startNode(script, options, { SECRET: secret });
    await expect(tool.done).rejects.toMatchObject({ code: "TOOL_FAILED" });
    expect(tool.stderrTail()).not.toMatch(/\d/);
  });

  test("is waited for by its reader: output that nobody takes stays in the tool", async () => {
    const { options } = prepare();
    const script = `
      let sent = 0;
      const chunk = Buffer.alloc(65536);
      const send = () => {
        while (sent < 64e6) {
          sent += chunk.length;
          if (!process.stdout.write(chunk)) return process.stdout.once("drain", send);
        }
      };
      send();
      setTimeout(() => process.stderr.write(String(sent) + "\\n"), 300);`;
    const tool = startNode(script, options);
    const [report] = (await once(tool.stderr, "data")) as [string];
    expect(Number(report)).toBeLessThan(1_000_000);
    let received = 0;
    for await (const chunk of tool.stdout) received += (chunk as Buffer).byteLength;
    expect(received).toBeGreaterThanOrEqual(64e6);
    await tool.done;
  });
});

describe("a tool that cannot be started", () => {
  test("because it is not there is TOOL_MISSING", async () => {
    const { options } = prepare();
    await expect(runTool({ file: "lifeboat-no-such-tool", args: [], env }, options)).rejects.toMatchObject({
      code: "TOOL_MISSING",
      message: expect.stringContaining("lifeboat-no-such-tool could not be started"),
    });
  });

  test("because it may not be executed is TOOL_MISSING", async () => {
    const file = scratch.file("not-executable");
    await writeFile(file, "#!/bin/sh\n");
    await chmod(file, 0o600);
    const { options } = prepare();
    await expect(runTool({ file, args: [], env }, options)).rejects.toMatchObject({ code: "TOOL_MISSING" });
  });

  test("because its folder is not there says so, and does not blame the tool", async () => {
    const { options } = prepare();
    const command = { file: process.execPath, args: [], env, cwd: scratch.file("nowhere") };
    await expect(runTool(command, options)).rejects.toMatchObject({
      code: "TOOL_FAILED",
      message: `${process.execPath} cannot run in ${scratch.file("nowhere")}: there is no such folder.`,
    });
  });

  test("because the run was cancelled is CANCELLED, and is not started", async () => {
    const { options, stop } = prepare();
    stop.abort();
    const file = scratch.file("started");
    const command = { file: "touch", args: [file], env };
    await expect(runTool(command, options)).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(readFile(file)).rejects.toThrow("ENOENT");
  });
});

describe("cancelling", () => {
  const STUBBORN = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log(process.pid);`;

  test("ends a tool", async () => {
    const { options, stop } = prepare();
    const tool = startNode(`setInterval(() => {}, 1000); console.log(process.pid);`, options);
    const pid = Number(await readLine(tool));
    stop.abort();
    await expect(tool.done).rejects.toMatchObject({ code: "CANCELLED" });
    await waitUntilGone(pid);
  });

  test("ends a tool that ignores SIGTERM", async () => {
    const { options, stop } = prepare();
    const tool = startNode(STUBBORN, options);
    const pid = Number(await readLine(tool));
    stop.abort();
    await expect(tool.done).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await isRunning(pid)).toBe(false);
  });

  test.each([
    ["ends with it", `setInterval(() => {}, 1000); console.log(process.pid);`],
    ["ignores SIGTERM", STUBBORN],
  ])("ends what the tool started, when that %s", async (_, grandchild) => {
    const { options, stop } = prepare();
    // The child has no pipe in common with us, so only its group tells that it is there.
    const script = `
      const child = require("node:child_process").spawn(process.execPath, ["-e", process.env.CHILD], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      child.stdout.once("data", (pid) => console.log(String(pid)));`;
    const tool = startNode(script, options, { CHILD: grandchild });
    const pid = Number(await readLine(tool));
    expect(await isRunning(pid)).toBe(true);
    stop.abort();
    await expect(tool.done).rejects.toMatchObject({ code: "CANCELLED" });
    await waitUntilGone(pid);
  });

  test("is over only when what the tool started is gone too", async () => {
    const { options, stop } = prepare();
    const note = scratch.file("last-words");
    const grandchild = `
      process.on("SIGTERM", () => setTimeout(() => process.exit(require("fs").writeFileSync(process.env.NOTE, "")), 300));
      setInterval(() => {}, 1000);
      console.log("ready");`;
    const script = `
      const child = require("node:child_process").spawn(process.execPath, ["-e", process.env.CHILD], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      child.stdout.once("data", () => console.log("ready"));`;
    const tool = startNode(script, options, { CHILD: grandchild, NOTE: note });
    await readLine(tool);
    stop.abort();
    await expect(tool.done).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await readFile(note, "utf8")).toBe("");
  });

  test("leaves a tool alone that has ended, and its listener is gone", async () => {
    const { options, stop } = prepare();
    const tool = startNode("", options);
    tool.stdout.resume();
    await tool.done;
    stop.abort();
    await expect(tool.done).resolves.toBeUndefined();
    await tool.stop();
  });
});

test("stop() ends one tool and leaves the run going", async () => {
  const { options } = prepare();
  const tool = startNode(`setInterval(() => {}, 1000); console.log(process.pid);`, options);
  const pid = Number(await readLine(tool));
  await Promise.all([tool.stop(), tool.stop()]);
  expect(await isRunning(pid)).toBe(false);
  await expect(tool.done).rejects.toThrow("ended by SIGTERM");
  expect(options.signal.aborted).toBe(false);
});

test("a tool's environment holds no credential of the run", () => {
  const passed = toolEnvironment({
    PATH: "/bin",
    HOME: "/root",
    PGPASSWORD: "x",
    AWS_SECRET_ACCESS_KEY: "y",
  });
  expect(passed).toEqual({ PATH: "/bin", HOME: "/root" });
});
