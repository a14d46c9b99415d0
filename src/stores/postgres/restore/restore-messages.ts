import type { ErrorCode } from "../../../errors.ts";
import { DISK_FULL, SERVER_DISK_FULL } from "../server/faults.ts";
import type { TocEntry } from "../archive/toc.ts";

/** One thing that pg_restore could not do, as it tells on stderr. */
export interface RestoreMessage {
  /** Its entry in the table of contents; undefined where it names none. */
  entryId: number | undefined;
  /** The first line, without "pg_restore: error:". Further lines may quote rows. */
  text: string;
  /** The statement that failed, as far as it is known. */
  command: string;
}

/** What a message means for the restore. */
export type Meaning =
  /** It cannot go on: everything after it would fail as well. */
  | { kind: "fatal"; why: string; code?: ErrorCode }
  /** Something is not there that should be. */
  | { kind: "lost" }
  /** Nothing is missing, for the reason given. */
  | { kind: "harmless"; why: string };

interface Rule {
  says: RegExp;
  /** Only of such an entry or statement. */
  about?: (entry: TocEntry | undefined, command: string, isSupport: boolean) => boolean;
  means: Meaning;
}

const fatal = (why: string): Meaning => ({ kind: "fatal", why });
const harmless = (why: string): Meaning => ({ kind: "harmless", why });

/**
 * What each message means; the first rule that fits decides, and what none fits is a lost object: an unknown
 * message may be the loss of something.
 */
const RULES: readonly Rule[] = [
  {
    says: /server closed the connection|terminating connection|connection to server .* failed|could not receive data|no connection to the server|SSL (SYSCALL error|connection has been closed)|connection not open|lost synchronization/i,
    means: fatal("The connection was cut: look at the server's log, and at limits of a pooler or firewall."),
  },
  {
    says: DISK_FULL,
    means: { kind: "fatal", why: SERVER_DISK_FULL, code: "DISK_FULL" },
  },
  {
    says: /out of memory|out of shared memory|too many clients|remaining connection slots/i,
    means: fatal(
      "The server ran out of memory or connections: restore with fewer --jobs, or raise its limits.",
    ),
  },
  {
    says: /could not read from input file|unexpected end of file|corrupt|does not appear to be a valid archive|unsupported version|invalid (block|compress)|could not (uncompress|decompress)|could not find block ID|worker process (died|failed)/i,
    means: fatal("The archive cannot be read to its end."),
  },
  {
    says: /password authentication failed|permission denied for (database|schema)|cannot execute .* in a read-only transaction|the database system is (shutting down|in recovery)/i,
    means: fatal(
      "The role may not write here: give it CREATE on the database and its schemas, or use its owner.",
    ),
  },
  {
    says: /unrecognized configuration parameter/i,
    about: (entry, command) => entry === undefined || /^SET \w+ = /.test(command),
    means: harmless("A setting of the newer client, which this older server does not have."),
  },
  {
    says: /already exists/i,
    about: (entry) => entry?.kind === "SCHEMA" && entry.tag === "public",
    means: harmless("Every database has the schema public."),
  },
  {
    says: /already exists/i,
    about: (_entry, _command, isSupport) => isSupport,
    means: harmless("It was there, and was left as it is."),
  },
  {
    says: /must be owner of extension|permission denied/i,
    about: (entry) => entry?.kind === "COMMENT" && entry.tag.startsWith("EXTENSION "),
    means: harmless("The comment of an extension comes with the extension."),
  },
  {
    says: /must be owner of schema/i,
    about: (entry) => entry?.kind === "COMMENT" && entry.tag === "SCHEMA public",
    means: harmless("The comment of the schema public belongs to who owns it."),
  },
];

/** @param isSupport - whether the entry only lies under what was asked for */
export function judgeMessage(
  { text, command }: RestoreMessage,
  entry: TocEntry | undefined,
  isSupport: boolean,
): Meaning {
  const rule = RULES.find(
    ({ says, about }) => says.test(text) && (about?.(entry, command, isSupport) ?? true),
  );
  return rule?.means ?? { kind: "lost" };
}

/** What stands before a text, of one process or several. */
const MARKS = /^(?:pg_restore:|error: |fatal: | )*/;
/** In the middle of a line, where a long text of another process is written in several parts. */
const PROCESS_BREAKS_IN = /(?<=.)(?=pg_restore: (?:error: |from TOC entry \d+; ))/;
/** What --verbose tells besides errors. */
const PROGRESS =
  /^(?:from TOC entry|while [A-Z]+|warning:|detail:|hint:|connecting|creating|processing|launching|finished|skipping|entering|executing|enabling|disabling|restor(?:ing|ed)|dropping|setting|implied|transferring|reducing|table ".*" could not be created, will not) /;
