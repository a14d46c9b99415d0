import type { TableInventory } from "../../../backup/inventory.ts";
import type { RunContext } from "../../../run-context.ts";
import { nameInFull } from "../catalog/catalog.ts";
import type { CatalogTable } from "../catalog/catalog.ts";
import type { PostgresConnection } from "../server/connection.ts";
import { digestTogether } from "../catalog/digest.ts";
import { planLike, READER_COUNT, readCopiedTables, takeGroup } from "../catalog/inventory.ts";
import type { CopiedBackup } from "../catalog/inventory.ts";
import { Session } from "../server/session.ts";
import { pinTexts } from "../server/snapshot.ts";

/** Tables that are to hold no more rows than this are read several at once. */
const FEW_ROWS = 1000;

/**
 * Counts and digests the tables of a restored copy, each as soon as its rows are in, while others are still on their
 * way: at the end little is left to wait for. Nothing changes rows of a table after they came in, so that no common
 * snapshot is needed.
 */
export class ArrivingRows implements AsyncDisposable {
  readonly #openReader: () => Promise<Session>;
  readonly #backup: CopiedBackup;
  readonly #plan: ReturnType<typeof planLike>;
  readonly #report: (done: number) => void;
  /** By full name, those that are not known to be in. */
  readonly #awaited: Map<string, CatalogTable>;
  /** Of those, whose own rows are in, while rows of other partitions may still come to them. */
  readonly #pooled = new Set<CatalogTable>();
  /** By full name, how many rows the backup holds. */
  readonly #rows: ReadonlyMap<string, number>;
  readonly #sessions: Session[];
  readonly #idle: Session[];
  readonly #queue: CatalogTable[] = [];
  readonly #read: TableInventory[] = [];
  readonly #work: Promise<void>[] = [];

  private constructor(
    openReader: () => Promise<Session>,
    first: Session,
    backup: CopiedBackup,
    tables: readonly CatalogTable[],
    report: (done: number) => void,
  ) {
    this.#openReader = openReader;
    this.#sessions = [first];
    this.#idle = [first];
    this.#backup = backup;
    this.#plan = planLike(backup);
    this.#report = report;
    this.#awaited = new Map(tables.map((table) => [nameInFull(table), table]));
    this.#rows = new Map(backup.inventory.tables.map(({ name, rows }) => [name, rows]));
  }

  /**
   * When all tables are there, with or without rows. One session is taken; `finish` takes more.
   *
   * @param applicationName - by which the sessions are known at the server, where a long statement may outlive them
   */
  static async open(
    connection: PostgresConnection,
    context: RunContext,
    backup: CopiedBackup,
    label: string,
    applicationName: string,
    isWanted: (table: string) => boolean,
  ): Promise<ArrivingRows> {
    const openReader = (): Promise<Session> => openPinned(connection, context, applicationName);
    const session = await openReader();
    try {
      const tables = await readCopiedTables(session, backup, isWanted);
      return new ArrivingRows(openReader, session, backup, tables, (done) =>
        context.reporter.progress({ label, done, total: tables.length, unit: "tables" }),
      );
    } catch (error) {
      session.cut();
      throw error;
    }
  }

  /** All rows of a table are in. Tables that nobody asked for are passed over. */
  take(name: string): void {
    const table = this.#awaited.get(name);
    if (!table) return;
    const complete = table.pool === undefined ? [table] : this.#takePool(table, table.pool);
    for (const one of complete) this.#awaited.delete(nameInFull(one));
    this.#queue.push(...complete);
    this.#begin();
  }

  /** All tables of a pool once the rows of the last one are in, until then none. */
  #takePool(table: CatalogTable, pool: string): CatalogTable[] {
    this.#pooled.add(table);
    const tables = [...this.#awaited.values()].filter((other) => other.pool === pool);
    return tables.every((one) => this.#pooled.has(one)) ? tables : [];
  }

  /**
   * All rows of all tables are in.
   *
   * @throws AppError STORE_FAILED, STORE_RIGHTS_MISSING, CANCELLED
   */
  async finish(): Promise<TableInventory[]> {
    while (this.#sessions.length < READER_COUNT) {
      const session = await this.#openReader();
      this.#sessions.push(session);
      this.#idle.push(session);
    }
    const rest = [...this.#awaited.values()];
    this.#queue.push(...rest.sort((a, b) => this.#rowsOf(b) - this.#rowsOf(a)));
    this.#begin();
    await Promise.all(this.#work);
    return this.#read;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.cut(); // also under a long statement, when something else failed
    await Promise.allSettled(this.#work);
  }

  #begin(): void {
    while (this.#queue.length > 0) {
      const session = this.#idle.pop();
      if (!session) return;
      const work = this.#readQueue(session);
      work.catch(() => {}); // thrown by `finish`
      this.#work.push(work);
    }
  }

  async #readQueue(session: Session): Promise<void> {
    const { digestMethod } = this.#backup.inventory;
    const takeNext = (): CatalogTable[] => takeGroup(this.#queue, (table) => this.#rowsOf(table) <= FEW_ROWS);
    for (let group = takeNext(); group.length > 0; group = takeNext()) {
      this.#read.push(...(await digestTogether(session, group, this.#plan, digestMethod)));
      this.#report(this.#read.length);
    }
    this.#idle.push(session);
  }

  #rowsOf(table: CatalogTable): number {
    return this.#rows.get(nameInFull(table)) ?? 0;
  }
}

/** A session each of whose statements sees what is there then, and holds no lock afterwards. */
async function openPinned(
  connection: PostgresConnection,
  context: RunContext,
  applicationName: string,
): Promise<Session> {
  const session = await Session.open(connection, context);
  try {
    await session.run(
      "Preparing to read rows",
      `SET application_name = '${applicationName}'; SET default_transaction_read_only = on; ${pinTexts("SESSION")}`,
    );
    return session;
  } catch (error) {
    session.cut();
    throw error;
  }
}
