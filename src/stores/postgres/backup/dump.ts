import type { PostgresArchive } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { runTool, startTool } from "../../../sys/exec.ts";
import type { RunningTool } from "../../../sys/exec.ts";
import type { BackupSink } from "../../store.ts";
import { nameInFull } from "../catalog/catalog.ts";
import type { CatalogTable, SequenceValue } from "../catalog/catalog.ts";
import type { PostgresProgram, PostgresTools } from "../clients/tools.ts";
import type { PostgresConnection } from "../server/connection.ts";
import { dumpCustom } from "./dump-custom.ts";
import { dumpDirectory } from "./dump-directory.ts";
import { dumpPlain } from "./dump-plain.ts";
import { LibpqAccess } from "../server/libpq.ts";
import type { Scope } from "./scope.ts";
import { scopeArguments } from "./scope-arguments.ts";
import { explainToolFault } from "../server/tool-faults.ts";

/** Fast, and nearly as small as what is slow: measured in the bench. */
const DEFAULT_LEVEL = 1;

/** How pg_dump writes, as the operator chose. */
export interface DumpSettings {
  format: PostgresArchive["format"];
  /** zstd where it can be had when absent. */
  compression?: "zstd" | "gzip" | "none";
  level?: number;
  /** Tables that format directory dumps at once. */
  jobs?: number;
  /** Where format directory collects its files first; the system's temporary folder when absent. */
  scratchDir?: string;
}

export interface DumpRequest {
  connection: PostgresConnection;
  tools: PostgresTools;
  snapshotId: string;
  settings: DumpSettings;
  scope: Scope;
  /** Tables whose rows must be in the archive. */
  tables: readonly CatalogTable[];
  /** Of the whole database. */
  databaseSizeBytes: number;
  label: string;
}

/** What was written, and what it says of itself. */
export interface Dumped {
  archive: PostgresArchive;
  /** Sequences are outside every snapshot: under writers, only the archive itself knows which value it took. */
  sequences: SequenceValue[];
  /** The table of contents as pg_restore lists it; plain SQL has none. */
  listing: string;
  /** What kinds of things are in it, in pg_dump's words. */
  kinds: ReadonlySet<string>;
}

/** One pg_dump on its way into a destination. */
export class Dump {
  readonly request: DumpRequest;
  readonly context: RunContext;
  readonly #running = new Set<RunningTool>();
  #fault: { error: unknown } | undefined;
  /** How pg_dump reaches the database. */
  #access: Readonly<Record<string, string>> = {};

  constructor(request: DumpRequest, context: RunContext) {
    this.request = request;
    this.context = context;
  }

  /**
   * Writes the archive. It is proved to be whole before its last byte is given to the sink: pg_dump has ended
   * well, and what it wrote has the rows of every table.
   *
   * @throws AppError TOOL_FAILED, STORE_FAILED, CANCELLED, and what the sink throws
   */
  async writeTo(sink: BackupSink): Promise<Dumped> {
    await using libpq = await LibpqAccess.open(this.request.connection);
    this.#access = libpq.env;
    switch (this.request.settings.format) {
      case "custom":
        return await dumpCustom(this, sink);
      case "directory":
        return await dumpDirectory(this, sink);
      case "plain":
        return await dumpPlain(this, sink);
    }
  }

  /** Ends every program because something else failed: what is under way throws `error`. */
  fail(error: unknown): void {
    this.#fault ??= { error };
    for (const tool of this.#running) void tool.stop();
  }

  /** Starts pg_dump with what all formats have in common. Whoever starts it calls `stop` in the end. */
  startDump(formatArguments: readonly string[]): RunningTool {
    const { connection, snapshotId, scope } = this.request;
    const args = [
      ...formatArguments,
      `--snapshot=${snapshotId}`,
      // A subscription's definition holds a password, and its copy would take the original's place at the publisher.
      "--no-subscriptions",
      "--no-password",
      `--lock-wait-timeout=${connection.lockWaitMs}`,
      // Never --enable-row-security, which silently dumps half.
      ...scopeArguments(scope),
    ];
    const tool = this.start("pg_dump", args, this.#access);
    tool.stdin.end();
    return tool;
  }

  start(
    program: PostgresProgram,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): RunningTool {
    this.throwFault();
    const tool = startTool(this.request.tools.command(program, args, env), this.context);
    this.#running.add(tool);
    return tool;
  }

  throwFault(): void {
    if (this.#fault) throw this.#fault.error;
  }

  /** What to throw when the dump failed: what failed first. */
  explain(error: unknown, dump: RunningTool): unknown {
    return this.#fault ? this.#fault.error : explainToolFault(error, "pg_dump", dump.stderrTail());
  }

  /** @throws AppError STORE_FAILED */
  requireRows(hasRowsOf: (table: CatalogTable) => boolean): void {
    const missing = this.request.tables.filter((table) => !hasRowsOf(table)).map(nameInFull);
    if (missing.length === 0) return;
    throw new AppError("STORE_FAILED", `pg_dump left out the rows of ${missing.join(", ")}.`, {
      hint: "This backup was thrown away. Report it with the versions of server and pg_dump: it should not happen.",
    });
  }
}

/**
 * What pg_dump is told to compress with, where it compresses itself: zstd where this build has it (PostgreSQL 16
 * and later, if compiled in), else gzip. Asked of pg_dump: it checks the option before it connects, and there is
 * nothing to connect to here.
 *
 * @throws AppError STORE_UNSUPPORTED where zstd was asked for by name and this pg_dump has none
 */
export async function findCompression(
  { compression, level = DEFAULT_LEVEL }: DumpSettings,
  tools: PostgresTools,
  context: RunContext,
): Promise<string> {
  if (compression === "none") return "0";
  if (compression === "gzip") return String(level);
  const probe = ["--format=custom", `--compress=zstd:${level}`];
  const said = await runTool(tools.command("pg_dump", probe, { PGHOST: "/nonexistent" }), context).then(
    () => "",
    (error: unknown) => {
      if (error instanceof AppError && error.code === "CANCELLED") throw error;
      return String(error);
    },
  );
  if (!/compress/i.test(said)) return `zstd:${level}`;
  if (compression === undefined) return String(Math.min(level, 9));
  throw new AppError("STORE_UNSUPPORTED", `${tools.version} cannot compress with zstd.`, {
    hint: "Choose compression: gzip, or format: plain, which is compressed outside of pg_dump.",
  });
}
