import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { withDeadline } from "../../../sys/clock.ts";
import type { Connection } from "../server/connection.ts";
import { DROP_SETTINGS } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import { ClickHouseServer } from "../server/server.ts";

/** Cleaning up after a run must go on after it was cancelled, but not for ever. */
const CLEANUP_LIMIT_MS = 120_000;
/** GitHub kills a cancelled run after 7.5 s, and other parts of the run need their share of them. */
const CANCELLED_CLEANUP_LIMIT_MS = 5_000;

/** What is done after a run, over a connection of its own: that of a cancelled run no longer works. */
export class CleanUp {
  readonly #connection: Connection;
  readonly #ledger: Ledger;
  readonly #context: RunContext;

  /** @param ledger - what the run made */
  constructor(connection: Connection, ledger: Ledger, context: RunContext) {
    this.#connection = connection;
    this.#ledger = ledger;
    this.#context = context;
  }

  /**
   * Drops what the run made.
   *
   * @param undo - statements that come first, for tables that were there before
   * @throws AppError STORE_FAILED with the statements that drop by hand what is left
   */
  async removeAll(undo: readonly string[] = []): Promise<void> {
    const isHurried = this.#context.signal.aborted;
    const signal = this.#createDeadline();
    try {
      await this.run(async (server) => {
        for (const statement of undo) await server.run(statement, DROP_SETTINGS);
        await this.#ledger.dropAll(server, isHurried);
      }, signal);
    } catch (error) {
      const { remains } = this.#ledger;
      if (!signal.aborted || remains.length === 0) throw error;
      throw new AppError(
        "STORE_FAILED",
        `What was restored into ClickHouse at ${this.#connection.endpoint} could not be removed in the time there was.`,
        { hint: `Remove it by hand: ${remains.join("; ")}.`, cause: error },
      );
    }
  }

  async run(
    work: (server: ClickHouseServer) => Promise<void>,
    signal = this.#createDeadline(),
  ): Promise<void> {
    const server = await ClickHouseServer.connect(this.#connection, { ...this.#context, signal });
    try {
      await work(server);
    } finally {
      await server.close();
    }
  }

  #createDeadline(): AbortSignal {
    const limitMs = this.#context.signal.aborted ? CANCELLED_CLEANUP_LIMIT_MS : CLEANUP_LIMIT_MS;
    return withDeadline(new AbortController().signal, limitMs);
  }
}
