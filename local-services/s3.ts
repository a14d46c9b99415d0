import { join } from "node:path";
import { findDebianArchive } from "../src/sys/apt-sources.ts";
import { unpackDebianPackages } from "../src/sys/debian-packages.ts";
import { toolEnvironment } from "../src/sys/exec.ts";
import type { Scratch } from "../src/sys/scratch.ts";
import { Redactor } from "../src/sys/secret.ts";
import { LOOPBACK, findFreePorts } from "./ports.ts";
import { probeHttp, startService } from "./service-process.ts";
import type { Launch, ServiceProcess } from "./service-process.ts";

export interface S3Address {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * Starts moto, a stand-in for S3 that keeps everything in memory and takes any credentials. It comes from
 * Debian's trixie, the first release that has it in full.
 *
 * @param cacheDir - where the unpacked packages (33 MB) are kept between runs
 * @param options.trustSignatures - where rights are checked, tell users by their key's id alone: moto takes the signature of
 *   a query with an encoded slash for wrong
 */
export async function startS3(
  cacheDir: string,
  { trustSignatures = false } = {},
): Promise<S3Address & ServiceProcess> {
  const env = toolEnvironment(process.env);
  const root = await unpackDebianPackages({
    packages: ["python3-moto", "python3-flask", "python3-flask-cors"],
    archive: await findDebianArchive("trixie"),
    cacheDir,
    env,
    signal: new AbortController().signal,
    redactor: new Redactor(),
    report: console.error,
  });
  const [port = 0] = await findFreePorts(1);
  const endpoint = `http://${LOOPBACK}:${port}`;
  const trust =
    "from moto.iam.access_control import IAMRequestBase as r; r.check_signature = lambda self: None; ";
  const program = `${trustSignatures ? trust : ""}from moto.server import main; main(["-H", "${LOOPBACK}", "-p", "${port}"])`;
  const prepare = async (scratch: Scratch): Promise<Launch> => ({
    command: root.command("usr/bin/python3.13", ["-c", program], {
      ...env,
      PYTHONHOME: join(root.path, "usr"),
      PYTHONPATH: join(root.path, "usr/lib/python3/dist-packages"),
      PYTHONPYCACHEPREFIX: join(cacheDir, "python"), // compiled once: that takes four times as long as the rest of a start
      TMPDIR: scratch.path, // bodies of some size lie there
    }),
    probe: () => probeHttp(`${endpoint}/moto-api/`),
  });
  const server = await startService({
    name: "S3 (moto)",
    stopSignal: "SIGKILL", // nothing to be kept
    prepare,
  });
  return { endpoint, region: "us-east-1", accessKeyId: "local", secretAccessKey: "local-secret", ...server };
}
