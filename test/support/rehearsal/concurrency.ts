/** Something that takes its turn in a group: a run or a job. */
export interface Turn {
  /** Of the run: a higher one was started later. */
  readonly number: number;
  cancel(): void;
}

interface Group {
  running: Turn;
  pending?: { turn: Turn; decide: (mayRun: boolean) => void };
}

/**
 * The concurrency groups of a repository: of each group one runs, and one waits. A newer one that would wait takes the
 * place of the one that waits, which is cancelled; newer is what was started later, whichever comes here first.
 */
export class ConcurrencyGroups {
  readonly #groups = new Map<string, Group>();

  /** Waits for its turn; false when it was cancelled while it waited. */
  async enter(name: string, cancelsRunning: boolean, turn: Turn): Promise<boolean> {
    const group = this.#groups.get(name);
    if (!group) {
      this.#groups.set(name, { running: turn });
      return true;
    }
    if (group.pending && group.pending.turn.number > turn.number) return false;
    group.pending?.decide(false);
    if (cancelsRunning) group.running.cancel();
    return await new Promise<boolean>((resolve) => {
      group.pending = { turn, decide: resolve };
    });
  }

  /** Gives the turn on. */
  leave(name: string): void {
    const { pending } = this.#groups.get(name) ?? {};
    if (!pending) {
      this.#groups.delete(name);
      return;
    }
    this.#groups.set(name, { running: pending.turn });
    pending.decide(true);
  }
}
