import { parseSequenceValues } from "./archive.ts";
import { nameInFull } from "../catalog/catalog.ts";
import type { QualifiedName, SequenceValue } from "../catalog/catalog.ts";

/** The last thing that pg_dump writes. Patched versions end their \\restrict after it. */
const COMPLETION = "-- PostgreSQL database dump complete";
/** Statements of interest are shorter; of a longer line (a large object's bytes) only the beginning is looked at. */
const LINE_KEPT_BYTES = 64 * 1024;
const END_OF_ROWS = Buffer.from("\n\\.\n");
const COMMENT_FRAME = Buffer.from("--");
const NEWLINE = 0x0a;

/**
 * Looks through a dump of format plain as it streams by: which tables' rows it brings, where sequences stand, what
 * kinds of things it makes, and whether pg_dump came to its end. Rows are skipped unread, so nothing that a row holds is taken for a statement.
 */
export class PlainScan {
  readonly #expected: ReadonlySet<string>;
  readonly #found = new Set<string>();
  readonly #sequences = new Map<string, SequenceValue>();
  readonly #kinds = new Set<string>();
  /** In rows: the last bytes, in which their end may have begun. Between them: a line that is not whole yet. */
  #rest: Buffer = Buffer.alloc(0);
  #isInRows = false;
  /** Whose rows come next, by their heading; `viaRoot`: by way of the partitioned table, which COPY then names. */
  #announced = { table: "", viaRoot: false };
  #isComplete = false;

  /** @param tables - whose rows must come; what looks like rows of others is taken for text */
  constructor(tables: readonly QualifiedName[]) {
    this.#expected = new Set(tables.map(nameInFull));
  }

  /** Whether the completion line came, and nothing but blank lines and psql's own commands after it. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  get sequences(): SequenceValue[] {
    return [...this.#sequences.values()];
  }

  /** What kinds of things the script makes, in pg_dump's words. */
  get kinds(): ReadonlySet<string> {
    return this.#kinds;
  }

  hasRowsOf(table: QualifiedName): boolean {
    return this.#found.has(nameInFull(table));
  }

  feed(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (true) {
      if (this.#isInRows) {
        const end = bytes.indexOf(END_OF_ROWS);
        if (end === -1) {
          this.#rest = Buffer.from(bytes.subarray(-(END_OF_ROWS.length - 1)));
          return;
        }
        this.#isInRows = false;
        bytes = bytes.subarray(end + END_OF_ROWS.length);
      } else {
        const end = bytes.indexOf(NEWLINE);
        if (end === -1) {
          this.#rest = Buffer.from(bytes.subarray(0, LINE_KEPT_BYTES));
          return;
        }
        this.#readLine(bytes.subarray(0, end));
        // The line break stays: a table without rows ends on the next line.
        bytes = bytes.subarray(this.#isInRows ? end : end + 1);
      }
    }
  }

  #readLine(bytes: Buffer): void {
    const start = bytes.toString("latin1", 0, 2);
    // Blank lines, psql's own commands, and the frames of comments.
    if (start === "" || start.startsWith("\\") || bytes.equals(COMMENT_FRAME)) return;
    const line = bytes.toString("utf8");
    this.#isComplete = line === COMPLETION;
    if (start === "--") this.#readHeading(line);
    else if (start === "CO") this.#readCopy(line);
    else if (start === "SE") {
      for (const value of parseSequenceValues(line)) this.#sequences.set(nameInFull(value), value);
    }
  }

  /** `-- Name: users; Type: TABLE; Schema: public; Owner: -`; before rows, `Data for` goes before the name. */
  #readHeading(line: string): void {
    const kind = /^-- (?:Data for )?Name: .*; Type: ([A-Z ]+); Schema: /.exec(line)?.[1];
    if (kind !== undefined) this.#kinds.add(kind);
    const rows = /^-- Data for Name: (.*); Type: TABLE DATA; Schema: (.*); Owner: /.exec(line);
    if (rows) {
      const [, name = "", schema = ""] = rows;
      this.#announced = { table: nameInFull({ schema, name }), viaRoot: false };
    } else if (line.startsWith("-- load via partition root ")) this.#announced.viaRoot = true;
  }

  #readCopy(line: string): void {
    const identifier = `"(?:[^"]|"")*"|[^\\s."()]+`;
    const match = new RegExp(`^COPY (${identifier})\\.(${identifier}) .*FROM stdin;$`).exec(line);
    if (!match) return;
    const [, schema = "", name = ""] = match;
    const { table: announced, viaRoot } = this.#announced;
    const table = viaRoot ? announced : nameInFull({ schema: unquote(schema), name: unquote(name) });
    if (!this.#expected.has(table) || this.#found.has(table)) return;
    this.#found.add(table);
    this.#isInRows = true;
  }
}

function unquote(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}
