import type { PostgresManifest } from "../../backup/manifest.ts";
import { isSelective } from "../../backup/restore-scope.ts";
import type { RunContext } from "../../run-context.ts";
import type { RestoreOutcome, RestoreRequest } from "../store.ts";
import type { PostgresConnection } from "./connection.ts";
import { dropNewcomers, dropOccupants, findInTheWay, findToReplace, listOccupants } from "./occupants.ts";
import type { Occupant } from "./occupants.ts";
import { setPartAside } from "./replace-part.ts";
import type { ReplacedPart } from "./replace-part.ts";
import { requireNoProject } from "./running-project.ts";
import { withSession } from "./session.ts";
import type { Session } from "./session.ts";

/** The room that a target has for a restore: made where the operator said so, and as it was when the restore fails. */
export class TargetRoom {
  readonly #connection: PostgresConnection;
  readonly #backup: PostgresManifest;
  readonly #request: RestoreRequest;
  readonly #applicationName: string;
  readonly #context: RunContext;
  /** What lies there and is not this restore's. */
  #others: readonly Occupant[] = [];
  /** What lay where a part is restored, until that has succeeded. */
  #replaced: ReplacedPart | undefined;

  /** @param applicationName - by which the sessions of the restore are known at the server */
  constructor(
    connection: PostgresConnection,
    backup: PostgresManifest,
    request: RestoreRequest,
    applicationName: string,
    context: RunContext,
  ) {
    this.#connection = connection;
    this.#backup = backup;
    this.#request = request;
    this.#applicationName = applicationName;
    this.#context = context;
  }

  /** Makes room with `replace`; what is there otherwise stays. @throws AppError TARGET_REFUSED, STORE_FAILED */
  async clear(session: Session): Promise<void> {
    const { inventory, excludedSchemas } = this.#backup;
    const { replace, scope } = this.#request;
    if (replace) {
      const occupants = await listOccupants(session, excludedSchemas);
      if (scope && isSelective(scope)) {
        const inTheWay = findInTheWay(occupants, inventory, scope);
        this.#replaced = await setPartAside(session, inventory, scope, inTheWay);
      } else {
        await requireNoProject(session, inventory);
        await dropOccupants(session, findToReplace(occupants, inventory));
      }
    }
    this.#others = await listOccupants(session, []);
  }

  /** Drops what a restore made when it fails, and puts back what it replaced. @throws what `work` throws */
  async undoing(work: () => Promise<RestoreOutcome>): Promise<RestoreOutcome> {
    const undo = (): Promise<void> =>
      this.cleanUp("part of a failed restore", async (session) => {
        await dropNewcomers(session, this.#others);
        await this.#replaced?.putBack(session);
      });
    try {
      const outcome = await work();
      const replaced = this.#replaced;
      if (!replaced) return outcome;
      // Rows that differ are no reason to lose the old ones.
      if (outcome.isStopped) await undo();
      else {
        const { reporter } = this.#context;
        await withSession(this.#connection, this.#context, (session) =>
          replaced.drop(session, (line) => reporter.warn(line)),
        );
      }
      return outcome;
    } catch (error) {
      await undo();
      throw error;
    }
  }

  /**
   * Ends what the restore left running at the server, which would hold locks, and cleans up after it.
   *
   * @param what - is left when that fails too: then the operator is warned of it
   */
  async cleanUp(what: string, work: (session: Session) => Promise<void>): Promise<void> {
    try {
      await withSession(
        this.#connection,
        this.#context,
        async (session) => {
          await session.rows(
            "Ending the sessions of the restore",
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1",
            [this.#applicationName],
          );
          await work(session);
        },
        { survivesCancel: true },
      );
    } catch (error) {
      // The failure of the restore itself is what the operator must read first.
      this.#context.reporter.warn(
        `The target holds ${what}, which could not be removed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
