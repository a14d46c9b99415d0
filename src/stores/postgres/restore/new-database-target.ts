import type { PostgresManifest, StoreManifest } from "../../../backup/manifest.ts";
import type { RestoreScope } from "../../../backup/restore-scope.ts";
import type { RunContext } from "../../../run-context.ts";
import { connectionVariables } from "../../store.ts";
import type { RestoreOutcome, RestoreRequest, Target, TargetFacts } from "../../store.ts";
import { addressOf } from "../server/connection.ts";
import type { PostgresConnection } from "../server/connection.ts";
import { warnOfLeftovers } from "./leftovers.ts";
import { refuseTransactionPooler } from "../server/poolers.ts";
import { readDatabaseOptions } from "./placement.ts";
import type { NewDatabase } from "./placement.ts";
import { readDatabaseDefinition } from "./restore-plan.ts";
import type { RestorePlan } from "./restore-plan.ts";
import { readServerFacts } from "../server/server.ts";
import { withSession } from "../server/session.ts";
import { PostgresTarget, requirePostgres } from "./database-target.ts";

/** A database that this restore makes; it may replace another one once it is proved. */
export class NewPostgresTarget extends PostgresTarget {
  readonly replacement?: NonNullable<Target["replacement"]>;
  readonly #made: NewDatabase;
  /** What the operator's address names. */
  readonly #named: PostgresConnection;

  constructor(store: string, named: PostgresConnection, made: NewDatabase, context: RunContext) {
    super(store, made.connection, context);
    this.#named = named;
    this.#made = made;
    if (named.database !== made.name) {
      this.replacement = { beside: made.name, swapIn: () => made.swapIn() };
    }
  }

  override async inspect(backup: StoreManifest, scope?: RestoreScope): Promise<TargetFacts> {
    const manifest = requirePostgres(backup);
    refuseTransactionPooler(this.#named);
    return await this.#made.atServer(async (session) => {
      await warnOfLeftovers(session, this.#named.database, this.context);
      await this.#made.check(session, manifest, () =>
        withSession(
          this.#named,
          this.context,
          async (old) => (await readServerFacts(old, this.#named)).databaseId,
        ),
      );
      return { ...(await this.lookAtServer(session, manifest, scope)), databases: [this.#named.database] };
    });
  }

  protected override async restorePlan(
    backup: PostgresManifest,
    request: RestoreRequest,
    plan: RestorePlan,
  ): Promise<RestoreOutcome> {
    const definition = await readDatabaseDefinition(plan, request, this.store, this.context);
    await this.#made.make(readDatabaseOptions(definition));
    try {
      return await super.restorePlan(backup, request, plan);
    } catch (error) {
      await this.#made.remove().catch((cleanup: unknown) => {
        this.context.reporter.warn(
          `The database ${this.#made.name} could not be dropped: ${String(cleanup)}`,
        );
      });
      throw error;
    }
  }

  /** What the operator named: commands around the restore know no other. */
  override connectionEnv(): Record<string, string> {
    return connectionVariables(this.store, addressOf(this.#named));
  }
}
