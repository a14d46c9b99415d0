import type { Progress } from "../run-context.ts";
import type { Clock } from "../sys/clock.ts";
import { formatBytes, formatCount } from "./quantities.ts";

/** "Sent: 1.2 GB" or "Restored: 3 of 12 tables" */
export function formatProgress({ label, done, total, unit }: Progress): string {
  if (unit === "bytes") {
    return `${label}: ${formatBytes(done)}${total === undefined ? "" : ` of ${formatBytes(total)}`}`;
  }
  return `${label}: ${formatCount(done)}${total === undefined ? "" : ` of ${formatCount(total)}`} ${unit}`;
}

/** Lets one progress of each label pass in a given time, so that logs stay readable. */
export class ProgressThinner {
  readonly #lastMs = new Map<string, number>();
  readonly #clock: Clock;
  readonly #everyMs: number;

  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  isDue({ label }: Progress): boolean {
    const nowMs = this.#clock.ticksMs();
    const lastMs = this.#lastMs.get(label);
    if (lastMs !== undefined && nowMs - lastMs < this.#everyMs) return false;
    this.#lastMs.set(label, nowMs);
    return true;
  }
}
