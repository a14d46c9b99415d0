import { writeFile } from "node:fs/promises";
import type { Clock } from "../../sys/clock.ts";
import { Scratch } from "../../sys/scratch.ts";
import type { StepUpstream } from "../steps/step.ts";
import type { RecordedRequest } from "./server.ts";

/** How a drill runs the built-in upstream. */
export interface UpstreamSettings {
  /** 0 for any free port. */
  port: number;
  https: boolean;
  /** Further names that the certificate is for, where the application insists on a provider's own name. */
  hostNames: readonly string[];
  /** Let it answer nobody, to see that this is noticed. */
  isSilent?: boolean;
}

/** Starts the upstream for the steps of one drill: LIFEBOAT_UPSTREAM_URL, and over HTTPS LIFEBOAT_UPSTREAM_CA. */
export async function openStepUpstream(
  { port, https, hostNames, isSilent = false }: UpstreamSettings,
  runKey: Uint8Array,
  clock: Clock,
  onRequest: (request: RecordedRequest) => void = () => {},
): Promise<StepUpstream & { close(): Promise<void> }> {
  // Both are loaded when needed only: every other command would start slower by a fifth.
  const { startUpstream } = await import("./server.ts");
  if (!https) {
    const upstream = await startUpstream({ runKey, port, clock, onRequest });
    if (isSilent) await upstream.close();
    return { ...upstream, env: { LIFEBOAT_UPSTREAM_URL: upstream.url } };
  }
  const scratch = await Scratch.create();
  try {
    const { createCertificate } = await import("./certificate.ts");
    const certificate = await createCertificate(hostNames, clock.now());
    const caFile = scratch.file("upstream-ca.pem");
    await writeFile(caFile, certificate.certificatePem);
    const upstream = await startUpstream({ runKey, port, clock, certificate, onRequest });
    if (isSilent) await upstream.close();
    return {
      ...upstream,
      env: { LIFEBOAT_UPSTREAM_URL: upstream.url, LIFEBOAT_UPSTREAM_CA: caFile },
      async close() {
        await upstream.close();
        await scratch.remove();
      },
    };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}
