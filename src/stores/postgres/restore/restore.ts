import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Inventory, TableInventory } from "../../../backup/inventory.ts";
import type { PostgresManifest, StoredObject } from "../../../backup/manifest.ts";
import { ScopeReader } from "../../../backup/restore-scope.ts";
import { AppError, cancelled } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { RestoreOutcome, RestoreRequest } from "../../store.ts";
import { ArrivingRows } from "./arriving-rows.ts";
import { flushCommits, postponeFlushes } from "../server/commits.ts";
import type { PostgresConnection } from "../server/connection.ts";
import { emptyTables, orderByForeignKeys, readFilledTables, withoutTriggers } from "./data-only.ts";
import type { FilledTable } from "./data-only.ts";
import { exchangeRows, hasLocksFor, planExchange } from "./exchange-rows.ts";
import type { Exchange } from "./exchange-rows.ts";
import { findMissingExtensions } from "../server/extensions.ts";
import { assembleInventory } from "../catalog/inventory.ts";
import { LibpqAccess } from "../server/libpq.ts";
import { LostObjects } from "./lost-objects.ts";
import { runPgRestore } from "./pg-restore.ts";
import type { RestoreRun } from "./pg-restore.ts";
import { isOfPlatform } from "../catalog/platform.ts";
import { loadPlainSql } from "./plain-sql.ts";
import { provisionTarget } from "./provision.ts";
import { writeList } from "./restore-plan.ts";
import type { RestorePlan } from "./restore-plan.ts";
import { isInEveryProject, readOwnedSchemas } from "./running-project.ts";
import { withSession } from "../server/session.ts";
import type { Session } from "../server/session.ts";
import { TargetRoom } from "./target-room.ts";
import { relationName } from "../archive/toc.ts";
import type { Toc, TocEntry } from "../archive/toc.ts";
import { selectEntries } from "../archive/toc-selection.ts";

/** More jobs than this wait for the same disk, unless the operator knows better. */
const USUAL_JOBS = 4;

/** One archive on its way into one database. */
export class ArchiveRestore {
  readonly #connection: PostgresConnection;
  readonly #backup: PostgresManifest;
  readonly #request: RestoreRequest;
  readonly #context: RunContext;
  readonly #jobs: number;
  /** By which the sessions of this restore are known at the server. */
  readonly #applicationName = `lifeboat-restore-${randomBytes(4).toString("hex")}`;

  /** Entries that need what the backup's own scope left out: no restore could create them. */
  readonly #dangling: ReadonlySet<number>;
  readonly #room: TargetRoom;
  /** What points libpq's tools at the target. */
  #env: Readonly<Record<string, string>> = {};

  constructor(
    connection: PostgresConnection,
    backup: PostgresManifest,
    request: RestoreRequest,
    context: RunContext,
  ) {
    this.#connection = connection;
    this.#backup = backup;
    this.#request = request;
    this.#context = context;
    this.#dangling = new Set(backup.scope?.dangling.flatMap(({ entries }) => entries));
    this.#jobs = request.jobs ?? Math.min(USUAL_JOBS, availableParallelism());
    this.#room = new TargetRoom(connection, backup, request, this.#applicationName, context);
  }

