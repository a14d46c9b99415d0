import { readdir } from "node:fs/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { createRunKey } from "../../../src/drill/key-fingerprint.ts";
import { openStepUpstream } from "../../../src/drill/upstream/step-upstream.ts";
import { systemClock } from "../../../src/sys/clock.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { serve } from "../../support/http-server.ts";

test("an upstream over HTTPS that finds its port taken leaves no folder behind", async () => {
  await using scratch = await Scratch.create();
  vi.stubEnv("TMPDIR", scratch.path);
  onTestFinished(() => void vi.unstubAllEnvs());
  await using occupant = await serve(() => {});
  const settings = { port: Number(new URL(occupant.url).port), https: true, hostNames: [] };
  await expect(openStepUpstream(settings, createRunKey(), systemClock)).rejects.toMatchObject({
    code: "TOOL_FAILED",
  });
  expect(await readdir(scratch.path)).toEqual([]);
});
