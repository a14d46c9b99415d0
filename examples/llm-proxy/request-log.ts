import { setTimeout as delay } from "node:timers/promises";
import type { Usage } from "./providers.ts";

const FLUSH_EVERY_MS = 200;
/** What is kept at most while ClickHouse does not take rows; beyond that the oldest are lost. */
const WAITING_LIMIT = 10_000;

/** A row of the table `requests`. */
export interface LoggedRequest extends Usage {
  id: string;
  organisation_id: string;
  api_key_id: string;
  provider: string;
  model: string;
  /** The HTTP status of the upstream's answer. */
  status: number;
  /** From the call to the end of the answer. */
  latency_ms: number;
  created_at: Date;
}

/** Writes rows in batches after the callers have their answers, so that no call waits for ClickHouse. */
export class RequestLog {
  readonly #insert: (rows: LoggedRequest[]) => Promise<void>;
  readonly #unfinished = new Set<Promise<void>>();
  #waiting: LoggedRequest[] = [];
  #flushing: Promise<void> | undefined;
  #isClosing = false;

  constructor(insert: (rows: LoggedRequest[]) => Promise<void>) {
    this.#insert = insert;
  }

  /** @param request - known once its answer has ended */
  add(request: Promise<LoggedRequest>): void {
    const added = request.then((row) => {
      this.#unfinished.delete(added);
      this.#waiting.push(row);
      this.#flushing ??= this.#flushUntilEmpty();
    });
    this.#unfinished.add(added);
  }

  /** Writes what is left, once the answers that are on their way have ended. */
  async close(): Promise<void> {
    await Promise.all(this.#unfinished);
    this.#isClosing = true;
    await this.#flushing;
    await this.#flush();
    if (this.#waiting.length > 0) console.error(`${this.#waiting.length} requests were not logged.`);
  }

  async #flushUntilEmpty(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isClosing) {
      await delay(FLUSH_EVERY_MS);
      await this.#flush();
    }
    this.#flushing = undefined;
  }

  async #flush(): Promise<void> {
    const rows = this.#waiting.splice(0);
    if (rows.length === 0) return;
    try {
      await this.#insert(rows);
    } catch (error) {
      console.error(`Logging ${rows.length} requests failed: ${(error as Error).message}`);
      this.#waiting = [...rows, ...this.#waiting].slice(-WAITING_LIMIT);
    }
  }
}