/** Of a text whose marks stood on an earlier line: what tells it from a further line of an error. */
const BEGINS_A_TEXT = new RegExp(`${PROGRESS.source}|^could not execute query: |^COPY failed for table `);

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

/**
 * Reads pg_restore's stderr line by line.
 *
 * ```text
 * pg_restore: from TOC entry 216; 1259 16391 TABLE docs postgres
 * pg_restore: error: could not execute query: ERROR:  type "public.vector" does not exist
 * LINE 4:     embedding public.vector(3)
 * Command was: CREATE TABLE public.docs (
 * ```
 *
 * It names an entry once, before the first error about it. With several jobs, each of its processes does so by itself:
 * two may name their entries before either tells its error. They even mix within a line, since each writes
 * "pg_restore:", "error: " and what is said one after another (pg_log_generic_v in PostgreSQL's src/common/logging.c):
 * what stands before a text may be that of another process, and a text may have lost its own to an earlier line.
 */
export class MessageReader {
  /** Whether pg_restore came to its end, with errors that it passed over. */
  hasFinished = false;
  readonly #take: (message: RestoreMessage) => void;
  readonly #rank: (entryId: number, said: string) => number;
  /** Entries that were named, and whose error is still to come. */
  readonly #named: number[] = [];
  /** Entries that had one, the latest first. */
  readonly #known: number[] = [];
  /** How often "pg_restore:" and "error: " stood there without what was to follow them. */
  readonly #owed = { texts: 0, errors: 0 };
  #open: { text: string; command: string; said: string } | undefined;

  /**
   * @param take - is told each message when the next line shows that it is over, the last one by `end`
   * @param rank - how well an entry fits what was said of an error with its statement
   */
  constructor(
    take: (message: RestoreMessage) => void,
    rank: (entryId: number, said: string) => number = () => 0,
  ) {
    this.#take = take;
    this.#rank = rank;
  }

  line(line: string): void {
    for (const piece of line.split(PROCESS_BREAKS_IN)) this.#read(piece);
  }

  #read(line: string): void {
    const mayHaveMarks = line.startsWith("pg_restore:") || this.#owed.texts > 0;
    const marks = mayHaveMarks ? MARKS.exec(line)![0].trim() : "";
    const text = mayHaveMarks ? line.replace(MARKS, "") : line;
    this.#owed.texts += count(marks, "pg_restore:");
    this.#owed.errors += count(marks, "error:") + count(marks, "fatal:");
    const isOwed = this.#owed.texts > 0 && (!this.#open || BEGINS_A_TEXT.test(text));
    const isSaid = text !== "" && (marks !== "" || isOwed);
    if (!isSaid) {
      this.#readFurther(line);
      return;
    }
    this.#owed.texts--;
    const entry = /^from TOC entry (\d+);/.exec(text);
    const isError = this.#owed.errors > 0 && !PROGRESS.test(text);
    if (/^warning: errors ignored on restore/.test(text)) this.hasFinished = true;
    if (entry || isError) this.#close();
    if (entry) this.#named.push(Number(entry[1]));
    if (!isError) return;
    this.#owed.errors--;
    const error = text.replace(/^could not execute query: /, "").replace(/^ERROR: +/, "");
    this.#open = { text: error, command: "", said: error };
  }

  #readFurther(line: string): void {
    if (!this.#open) return;
    const command = /^Command was: (.*)$/.exec(line)?.[1];
    if (command !== undefined) this.#open.command = command;
    if (this.#open.command !== "") this.#open.said += `\n${line}`;
  }

  end(): void {
    this.#close();
    // It was named for an error, whichever that was.
    for (const entryId of this.#named.splice(0)) {
      this.#take({ entryId, text: "pg_restore's reason was lost among others.", command: "" });
    }
  }

  #close(): void {
    if (!this.#open) return;
    const { text, command, said } = this.#open;
    this.#open = undefined;
    this.#take({ entryId: this.#attribute(said), text, command });
  }

  #attribute(said: string): number | undefined {
    const [best] = [...this.#named, ...this.#known]
      .map((id, position) => ({ id, position, rank: this.#rank(id, said) }))
      .sort((a, b) => b.rank - a.rank || a.position - b.position);
    if (!best) return undefined;
    if (best.position < this.#named.length) {
      this.#named.splice(best.position, 1);
      this.#known.unshift(best.id);
    }
    return best.id;
  }
}
