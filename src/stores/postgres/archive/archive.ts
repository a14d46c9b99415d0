import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { RunContext } from "../../../run-context.ts";
import { runTool, startTool } from "../../../sys/exec.ts";
import type { RunningTool } from "../../../sys/exec.ts";
import { Scratch } from "../../../sys/scratch.ts";
import type { SequenceValue } from "../catalog/catalog.ts";
import type { PostgresTools } from "../clients/tools.ts";

/** What an archive says it holds. */
export interface ArchiveContents {
  /** Object ids of the tables whose rows it holds. */
  tableOids: Set<number>;
  /**
   * Sequences are outside every snapshot: under writers, only the archive itself knows which value it took.
   */
  sequences: SequenceValue[];
  /** The table of contents, as `pg_restore --list` prints it. */
  listing: string;
}

/** What an archive on this machine says it holds: a file, or a folder. @throws AppError TOOL_FAILED, CANCELLED */
export async function listArchive(
  path: string,
  tools: PostgresTools,
  context: RunContext,
): Promise<ArchiveContents> {
  const { stdout: listing } = await runTool(tools.command("pg_restore", ["--list", path]), context);
  const sequences = await readSequences(listing, (args) =>
    startTool(tools.command("pg_restore", [...args, path]), context),
  );
  return { tableOids: new Set(parseDataEntries(listing).keys()), sequences, listing };
}

/**
 * Reads the table of contents of a custom-format archive while the archive streams by. It lies in front of the
 * rows, so only that much is kept in memory, until pg_restore has seen enough.
 */
export class ContentsReader {
  readonly #tools: PostgresTools;
  readonly #context: RunContext;
  readonly #list: RunningTool;
  readonly #listing: Promise<string>;
  readonly #listed: Promise<void>;
  readonly #head: Uint8Array[] = [];
  #isReading = true;

  constructor(tools: PostgresTools, context: RunContext) {
    this.#tools = tools;
    this.#context = context;
    this.#list = startTool(tools.command("pg_restore", ["--list"]), context);
    this.#listing = text(this.#list.stdout);
    this.#listing.catch(() => {}); // told by `finish`
    this.#listed = this.#list.done.catch(() => {}).then(() => void (this.#isReading = false));
  }

  /** Resolves when the next chunk may come. After the table of contents it costs nothing. */
  async feed(chunk: Uint8Array): Promise<void> {
    if (!this.#isReading) return;
    this.#head.push(chunk);
    const { stdin } = this.#list;
    if (stdin.writable && !stdin.write(chunk)) {
      await Promise.race([once(stdin, "drain").catch(() => {}), this.#listed]);
    }
  }

  /** @throws AppError TOOL_FAILED when what was fed is no archive */
  async finish(): Promise<ArchiveContents> {
    this.#list.stdin.end();
    const [listing] = await Promise.all([this.#listing, this.#list.done]);
    const sequences = await readSequences(listing, (args) => {
      const restore = startTool(this.#tools.command("pg_restore", args), this.#context);
      restore.stdin.end(Buffer.concat(this.#head));
      return restore;
    });
    return { tableOids: new Set(parseDataEntries(listing).keys()), sequences, listing };
  }

  async stop(): Promise<void> {
    await this.#list.stop();
  }
}

/** Lets pg_restore write out nothing but the sequences' values, which the table of contents holds. */
async function readSequences(
  listing: string,
  startRestore: (args: readonly string[]) => RunningTool,
): Promise<SequenceValue[]> {
  const entries = listing.split("\n").filter((line) => /^\d+; \d+ \d+ SEQUENCE SET /.test(line));
  if (entries.length === 0) return [];
  await using scratch = await Scratch.create();
  await writeFile(scratch.file("sequences.list"), entries.join("\n"));
  const restore = startRestore([`--use-list=${scratch.file("sequences.list")}`, "--file=-"]);
  restore.stdin.end();
  const [sql] = await Promise.all([text(restore.stdout), restore.done]);
  return parseSequenceValues(sql);
}

/**
 * `215; 0 16386 TABLE DATA public users app`: by the table's object id, the id of the entry that holds its rows,
 * which in a directory names its file.
 */
export function parseDataEntries(listing: string): Map<number, number> {
  const lines = listing.matchAll(/^(\d+); \d+ (\d+) TABLE DATA /gm);
  return new Map([...lines].map(([, entry, oid]) => [Number(oid), Number(entry)]));
}

/** The entries of an object by its catalog's and its own object id: itself, and the grants and comments on it. */
export function findEntries(listing: string, catalogOid: number, oid: number): number[] {
  const line = new RegExp(`^(\\d+); ${catalogOid} ${oid} ([A-Z][A-Z ]*[A-Z]) (.*)$`, "m").exec(listing);
  if (!line) return [];
  const [, entry, type = "", rest = ""] = line;
  const onIt = [...listing.matchAll(/^(\d+); 0 0 (?:ACL|COMMENT|SECURITY LABEL) (.*)$/gm)].filter(
    ([, , text = ""]) =>
      text.replace(` ${type} `, " ") === rest ||
      // `app CONSTRAINT logged ON orders owner` belongs to `app orders logged owner`.
      text.replace(/ (?:CONSTRAINT|TRIGGER|POLICY|RULE) (.*) ON (.*) (\S+)$/, " $2 $1 $3") === rest,
  );
  return [Number(entry), ...onIt.map(([, number]) => Number(number))];
}

/** `SELECT pg_catalog.setval('public."Order_id_seq"', 41, true);` */
export function parseSequenceValues(sql: string): SequenceValue[] {
  const identifier = `"(?:[^"]|"")*"|[^."]+`;
  const statement = /^SELECT pg_catalog\.setval\('((?:[^']|'')*)', (-?\d+), (true|false)\);$/gm;
  return [...sql.matchAll(statement)].flatMap(([, quoted = "", last = "", isCalled]) => {
    const parts = new RegExp(`^(${identifier})\\.(${identifier})$`).exec(quoted.replaceAll("''", "'"));
    if (!parts) return [];
    const [, schema = "", name = ""] = parts;
    return [{ schema: unquote(schema), name: unquote(name), last, isCalled: isCalled === "true" }];
  });
}

function unquote(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}
