import { CACHE_DIR } from "../../local-services/local-services.ts";
import { startPostgres } from "../../local-services/postgres.ts";
import type { PostgresAddress } from "../../local-services/postgres.ts";
import type { ServiceProcess } from "../../local-services/service-process.ts";
import { findDebianArchive } from "../../src/sys/apt-sources.ts";
import { unpackDebianPackages } from "../../src/sys/debian-packages.ts";
import { runTool, toolEnvironment } from "../../src/sys/exec.ts";
import { Redactor } from "../../src/sys/secret.ts";

/** Starts a standby of a server of major version 17, which follows it by streaming replication. */
export async function startStandby(
  primary: PostgresAddress,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresAddress & ServiceProcess> {
  const options = { signal: new AbortController().signal, redactor: new Redactor() };
  const env = toolEnvironment(process.env);
  const root = await unpackDebianPackages({
    packages: ["postgresql-client-17"],
    archive: await findDebianArchive("trixie"),
    cacheDir: CACHE_DIR,
    env,
    ...options,
  });
  const fill = async (dataDir: string): Promise<void> => {
    const args = [`--pgdata=${dataDir}`, `--dbname=${primary.url}`, "--write-recovery-conf"];
    args.push("--checkpoint=fast", "--no-sync", "--wal-method=stream");
    const program = root.command("usr/lib/postgresql/17/bin/pg_basebackup", args, env);
    await runTool(program, options);
  };
  return await startPostgres({ fill, settings, password: primary.password });
}