  /**
   * Restores what the plan holds. When it fails, what it made is removed again. With `replace`, what lay where the
   * backup brings something is gone by then; of a part it comes back. (pg_restore's own --clean cannot drop the keys of
   * partitions, and would leave what the archive does not bring.)
   *
   * @throws AppError TOOL_FAILED, STORE_FAILED, STORE_UNSUPPORTED, TARGET_REFUSED, CANCELLED; BACKUP_DAMAGED when
   *   streamed
   */
  async run(plan: RestorePlan): Promise<RestoreOutcome> {
    try {
      await using libpq = await LibpqAccess.open(this.#connection);
      this.#env = {
        ...libpq.env,
        ...postponeFlushes(this.#connection, libpq.env),
        PGAPPNAME: this.#applicationName,
      };
      const outcome = await this.#restore(plan);
      await flushCommits(this.#connection, this.#context);
      return outcome;
    } catch (error) {
      if (this.#context.signal.aborted) throw cancelled();
      throw error;
    }
  }

  async #restore(plan: RestorePlan): Promise<RestoreOutcome> {
    if (!plan.toc) return await this.#loadPlain(plan);
    if (this.#request.scope?.content === "data") return await this.#fill(plan, plan.toc);
    return await this.#make(plan, plan.toc);
  }

  async #loadPlain({ tools, archive }: RestorePlan): Promise<RestoreOutcome> {
    if (archive?.format !== "plain") throw new Error("an archive with a table of contents is no plain SQL");
    return await this.#room.fill(async () => {
      await this.#measure("data", () =>
        loadPlainSql({ ...archive, env: this.#env, singleTransaction: false }, tools, this.#context),
      );
      return { lost: [] };
    });
  }

  /** Definitions, rows, and what is built upon rows. */
  async #make(plan: RestorePlan, toc: Toc): Promise<RestoreOutcome> {
    const { inventory } = this.#backup;
    const { scope, allowMissing = [], onRows } = this.#request;
    const { missing, ownedSchemas } = await withSession(this.#connection, this.#context, async (session) => {
      const missing = await this.#requireExtensions(session, toc);
      return { missing, ownedSchemas: await readOwnedSchemas(session) };
    });
    const isMissing = ({ kind, tag }: TocEntry): boolean => kind === "EXTENSION" && missing.has(tag);
    const isLeftOut = (entry: TocEntry): boolean =>
      isMissing(entry) || this.#dangling.has(entry.id) || isOfPlatform(entry, this.#backup);
    const { entries: selected, support } = selectEntries(toc, inventory, scope, isLeftOut);
    const entries = selected.filter((entry) => !isInEveryProject(entry, support.has(entry.id), ownedSchemas));
    const lost = new LostObjects(toc, inventory, support, this.#context);
    for (const entry of toc.entries.filter(isMissing)) {
      if (this.#isNeeded(entry.tag)) lost.leaveOut(entry, "the server does not offer it.");
    }

    return await this.#room.fill(async (): Promise<RestoreOutcome> => {
      await withSession(this.#connection, this.#context, (session) => provisionTarget(session, this.#backup));
      const common = await this.#commonRun(plan, entries, lost);
      if (!plan.archive) {
        if (this.#backup.archive.format !== "custom") throw new Error("only a custom archive is streamed");
        const { archive } = this.#backup;
        await this.#measure("data", async () => {
          const stream = await this.#request.objects.open(archive);
          await runPgRestore({ ...common, from: { stream } }, this.#context).catch((error: unknown) =>
            this.#blame(error, archive),
          );
        });
        return { lost: lost.requireAllowed(allowMissing) };
      }
      const run = (section: NonNullable<RestoreRun["section"]>): Promise<void> =>
        runPgRestore({ ...common, section }, this.#context);
      const buildUpon = async (): Promise<void> => {
        await run("post-data");
        // Partitions that take on indexes lock several tables each, in orders that pg_restore does not mind.
        const again = lost.takeDeadlocked();
        if (again.length === 0) return;
        const listPath = await writeList(this.#request.scratchDir, this.#backup.store, again);
        await runPgRestore({ ...common, listPath, jobs: 1 }, this.#context);
      };
      await this.#measure("definitions", () => run("pre-data"));
      if (scope?.content === "structure") {
        await this.#measure("indexes", buildUpon);
        return { lost: lost.requireAllowed(allowMissing) };
      }
      const found = await this.#fillAndCount(toc, { ...common, section: "data" });
      if (onRows?.(found) === "stop") return { lost: [], tables: found.tables, isStopped: true };
      await this.#measure("indexes", buildUpon);
      return { lost: lost.requireAllowed(allowMissing), tables: found.tables };
    });
  }

  /** Rows alone, into tables that are there. */
  async #fill(plan: RestorePlan, toc: Toc): Promise<RestoreOutcome> {
    const { inventory } = this.#backup;
    const { scope = { content: "data" }, replace } = this.#request;
    const reader = new ScopeReader(inventory, scope);
    const isWanted = (table: string): boolean => reader.holdsTable(table);
    const { entries, support } = selectEntries(toc, inventory, scope);
    const { tables, exchange } = await withSession(this.#connection, this.#context, async (session) => {
      const present = await readFilledTables(session, isWanted);
      this.#requireTables(entries, present);
      const tables = await orderByForeignKeys(session, present);
      if (!replace) requireEmpty(tables);
      const exchange = replace
        ? await planExchange(session, tables, entries, this.#backup, isWanted)
        : undefined;
      if (!exchange || (await hasLocksFor(session, tables))) return { tables, exchange };
      this.#context.reporter.warn(
        `${this.#backup.store}: the rows of ${tables.length} tables are replaced one table after the other, since the server has too few locks to do it in one transaction (max_locks_per_transaction). Should this fail, the tables are left empty.`,
      );
      await emptyTables(session, tables);
      return { tables, exchange: undefined };
    });
    const place = new Map(tables.map(({ schema, name }, index) => [`${schema}.${name}`, index]));
    const rank = (entry: TocEntry): number =>
      entry.kind === "TABLE DATA" ? (place.get(relationName(entry)) ?? 0) : tables.length;
    const ordered = [...entries].sort((a, b) => rank(a) - rank(b));
    const lost = new LostObjects(toc, inventory, support, this.#context);
    const common = await this.#commonRun(plan, ordered, lost);
    if (exchange) return await this.#exchange(common, exchange);
    return await this.#fillEmpty(toc, common, tables, lost);
  }

  async #fillEmpty(
    toc: Toc,
    common: RestoreRun,
    tables: readonly FilledTable[],
    lost: LostObjects,
  ): Promise<RestoreOutcome> {
    try {
      return await withoutTriggers(this.#connection, this.#context, tables, async () => {
        // One at a time: the order is what keeps foreign keys content.
        const found = await this.#fillAndCount(toc, { ...common, section: "data", jobs: 1 });
        this.#request.onRows?.(found);
        return { lost: lost.requireAllowed([]), tables: found.tables };
      });
    } catch (error) {
      await this.#room.cleanUp(`${this.#backup.store}: rows of a failed restore`, async (session) => {
        await emptyTables(
          session,
          tables.map((table) => ({ ...table, hasRows: true })),
        );
      });
      throw error;
    }
  }

  async #exchange({ tools, from, listPath }: RestoreRun, exchange: Exchange): Promise<RestoreOutcome> {
    if (!("path" in from) || listPath === undefined) throw new Error("rows are exchanged from a file alone");
    const judge = (tables: TableInventory[]): "go on" | "stop" =>
      this.#request.onRows?.(assembleInventory(tables, [], [], this.#backup.inventory)) ?? "go on";
    const access = { tools, env: this.#env };
    try {
      const { found, hasStayed } = await this.#measure("data", () =>
        exchangeRows(exchange, { path: from.path, listPath }, this.#backup, access, judge, this.#context),
      );
      return { lost: [], tables: found, ...(!hasStayed && { isStopped: true }) };
    } catch (error) {
      await this.#room.cleanUp("locks of a failed restore", async () => {});
      throw error;
    }
  }

  /** pg_restore chokes on damaged bytes before their digest is known: finds out whose fault it was. */
  async #blame(error: unknown, archive: StoredObject): Promise<never> {
    if (error instanceof AppError && error.code === "TOOL_FAILED") {
      for await (const _ of await this.#request.objects.open(archive)) {
        // Reading is what proves it: BACKUP_DAMAGED goes before what pg_restore said.
      }
    }
    throw error;
  }

  async #commonRun(plan: RestorePlan, entries: readonly TocEntry[], lost: LostObjects): Promise<RestoreRun> {
    const path = plan.archive?.path ?? "";
    return {
      tools: plan.tools,
      env: this.#env,
      database: this.#connection.database,
      from: { path },
      listPath: await writeList(this.#request.scratchDir, this.#backup.store, entries),
      jobs: this.#jobs,
      judge: (message) => lost.judge(message),
      rank: (entryId, said) => lost.rank(entryId, said),
    };
  }

  /** Which extensions of the chosen part the server lacks. @throws AppError STORE_UNSUPPORTED unless allowed */
  async #requireExtensions(session: Session, toc: Toc): Promise<Set<string>> {
    const { inventory, store } = this.#backup;
    const { scope, allowMissing = [] } = this.#request;
    const { entries } = selectEntries(toc, inventory, scope);
    const wanted = entries.filter(({ kind }) => kind === "EXTENSION").map(({ tag }) => tag);
    const missing = await findMissingExtensions(session, wanted);
    const refused = missing.filter(
      (name) => this.#isNeeded(name) && !allowMissing.includes(`extension ${name}`),
    );
    if (refused.length === 0) return new Set(missing);
    const names = refused.map((name) => `extension ${name}`).join(", ");
    throw new AppError(
      "STORE_UNSUPPORTED",
      `The server of the target for ${store} does not offer ${names}.`,
      {
        hint: `Install them there, or restore without: --allow-missing "${names}"`,
      },
    );
  }

  /** Whether an extension is the operator's own: the platform's are made where they can be. */
  #isNeeded(extension: string): boolean {
    return this.#backup.platform?.extensions.includes(extension) !== true;
  }

  #requireTables(entries: readonly TocEntry[], present: readonly FilledTable[]): void {
    const known = new Set(present.map(({ schema, name }) => `${schema}.${name}`));
    const names = entries.filter(({ kind }) => kind === "TABLE DATA").map(relationName);
    const missing = names.filter((name) => !known.has(name));
    if (missing.length === 0) return;
    throw new AppError("TARGET_REFUSED", `The target lacks tables for these rows: ${missing.join(", ")}.`, {
      hint: "Restore the definitions first (--schema-only), or leave --data-only out.",
    });
  }

  /** Brings the rows into tables that are there, and counts and digests them meanwhile. */
  async #fillAndCount(toc: Toc, run: RestoreRun): Promise<Inventory> {
    const { inventory, store } = this.#backup;
    const reader = new ScopeReader(inventory, this.#request.scope ?? { content: "all" });
    const isWanted = (table: string): boolean => reader.holdsTable(table);
    await using arriving = await ArrivingRows.open(
      this.#connection,
      this.#context,
      this.#backup,
      `${store}: compare`,
      this.#applicationName,
      isWanted,
    );
    const onRows = (entryId: number): void => {
      const entry = toc.find(entryId);
      if (entry) arriving.take(relationName(entry));
    };
    await this.#measure("data", () => runPgRestore({ ...run, onRows }, this.#context));
    const tables = await this.#measure("compare", () => arriving.finish());
    return assembleInventory(tables, [], [], inventory);
  }

  async #measure<T>(phase: string, work: () => Promise<T>): Promise<T> {
    const { stopwatch } = this.#request;
    return stopwatch ? await stopwatch.measure(`${this.#backup.store}: ${phase}`, work) : await work();
  }
}

/** They were empty when the target was looked at. */
function requireEmpty(tables: readonly FilledTable[]): void {
  const filled = tables.filter(({ hasRows }) => hasRows).map(({ schema, name }) => `${schema}.${name}`);
  if (filled.length === 0) return;
  throw new AppError("TARGET_REFUSED", `These tables hold rows: ${filled.join(", ")}.`, {
    hint: "Empty them, or name the target's database with --replace.",
  });
}
