import type { Right } from "../policy/roles.ts";
import type { Destination } from "./destination.ts";

/** What came of trying one right at one key. */
export interface TriedRight {
  right: Right;
  /** Relative to the destination. */
  key: string;
  /** "unknown" where nothing is there to try it with, or where trying would change something. */
  outcome: "allowed" | "refused" | "unknown";
}

/** A destination that can be asked what its credentials may do. */
export interface RightsProbe {
  /** Tries each right so that no object comes of it and none is lost. */
  tryRights(): Promise<TriedRight[]>;
}

export type ProbedDestination = Destination & RightsProbe;
