import { chown, writeFile } from "node:fs/promises";
import { CACHE_DIR } from "../../local-services/local-services.ts";
import { connectOnce } from "../../local-services/postgres.ts";
import { LOOPBACK, findFreePorts } from "../../local-services/ports.ts";
import { startService } from "../../local-services/service-process.ts";
import type { Launch, ServiceProcess } from "../../local-services/service-process.ts";
import { findDebianArchive } from "../../src/sys/apt-sources.ts";
import { unpackDebianPackages } from "../../src/sys/debian-packages.ts";
import { toolEnvironment } from "../../src/sys/exec.ts";
import type { Scratch } from "../../src/sys/scratch.ts";
import { Redactor } from "../../src/sys/secret.ts";

const NOBODY = 65534;

/** Starts PgBouncer in front of one database; the address leads through it with the same user and password. */
export async function startPgBouncer(
  databaseUrl: string,
  poolMode: "session" | "transaction",
): Promise<ServiceProcess & { url: string }> {
  const env = toolEnvironment(process.env);
  const root = await unpackDebianPackages({
    packages: ["pgbouncer"],
    archive: await findDebianArchive("trixie"),
    cacheDir: CACHE_DIR,
    env,
    signal: new AbortController().signal,
    redactor: new Redactor(),
  });
  const target = new URL(databaseUrl);
  const [port = 0] = await findFreePorts(1);
  const url = new URL(databaseUrl);
  url.port = String(port);
  const prepare = async (scratch: Scratch): Promise<Launch> => {
    const users = scratch.file("users.txt");
    const config = scratch.file("pgbouncer.ini");
    await writeFile(users, `"${target.username}" "${target.password}"\n`);
    await writeFile(
      config,
      [
        "[databases]",
        `* = host=${target.hostname} port=${target.port}`,
        "[pgbouncer]",
        `listen_addr = ${LOOPBACK}`,
        `listen_port = ${port}`,
        "unix_socket_dir =",
        "auth_type = scram-sha-256",
        `auth_file = ${users}`,
        `pool_mode = ${poolMode}`,
        "default_pool_size = 8",
      ].join("\n"),
    );
    const isRoot = process.getuid?.() === 0;
    if (isRoot) for (const path of [scratch.path, users, config]) await chown(path, NOBODY, NOBODY);
    return { command: root.command("usr/sbin/pgbouncer", [config], env), probe: () => connectOnce(url.href) };
  };
  const server = await startService({
    name: "PgBouncer",
    stopSignal: "SIGKILL", // it keeps nothing
    privileges: process.getuid?.() === 0 ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [],
    prepare,
  });
  return { ...server, url: url.href };
}
