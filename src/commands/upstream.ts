import { once } from "node:events";
import { createRunKey } from "../drill/key-fingerprint.ts";
import type { RecordedRequest } from "../drill/upstream/server.ts";
import type { UpstreamSettings } from "../drill/upstream/step-upstream.ts";
import type { RunContext } from "../run-context.ts";

/**
 * Runs the built-in upstream by itself, for trying an application by hand, until the run is cancelled. How to reach
 * it and each request are told as they come; keys are shown as keyed hashes only.
 *
 * @throws AppError TOOL_FAILED when the port is taken
 */
export async function serveUpstream(
  settings: UpstreamSettings,
  { signal, clock, reporter }: RunContext,
): Promise<void> {
  const { openStepUpstream } = await import("../drill/upstream/step-upstream.ts"); // no other command loads it
  const upstream = await openStepUpstream(settings, createRunKey(), clock, (request) =>
    reporter.info(describeRequest(request)),
  );
  try {
    for (const [name, value] of Object.entries(upstream.env)) reporter.info(`${name}=${value}`);
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await upstream.close();
  }
}

function describeRequest({ receivedAt, path, shape, model, keyFingerprint }: RecordedRequest): string {
  const key = keyFingerprint === undefined ? "no key" : `key ${keyFingerprint.slice(0, 12)}`;
  return `${receivedAt}  ${path}  ${shape ?? "unknown protocol"}  ${model ?? "no model"}  ${key}`;
}
