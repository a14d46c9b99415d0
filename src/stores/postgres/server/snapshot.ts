import type { RunContext } from "../../../run-context.ts";
import type { PostgresConnection } from "./connection.ts";
import { Session } from "./session.ts";

/**
 * Everything that changes how a value or a definition is written as text, pinned, so that the same content gives
 * the same digest in every database. `row_security=off` turns rows withheld by a policy into an error.
 */
export function pinTexts(scope: "SESSION" | "LOCAL"): string {
  return `
  SET ${scope} search_path = '';
  SET ${scope} row_security = off;
  SET ${scope} TimeZone = 'UTC';
  SET ${scope} DateStyle = 'ISO, YMD';
  SET ${scope} IntervalStyle = 'postgres';
  SET ${scope} extra_float_digits = 1;
  SET ${scope} bytea_output = 'hex';
  SET ${scope} lc_monetary = 'C';
  SET ${scope} quote_all_identifiers = off;
  SET ${scope} standard_conforming_strings = on`;
}

const PINNED = pinTexts("LOCAL");

const BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/** Before anything was read. */
const UNLOCKED = "SAVEPOINT unlocked";

/** Opens a snapshot for one piece of work, and ends it whatever happens. */
export async function withSnapshot<T>(
  connection: PostgresConnection,
  context: RunContext,
  readerCount: number,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const snapshot = await Snapshot.open(connection, context, readerCount);
  try {
    return await work(snapshot);
  } finally {
    snapshot.cut(); // a reader may still be in a long statement when another one failed
  }
}

/** Several sessions that see the database as it was at one moment, whatever others write. */
export class Snapshot {
  /** For `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot`; void once the sessions are ended. */
  readonly id: string;
  /** Exported the snapshot: while it lives, others may join. */
  readonly leader: Session;
  /** For reading rows, several at once. */
  readonly readers: readonly Session[];

  private constructor(id: string, leader: Session, readers: readonly Session[]) {
    this.id = id;
    this.leader = leader;
    this.readers = readers;
  }

  /** @param readerCount - sessions beside the leader */
  static async open(
    connection: PostgresConnection,
    context: RunContext,
    readerCount: number,
  ): Promise<Snapshot> {
    const sessions: Session[] = [];
    const openSession = async (): Promise<Session> => {
      const session = await Session.open(connection, context);
      sessions.push(session);
      return session;
    };
    try {
      const leader = await openSession();
      await leader.run("Opening a snapshot", `${BEGIN}; ${PINNED}`);
      const [exported] = await leader.rows<{ id: string }>(
        "Exporting the snapshot",
        "SELECT pg_catalog.pg_export_snapshot() AS id",
      );
      const id = exported?.id ?? "";
      await leader.run("Opening a snapshot", UNLOCKED);
      for (let count = 0; count < readerCount; count += 1) {
        const reader = await openSession();
        const join = `${BEGIN}; SET TRANSACTION SNAPSHOT '${id}'; ${PINNED}; ${UNLOCKED}`;
        await reader.run("Joining the snapshot", join);
      }
      return new Snapshot(id, leader, sessions.slice(1));
    } catch (error) {
      for (const session of sessions) session.cut();
      throw error;
    }
  }

  /**
   * Lets a session give back its locks, of which a server has a limited number; it sees the same moment afterwards.
   * A transaction keeps a lock on every table, index and sequence that it has read.
   */
  async unlock(session: Session): Promise<void> {
    await session.run("Giving back locks", `ROLLBACK TO ${UNLOCKED}`);
  }

  /** Ends all sessions at once, also under running statements: a transaction that only read has nothing to lose. */
  cut(): void {
    for (const session of [this.leader, ...this.readers]) session.cut();
  }
}
