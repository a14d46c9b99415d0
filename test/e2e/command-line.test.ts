import { describe, expect, onTestFinished, test } from "vitest";
import { ANSWER } from "../../src/drill/upstream/shape.ts";
import { EXIT_STATUS } from "../../src/errors.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { BundleProcess, createBareEnvironment } from "../support/bundle.ts";

async function start(...args: string[]): Promise<BundleProcess> {
  const scratch = await Scratch.create();
  onTestFinished(() => scratch.remove());
  return new BundleProcess("cli", args, await createBareEnvironment(scratch), scratch.path);
}

describe("a command line that cannot be read", () => {
  test.each([
    [["backup", "--bogus"], "unknown option '--bogus'"],
    [["bakcup"], "unknown command 'bakcup'"],
    [["upstream", "--port", "x"], "argument 'x' is invalid"],
  ])("%j ends as a mistake in the options, and points to the help", async (args, said) => {
    const { status, stdout, stderr } = await (await start(...args)).ended;
    expect({ status, stdout }).toEqual({ status: EXIT_STATUS.CONFIG_INVALID, stdout: "" });
    expect(stderr).toContain(said);
    expect(stderr).toContain("--help");
  });
});

test("help and version are no mistakes", async () => {
  expect(await (await start("--version")).ended).toMatchObject({ status: 0, stderr: "" });
  expect(await (await start("drill", "--help")).ended).toMatchObject({ status: 0, stderr: "" });
});

test("the upstream by itself answers, tells of each request without its key, and ends cleanly", async () => {
  const upstream = await start("upstream");
  await upstream.printed("LIFEBOAT_UPSTREAM_URL=");
  const url = /LIFEBOAT_UPSTREAM_URL=(\S+)/.exec(upstream.output)?.[1];
  const answer = await fetch(`${url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": "sk-planted-51c0ffee" },
    body: JSON.stringify({ model: "some-model" }),
  });
  expect(await answer.text()).toContain(ANSWER);
  await upstream.printed("/v1/messages  anthropic messages  some-model");
  upstream.kill("SIGINT");
  const { status, stdout, stderr } = await upstream.ended;
  expect(status).toBe(0);
  expect(stdout + stderr).not.toContain("sk-planted");
});
