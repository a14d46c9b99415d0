import { escapeLiteral } from "pg";
import type { Inventory, TableInventory } from "../../../backup/inventory.ts";
import type { PostgresManifest, StoreManifest } from "../../../backup/manifest.ts";
import { isWhole, ScopeReader } from "../../../backup/restore-scope.ts";
import type { RestoreScope } from "../../../backup/restore-scope.ts";
import { listRoles } from "../../../backup/roles.ts";
import { AppError, cancelled } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { connectionVariables } from "../../store.ts";
import type { QueryIdentity, RestoreOutcome, RestoreRequest, Target, TargetFacts } from "../../store.ts";
import { majorOf } from "../clients/tools.ts";
import { addressOf, describeHost } from "../server/connection.ts";
import type { PostgresConnection } from "../server/connection.ts";
import { readFilledTables } from "./data-only.ts";
import { quoteIdent } from "../server/faults.ts";
import { warnOfLeftovers } from "./leftovers.ts";
import { refuseTransactionPooler } from "../server/poolers.ts";
import { takeInventory } from "../catalog/inventory.ts";
import { describeOccupant, findInTheWay, listOccupants } from "../catalog/occupants.ts";
import { adviseExtensions, findMissingExtensions } from "../server/extensions.ts";
import { ArchiveRestore } from "./restore.ts";
import { planRestore } from "./restore-plan.ts";
import type { RestorePlan } from "./restore-plan.ts";
import { createMissingRoles } from "../server/roles.ts";
import { readServerFacts, refuseReplica } from "../server/server.ts";
import { withSession } from "../server/session.ts";
import type { Session } from "../server/session.ts";

/** A database that is there. */
export class PostgresTarget implements Target {
  readonly kind = "postgres";
  readonly store: string;
  protected readonly connection: PostgresConnection;
  protected readonly context: RunContext;
  /** Roles that this target's restores made. */
  protected readonly createdRoles: string[] = [];
  #plan: RestorePlan | undefined;

  constructor(store: string, connection: PostgresConnection, context: RunContext) {
    this.store = store;
    this.connection = connection;
    this.context = context;
  }

  async inspect(backup: StoreManifest, scope?: RestoreScope): Promise<TargetFacts> {
    const manifest = requirePostgres(backup);
    refuseTransactionPooler(this.connection);
    const look = async (session: Session): Promise<TargetFacts> => {
      await warnOfLeftovers(session, this.connection.database, this.context);
      const server = await readServerFacts(session, this.connection);
      return {
        ...(await this.lookAtServer(session, manifest, scope)),
        id: server.databaseId,
        occupiedBy: await this.#findOccupants(session, manifest, scope),
      };
    };
    return withSession(this.connection, this.context, look, { patient: true });
  }

  async prepare(backup: StoreManifest, request: RestoreRequest): Promise<void> {
    const plan = (): Promise<RestorePlan> => planRestore(requirePostgres(backup), request, this.context);
    this.#plan = await (request.stopwatch ? request.stopwatch.measure(`${this.store}: fetch`, plan) : plan());
  }

  async restore(backup: StoreManifest, request: RestoreRequest): Promise<RestoreOutcome> {
    const manifest = requirePostgres(backup);
    try {
      if (!this.#plan) await this.prepare(backup, request);
      const plan = this.#plan;
      if (!plan) throw new Error("a restore was not prepared");
      return await this.restorePlan(manifest, request, plan);
    } catch (error) {
      if (this.context.signal.aborted) throw cancelled();
      throw error;
    } finally {
      await this.#plan?.remove();
      this.#plan = undefined;
    }
  }

  protected async restorePlan(
    backup: PostgresManifest,
    request: RestoreRequest,
    plan: RestorePlan,
  ): Promise<RestoreOutcome> {
    const created = await withSession(this.connection, this.context, (session) =>
      createMissingRoles(session, listRoles(backup), this.context),
    );
    this.createdRoles.push(...created);
    return await new ArchiveRestore(this.connection, backup, request, this.context).run(plan);
  }

  async takeInventory(
    backup: StoreManifest,
    scope: RestoreScope = { content: "all" },
    counted?: readonly TableInventory[],
  ): Promise<Inventory> {
    const manifest = requirePostgres(backup);
    const reader = new ScopeReader(manifest.inventory, scope);
    return takeInventory(this.connection, this.context, manifest, `${this.store}: inventory`, {
      isWanted: (table) => reader.holdsTable(table),
      ...(counted && { counted }),
    });
  }

  /** What can be said of the server without the database that is restored into. */
  protected async lookAtServer(
    session: Session,
    backup: PostgresManifest,
    scope: RestoreScope | undefined,
  ): Promise<TargetFacts> {
    const server = await readServerFacts(session, this.connection);
    refuseOlderServer(backup, server.major, server.version);
    await refuseReplica(session, this.connection);
    return {
      id: "",
      host: describeHost(this.connection),
      databases: [this.connection.database],
      occupiedBy: [],
      serverVersion: server.version,
      lacks: isWhole(scope) ? await findLacks(session, backup, server.major) : [],
    };
  }

  async #findOccupants(
    session: Session,
    { excludedSchemas, inventory }: PostgresManifest,
    scope: RestoreScope | undefined,
  ): Promise<string[]> {
    if (scope?.content === "data") {
      const reader = new ScopeReader(inventory, scope);
      const tables = await readFilledTables(session, (table) => reader.holdsTable(table));
      return tables.filter(({ hasRows }) => hasRows).map(({ schema, name }) => `rows of ${schema}.${name}`);
    }
    const occupants = await listOccupants(session, excludedSchemas);
    return findInTheWay(occupants, inventory, scope).map(describeOccupant);
  }

  async settle(): Promise<void> {
    // A restore holds nothing still here.
  }

  async query(sql: string, { role, settings = {} }: QueryIdentity = {}): Promise<Record<string, unknown>[]> {
    const identity = [
      ...Object.entries(settings).map(
        ([name, value]) => `SELECT set_config(${escapeLiteral(name)}, ${escapeLiteral(value)}, false);`,
      ),
      ...(role === undefined ? [] : [`SET ROLE ${quoteIdent(role)};`]),
    ];
    return withSession(this.connection, this.context, (session) =>
      session.run("The statement", `${identity.join("")}${sql}`),
    );
  }

  connectionEnv(): Record<string, string> {
    return connectionVariables(this.store, addressOf(this.connection));
  }

  async close(): Promise<void> {
    // Every session is closed by the call that opened it.
  }
}

/** Extensions of the backup that the server does not offer. */
async function findLacks(
  session: Session,
  { inventory }: PostgresManifest,
  major: number,
): Promise<NonNullable<TargetFacts["lacks"]>> {
  const names = inventory.schema.flatMap(({ kind, name }) => (kind === "extension" ? [name] : []));
  return (await findMissingExtensions(session, names)).map((name) => ({
    kind: "extension",
    name,
    mend: adviseExtensions([name], major),
  }));
}

export function requirePostgres(backup: StoreManifest): PostgresManifest {
  if (backup.kind !== "postgres") throw new Error(`${backup.store} is no Postgres backup`);
  return backup;
}

/** An archive of a newer server holds settings and syntax that an older one does not know. */
function refuseOlderServer(backup: PostgresManifest, major: number, version: string): void {
  if (major >= majorOf(backup.server.version)) return;
  throw new AppError(
    "STORE_UNSUPPORTED",
    `The backup is of PostgreSQL ${backup.server.version}, and the target is PostgreSQL ${version}.`,
    { hint: `Restore into PostgreSQL ${majorOf(backup.server.version)} or later.` },
  );
}
