import { closest, distance } from "fastest-levenshtein";
import { AppError } from "../errors.ts";

/** Where a value was given: `lifeboat.yml:7:8: objectives.rpo`, `--before` or `Input before`. */
export interface Place {
  label: string;
  /** Problems are told in this order. */
  order: number;
}

/** Collects what is wrong with a configuration, so that the operator reads everything at once. */
export class Problems {
  readonly #found: { order: number; line: string }[] = [];

  /** @param text - goes on after the place: what is wrong with it and what to write instead; never a value */
  add(place: Place, text: string): void {
    this.#found.push({ order: place.order, line: `${place.label} ${text}` });
  }

  /** @throws AppError CONFIG_INVALID when anything was found */
  throwIfAny(): void {
    if (this.#found.length > 0) throw this.toError();
  }

  /** All problems as one error, each on a line of its own. */
  toError(): AppError {
    const lines = this.#found.sort((a, b) => a.order - b.order).map(({ line }) => `  ${line}`);
    const count = lines.length === 1 ? "a problem" : `${lines.length} problems`;
    return new AppError("CONFIG_INVALID", [`The configuration has ${count}:`, ...lines].join("\n"), {
      hint: "Correct this and run the command again; docs/options.md lists every option and key.",
    });
  }
}

/** ` Did you mean x?` for the nearest known name, or nothing when none is near. */
export function suggest(unknown: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const nearest = closest(unknown, known);
  return distance(unknown, nearest) <= Math.max(2, unknown.length / 3) ? ` Did you mean ${nearest}?` : "";
}
