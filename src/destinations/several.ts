import type { Readable } from "node:stream";
import pLimit from "p-limit";
import { AppError } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import type { Destination, DestinationGroup, DestinationOutcome, Listed, Written } from "./destination.ts";
import { PARTS_IN_MEMORY } from "./part-buffers.ts";
import { splitBody } from "./split-body.ts";

/** How long all destinations wait for one that takes nothing; its requests have their own limits below that. */
const PATIENCE_MS = 180_000;

interface Member {
  destination: Destination;
  failure?: AppError;
}

/**
 * Several destinations as one: what is written goes to all of them at once, and only what lies at all of them is there.
 * One that fails is left out from then on, and the others go on; when the last one fails, its error is thrown.
 */
export class SeveralDestinations implements DestinationGroup {
  readonly #members: readonly Member[];
  readonly #context: RunContext;
  /**
   * No more than each place has memory for: else an object that holds some of it here and waits for some there may wait for
   * one that holds it there and waits here.
   */
  readonly #limit = pLimit(PARTS_IN_MEMORY);

  /** @param destinations - one at the least */
  constructor(destinations: readonly Destination[], context: RunContext) {
    this.#members = destinations.map((destination) => ({ destination }));
    this.#context = context;
  }

  get url(): string {
    return this.live.map(({ url }) => url).join(", ");
  }

  /** Those that have not failed. */
  get live(): readonly Destination[] {
    return this.#members.filter(({ failure }) => !failure).map(({ destination }) => destination);
  }

  get outcomes(): DestinationOutcome[] {
    return this.#members.map(({ destination: { url }, failure }) => ({
      url,
      ...(failure && { failure: { code: failure.code, reason: failure.message, hint: failure.hint } }),
    }));
  }

  async each<T>(work: (destination: Destination) => Promise<T>): Promise<T[]> {
    const { live } = this;
    return this.#settle(live, await Promise.allSettled(live.map((destination) => work(destination))));
  }

  async check(purpose?: "write"): Promise<void> {
    await this.each((destination) => destination.check(purpose));
  }

  async findFreeBytes(): Promise<number | undefined> {
    const found = await this.each((destination) => destination.findFreeBytes());
    const known = found.filter((bytes) => bytes !== undefined);
    return known.length > 0 ? Math.min(...known) : undefined;
  }

  async put(key: string, body: AsyncIterable<Uint8Array>, expectedSizeBytes?: number): Promise<Written> {
    return await this.#writeAll(body, (destination, copy) => destination.put(key, copy, expectedSizeBytes));
  }

  async create(key: string, body: AsyncIterable<Uint8Array>, expectedSizeBytes?: number): Promise<Written> {
    return await this.#writeAll(body, (destination, copy) =>
      destination.create(key, copy, expectedSizeBytes),
    );
  }

  async #writeAll(
    body: AsyncIterable<Uint8Array>,
    write: (destination: Destination, copy: AsyncIterable<Uint8Array>) => Promise<Written>,
  ): Promise<Written> {
    if (this.live.length === 1) return await write(this.#first, body);
    return await this.#limit(() => this.#splitAndWrite(body, write));
  }

  async #splitAndWrite(
    body: AsyncIterable<Uint8Array>,
    write: (destination: Destination, copy: AsyncIterable<Uint8Array>) => Promise<Written>,
  ): Promise<Written> {
    const { live } = this;
    const split = splitBody(body, live.length, this.#context, {
      patienceMs: PATIENCE_MS,
      onStall: (index) => tooSlow(live[index]!),
    });
    const outcomes = await Promise.allSettled(
      live.map(async (destination, index) => {
        const branch = split.branches[index]!;
        try {
          return await write(destination, branch);
        } finally {
          branch.destroy(); // whoever reads no more must not be waited for
        }
      }),
    );
    const broken = split.sourceError();
    if (broken) throw broken.error;
    const [written] = this.#settle(live, outcomes);
    return written!;
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<"written" | "already-there"> {
    const outcomes = await this.each((destination) => destination.putIfAbsent(key, bytes));
    return outcomes.includes("already-there") ? "already-there" : "written";
  }

  async read(key: string): Promise<Buffer> {
    return await this.#first.read(key);
  }

  async open(key: string, fromByte?: number): Promise<Readable> {
    return await this.#first.open(key, fromByte);
  }

  list(prefix: string): AsyncIterable<Listed> {
    return this.#listShared((destination) => destination.list(prefix));
  }

  listInFolders(prefix: string, name: string): AsyncIterable<Listed> {
    return this.#listShared((destination) => destination.listInFolders(prefix, name));
  }

  async *#listShared(list: (destination: Destination) => AsyncIterable<Listed>): AsyncGenerator<Listed> {
    const [first, ...others] = this.live.map((destination) => list(destination)[Symbol.asyncIterator]());
    const heads = await Promise.all(others.map((other) => other.next()));
    for (;;) {
      const next = await first!.next();
      if (next.done) return;
      const found = next.value;
      let isEverywhere = true;
      for (const [index, other] of others.entries()) {
        let head = heads[index]!;
        while (!head.done && comesBefore(head.value.key, found.key)) head = await other.next();
        heads[index] = head;
        isEverywhere &&=
          !head.done && head.value.key === found.key && head.value.sizeBytes === found.sizeBytes;
      }
      if (isEverywhere) yield found;
    }
  }

  async findSize(key: string): Promise<number | undefined> {
    const sizes = await Promise.all(this.live.map((destination) => destination.findSize(key)));
    return sizes.every((size) => size === sizes[0]) ? sizes[0] : undefined;
  }

  async findLock(key: string): Promise<Date | "held" | undefined> {
    return await this.#first.findLock(key);
  }

  async extendLock(key: string): Promise<void> {
    await this.each((destination) => destination.extendLock(key));
  }

  async remove(key: string): Promise<void> {
    await this.each((destination) => destination.remove(key));
  }

  async abortUnfinished(
    prefix: string,
    isDead: (upload: { key: string; startedAt: Date }) => boolean,
  ): Promise<number> {
    const counts = await this.each((destination) => destination.abortUnfinished(prefix, isDead));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  close(): void {
    for (const { destination } of this.#members) destination.close();
  }

  get #first(): Destination {
    return this.live[0]!;
  }

  /** Takes down who failed. @returns what the others gave */
  #settle<T>(live: readonly Destination[], outcomes: readonly PromiseSettledResult<T>[]): T[] {
    const results = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    outcomes.forEach((outcome, index) => {
      if (outcome.status === "fulfilled") return;
      const error: unknown = outcome.reason;
      const isOurs = error instanceof AppError && error.code !== "CANCELLED";
      // Those that did this may have failed in something else meanwhile.
      const isLast = this.live.every((destination) => destination === live[index]);
      if (!isOurs || results.length === 0 || isLast) throw error;
      this.#leaveOut(live[index]!, error);
    });
    return results;
  }

  #leaveOut(destination: Destination, error: AppError): void {
    const member = this.#members.find((candidate) => candidate.destination === destination)!;
    if (member.failure) return;
    member.failure = error;
    this.#context.reporter.warn(
      `${destination.url} is left out of this backup: ${error.message} The others go on; lifeboat copy repairs it.`,
    );
  }
}

/** Listings come in the order of bytes. */
function comesBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

function tooSlow({ url }: Destination): AppError {
  return new AppError(
    "DESTINATION_FAILED",
    `${url} took nothing for ${PATIENCE_MS / 1000} s while the other destinations waited for it.`,
    { hint: "Look at its service and at the network between; lifeboat copy brings it up to date." },
  );
}
