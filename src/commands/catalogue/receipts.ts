import pLimit from "p-limit";
import type { ClickHousePart } from "../../backup/manifest.ts";
import { parseReceipt, serialiseReceipt } from "../../backup/receipt.ts";
import type { Receipt } from "../../backup/receipt.ts";
import type { Destination } from "../../destinations/destination.ts";
import {
  findBackupTime,
  findRunOfReceipt,
  receiptKey,
  receiptsFolder,
  receiptsPrefix,
} from "../../destinations/keys.ts";
import { AppError } from "../../errors.ts";
import type { Reporter, RunContext } from "../../run-context.ts";
import type { Clock } from "../../sys/clock.ts";
import { settleAll } from "../together.ts";

/** A receipt is written when so much was finished since the last one, or when that is so long ago. */
const PARTS_A_RECEIPT = 16;
const BYTES_A_RECEIPT = 256 * 1024 ** 2;
const RECEIPT_EVERY_MS = 10_000;
const REQUESTS_AT_ONCE = 16;

/** Writes down which parts a run has finished, in objects of its own that the next run reads. */
export class ReceiptBook {
  readonly #backupId: string;
  readonly #writer: string;
  readonly #clock: Clock;
  readonly #reporter: Reporter;
  /** Kept parts that no receipt tells of yet, by store. */
  readonly #unwritten = new Map<string, ClickHousePart[]>();
  readonly #received = new Set<string>();
  #count = 0;
  #isRefused = false;
  #isDistrusted = false;
  #lastMs: number;
  #writing: Promise<void> = Promise.resolve();

  /** @param writer - tells the receipts of one run from those of others that share the backup */
  constructor(backupId: string, { clock, reporter }: RunContext, writer?: string) {
    this.#backupId = backupId;
    this.#writer = writer === undefined ? "" : `-${writer}`;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#lastMs = clock.ticksMs();
  }

  /** Keys of the parts that receipts tell of: a later run may count on them. */
  get received(): ReadonlySet<string> {
    return this.#received;
  }

  async add(store: string, part: ClickHousePart, destination: Destination): Promise<void> {
    const parts = this.#unwritten.get(store) ?? [];
    this.#unwritten.set(store, [...parts, part]);
    const waiting = [...this.#unwritten.values()].flat();
    const isDue =
      waiting.length >= PARTS_A_RECEIPT ||
      waiting.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) >= BYTES_A_RECEIPT ||
      this.#clock.ticksMs() - this.#lastMs >= RECEIPT_EVERY_MS;
    if (isDue) await this.write(destination);
  }

  /** From now on the run gives no receipts, and the next `write` removes those that it gave. */
  distrust(): void {
    this.#isDistrusted = true;
    this.#unwritten.clear();
  }

  /** Writes a receipt of all that has none. That it cannot be written is no reason to fail: it only spares work. */
  async write(destination: Destination): Promise<void> {
    this.#lastMs = this.#clock.ticksMs();
    this.#writing = this.#writing.then(async () => {
      if (this.#isDistrusted) {
        this.#received.clear();
        await removeReceipts(destination, [this.#backupId]);
        return;
      }
      const unwritten = [...this.#unwritten];
      this.#unwritten.clear();
      for (const [store, parts] of unwritten) await this.#writeOne(store, parts, destination);
    });
    await this.#writing;
  }

  async #writeOne(store: string, parts: ClickHousePart[], destination: Destination): Promise<void> {
    if (this.#isRefused) return;
    this.#count += 1;
    const bytes = serialiseReceipt({ backupId: this.#backupId, store, parts });
    try {
      // In one request: a stream would wait for memory that uploads hold, and a hanging one would keep it.
      const key = receiptKey(this.#backupId, `${store}${this.#writer}`, this.#count);
      if ((await destination.putIfAbsent(key, bytes)) === "already-there") return;
      for (const { key } of parts) this.#received.add(key);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // Whoever cleans up after a cancelled run writes it again.
      const meanwhile = this.#unwritten.get(store) ?? [];
      if (error.code === "CANCELLED") {
        this.#unwritten.set(store, [...parts, ...meanwhile]);
        return;
      }
      this.#isRefused = true;
      this.#reporter.warn(`Should this run die, the next one sends everything again: ${error.message}`);
    }
  }
}

/**
 * The receipts of runs that began after a time, and never came to be backups. What cannot be read is left out:
 * receipts only spare work.
 */
export async function readReceipts(destination: Destination, after: Date): Promise<Receipt[]> {
  const limit = pLimit(REQUESTS_AT_ONCE);
  const keys: string[] = [];
  for await (const { key } of destination.list(receiptsPrefix)) {
    const time = findBackupTime(findRunOfReceipt(key) ?? "");
    if (time && time.getTime() >= after.getTime()) keys.push(key);
  }
  const read = async (key: string): Promise<Receipt[]> => {
    try {
      return [parseReceipt(await destination.read(key), `${destination.url}/${key}`)];
    } catch (error) {
      const isGone =
        error instanceof AppError &&
        ["BACKUP_DAMAGED", "OBJECT_MISSING", "FORMAT_TOO_NEW"].includes(error.code);
      if (isGone) return [];
      throw error;
    }
  };
  return (await settleAll(keys.map((key) => limit(() => read(key))))).flat();
}

/** Removes the receipts of runs, once a complete backup makes them needless. Their parts stay. */
export async function removeReceipts(destination: Destination, backupIds: Iterable<string>): Promise<void> {
  for (const id of new Set(backupIds)) {
    const keys: string[] = [];
    for await (const { key } of destination.list(receiptsFolder(id))) keys.push(key);
    await settleAll(keys.map((key) => destination.remove(key)));
  }
}
