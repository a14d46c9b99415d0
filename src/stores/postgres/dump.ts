import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { runTool, startTool } from "../../sys/exec.ts";
import type { RunningTool } from "../../sys/exec.ts";
import { ContentsReader } from "./archive.ts";
import type { ArchiveContents } from "./archive.ts";
import { nameInFull } from "./catalog.ts";
import type { CatalogTable } from "./catalog.ts";
import type { PostgresTools } from "./clients/tools.ts";
import type { PostgresConnection } from "./connection.ts";
import { quoteIdent } from "./faults.ts";
import { LibpqAccess } from "./libpq.ts";
import { explainToolFault } from "./tool-faults.ts";

/** How long the dump waits for a table that someone holds locked. Waiting for ever would hold up the run. */
const LOCK_WAIT_MS = 60_000;

export interface DumpRequest {
  connection: PostgresConnection;
  tools: PostgresTools;
  snapshotId: string;
  excludedSchemas: readonly string[];
  /** Tables whose rows must be in the archive. */
  tables: readonly CatalogTable[];
  label: string;
}

/** One pg_dump on its way into a destination. */
export class Dump {
  /**
   * Ends without error only when pg_dump has ended well and the archive's own table of contents names the rows
   * of every table: stdout ends before the exit status is known, so whoever stores this must wait for its end.
   */
  readonly body: AsyncIterable<Uint8Array>;
  #contents: ArchiveContents | undefined;
  #fault: { error: unknown } | undefined;
  #tool: RunningTool | undefined;

  constructor(request: DumpRequest, context: RunContext) {
    this.body = this.#stream(request, context);
  }

  /** What the archive holds, once its body has ended. */
  get contents(): ArchiveContents {
    if (!this.#contents) throw new Error("the archive has not ended");
    return this.#contents;
  }

  /** Ends pg_dump because something else failed: the body throws `error`. */
  fail(error: unknown): void {
    this.#fault ??= { error };
    void this.#tool?.stop();
  }

  async *#stream(request: DumpRequest, context: RunContext): AsyncGenerator<Uint8Array> {
    const { connection, tools, label } = request;
    await using libpq = await LibpqAccess.open(connection);
    const args = dumpArguments(request, await compressionOf(tools, context));
    this.#throwFault();
    const dump = startTool(tools.command("pg_dump", args, libpq.env), context);
    this.#tool = dump;
    dump.stdin.end();
    const reader = new ContentsReader(tools, context);
    let sizeBytes = 0;
    try {
      for await (const chunk of dump.stdout as AsyncIterable<Buffer>) {
        await reader.feed(chunk);
        sizeBytes += chunk.length;
        context.reporter.progress({ label, done: sizeBytes, unit: "bytes" });
        yield chunk;
      }
      await dump.done;
      const contents = await reader.finish();
      requireRowsOf(request.tables, contents);
      this.#contents = contents;
    } catch (error) {
      this.#throwFault();
      throw explainToolFault(error, "pg_dump", dump.stderrTail());
    } finally {
      await Promise.all([dump.stop(), reader.stop()]);
    }
  }

  #throwFault(): void {
    if (this.#fault) throw this.#fault.error;
  }
}

function dumpArguments({ snapshotId, excludedSchemas }: DumpRequest, compression: string): string[] {
  return [
    "--format=custom",
    `--compress=${compression}`,
    `--snapshot=${snapshotId}`,
    // A subscription's definition holds a password, and its copy would take the original's place at the publisher.
    "--no-subscriptions",
    "--no-password",
    `--lock-wait-timeout=${LOCK_WAIT_MS}`,
    // Quoted, since the option takes a pattern; never --enable-row-security, which silently dumps half.
    ...excludedSchemas.map((schema) => `--exclude-schema=${quoteIdent(schema)}`),
  ];
}

/**
 * zstd where this build has it (PostgreSQL 16 and later, if compiled in). Asked of pg_dump itself: it checks the
 * option before it connects, and there is nothing to connect to here.
 */
async function compressionOf(tools: PostgresTools, context: RunContext): Promise<string> {
  const command = tools.command("pg_dump", ["--format=custom", "--compress=zstd:1"], {
    PGHOST: "/nonexistent",
  });
  const said = await runTool(command, context).then(
    () => "",
    (error: unknown) => {
      if (error instanceof AppError && error.code === "CANCELLED") throw error;
      return String(error);
    },
  );
  return /compress/i.test(said) ? "1" : "zstd:1";
}

/** @throws AppError STORE_FAILED */
function requireRowsOf(tables: readonly CatalogTable[], { tableOids }: ArchiveContents): void {
  const missing = tables.filter(({ oid }) => !tableOids.has(oid)).map(nameInFull);
  if (missing.length === 0) return;
  throw new AppError("STORE_FAILED", `pg_dump left out the rows of ${missing.join(", ")}.`, {
    hint: "This backup was thrown away. Report it with the versions of server and pg_dump: it should not happen.",
  });
}
