import type { PostgresManifest } from "../../../backup/manifest.ts";
import { isSelective } from "../../../backup/restore-scope.ts";
import type { RunContext } from "../../../run-context.ts";
import type { RestoreOutcome, RestoreRequest } from "../../store.ts";
import type { PostgresConnection } from "../server/connection.ts";
import {
  dropNewcomers,
  dropOccupants,
  findInTheWay,
  findToReplace,
  listOccupants,
} from "../catalog/occupants.ts";
import type { Occupant } from "../catalog/occupants.ts";
import { planReplacing } from "./replace-part.ts";
import type { ReplacedPart } from "./replace-part.ts";
import { requireNoProject } from "./running-project.ts";
import { withSession } from "../server/session.ts";
import type { Session } from "../server/session.ts";

/** The room that a target has for a restore: made where the operator said so, and as it was when the restore fails. */
export class TargetRoom {
  readonly #connection: PostgresConnection;
  readonly #backup: PostgresManifest;
  readonly #request: RestoreRequest;
  readonly #applicationName: string;
  readonly #context: RunContext;
  /** What lies there and is not this restore's; unknown until there is room. */
  #others: readonly Occupant[] | undefined;
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

  /**
   * Makes room with `replace` (what is there otherwise stays), and lets `work` fill it. When either fails, what was made
   * is dropped, and what was replaced is put back.
   *
   * @throws AppError TARGET_REFUSED, STORE_FAILED, and what `work` throws
   */
  async fill(work: () => Promise<RestoreOutcome>): Promise<RestoreOutcome> {
    try {
      await withSession(this.#connection, this.#context, (session) => this.#clear(session));
      const outcome = await work();
      if (this.#replaced) await this.#conclude(this.#replaced, outcome);
      return outcome;
    } catch (error) {
      await this.#undo();
      throw error;
    }
  }

  async #clear(session: Session): Promise<void> {
    const { inventory, excludedSchemas } = this.#backup;
    const { replace, scope } = this.#request;
    if (replace) {
      const occupants = await listOccupants(session, excludedSchemas);
      if (scope && isSelective(scope)) {
        const inTheWay = findInTheWay(occupants, inventory, scope);
        this.#replaced = await planReplacing(session, inventory, scope, inTheWay);
        await this.#replaced?.setAside(session);
      } else {
        await requireNoProject(session, inventory);
        await dropOccupants(session, findToReplace(occupants, inventory));
      }
    }
    this.#others = await listOccupants(session, []);
  }

  async #undo(): Promise<void> {
    const [others, replaced] = [this.#others, this.#replaced];
    if (!others && !replaced) return;
    await this.cleanUp("part of a failed restore", async (session) => {
      if (others) await dropNewcomers(session, others);
      await replaced?.putBack(session);
    });
  }

  async #conclude(replaced: ReplacedPart, { isStopped }: RestoreOutcome): Promise<void> {
    // Rows that differ are no reason to lose the old ones.
    if (isStopped) await this.#undo();
    // Where that fails, the new part is there still, and is the one that was wanted.
    else await this.cleanUp(`what was replaced, in ${replaced.place}`, (session) => replaced.drop(session));
  }

  /**
   * Ends what the restore left running at the server, which would hold locks, and cleans up after it.
   *
   * @param what - is left when that fails: then the operator is warned of it
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
