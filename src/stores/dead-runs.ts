/** After so long what a run made for itself is a leftover: no job of GitHub's takes longer, so the run is no more. */
export const DEAD_AFTER_MS = 6 * 3_600_000;
