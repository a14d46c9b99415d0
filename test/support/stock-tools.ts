import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { CACHE_DIR } from "../../local-services/local-services.ts";
import { findDebianArchive } from "../../src/sys/apt-sources.ts";
import { unpackDebianPackages } from "../../src/sys/debian-packages.ts";
import { toolEnvironment } from "../../src/sys/exec.ts";
import type { Command } from "../../src/sys/exec.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import type { TestRun } from "./run-context.ts";

/** Where a guide restores to, and a folder to work in. */
export interface GuidePlaces {
  postgresUrl: string;
  clickhouseUrl: string;
  scratch: Scratch;
}

/** Makes a program of Debian's a command at a path. */
export async function provideTool(run: TestRun, name: string, path: string): Promise<void> {
  const root = await unpack(run, name);
  await wrapCommand(root.command(`usr/bin/${name}`, []), path);
}

async function unpack(run: TestRun, ...packages: string[]): ReturnType<typeof unpackDebianPackages> {
  return await unpackDebianPackages({
    packages,
    archive: await findDebianArchive("trixie"),
    cacheDir: CACHE_DIR,
    env: toolEnvironment(process.env),
    signal: run.signal,
    redactor: run.redactor,
    report: console.error,
  });
}

async function wrapCommand({ file, args, env }: Command, path: string): Promise<void> {
  const words = Object.entries(env).map(([key, value]) => `${key}='${value}'`);
  const script = `#!/bin/sh\nexec env ${words.join(" ")} ${[file, ...args].map((word) => `'${word}'`).join(" ")} "$@"\n`;
  await writeFile(path, script, { mode: 0o755 });
}

/** The commands that a guide asks for, as Debian packages them, and none that a plain Debian lacks besides. */
export class StockTools {
  readonly #folder: Scratch;

  private constructor(folder: Scratch) {
    this.#folder = folder;
  }

  static async unpack(run: TestRun): Promise<StockTools> {
    const client = await unpack(run, "postgresql-client-17");
    const others = await unpack(run, "awscli", "curl");
    const age = await unpack(run, "age");
    const python = {
      PYTHONHOME: `${others.path}/usr`,
      PYTHONPATH: `${others.path}/usr/lib/python3/dist-packages`,
    };
    const folder = await Scratch.create();
    const wrap = (command: Command, name: string): Promise<void> => wrapCommand(command, folder.file(name));
    await wrap(age.command("usr/bin/age", []), "age");
    await wrap(client.command("usr/lib/postgresql/17/bin/psql", []), "psql");
    await wrap(client.command("usr/lib/postgresql/17/bin/pg_restore", []), "pg_restore");
    await wrap(others.command("usr/bin/curl", []), "curl");
    await wrap(others.command("usr/bin/python3.13", [`${others.path}/usr/bin/aws`], python), "aws");
    return new StockTools(folder);
  }

  /** Where a command is. */
  path(name: string): string {
    return this.#folder.file(name);
  }

  async remove(): Promise<void> {
    await this.#folder.remove();
  }

  /**
   * Runs the shell blocks of a guide in one bash, in an empty folder.
   *
   * @param env - what its user sets beside the addresses of the databases
   * @param compare - called where the guide says to compare, before its last block
   */
  async runGuide(
    guide: string,
    { postgresUrl, clickhouseUrl, scratch }: GuidePlaces,
    env: Record<string, string>,
    compare: () => Promise<void>,
  ): Promise<{ status: number; stderr: string }> {
    const folder = scratch.file("empty");
    await mkdir(folder);
    const [restored, compared] = [scratch.file("restored"), scratch.file("compared")];
    const blocks = [...guide.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, block]) => block ?? "");
    const pause = `touch '${restored}'; until [ -e '${compared}' ]; do sleep 0.05; done\n`;
    const script = [...blocks.slice(0, -1), pause, ...blocks.slice(-1)].join("");
    const postgres = new URL(postgresUrl);
    const clickhouse = new URL(clickhouseUrl);
    const bash = spawn("bash", ["-c", script], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        PATH: `${this.#folder.path}:/usr/bin:/bin`,
        HOME: scratch.path,
        PGHOST: postgres.hostname,
        PGPORT: postgres.port,
        PGUSER: decodeURIComponent(postgres.username),
        PGPASSWORD: decodeURIComponent(postgres.password),
        PGDATABASE: postgres.pathname.slice(1),
        CLICKHOUSE_URL: clickhouse.origin,
        CLICKHOUSE_USER: decodeURIComponent(clickhouse.username),
        CLICKHOUSE_PASSWORD: decodeURIComponent(clickhouse.password),
        ...env,
      },
    });
    onTestFinished(() => void bash.kill("SIGKILL"));
    const stderr = text(bash.stderr);
    const ended = once(bash, "close") as Promise<[number]>;
    while (!existsSync(restored) && bash.exitCode === null) await delay(50);
    try {
      if (existsSync(restored)) await compare();
    } finally {
      await writeFile(compared, "");
    }
    const [status] = await ended;
    await Promise.all([folder, restored, compared].map((path) => rm(path, { recursive: true, force: true })));
    return { status, stderr: await stderr };
  }
}
