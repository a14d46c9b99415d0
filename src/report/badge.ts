import { makeBadge } from "badge-maker";
import type { StatusResult } from "../commands/status.ts";

const ANSWERS = {
  good: ["all well", "brightgreen"],
  warning: ["deserves a look", "yellow"],
  bad: ["objective missed", "red"],
} as const;

/**
 * A status as a badge. It names the day of the newest backup and not its age, which would be wrong by tomorrow.
 *
 * @param form - `json` is what shields.io reads by its endpoint badge
 * @see https://shields.io/badges/endpoint-badge
 */
export function renderBadge({ verdict, destinations }: StatusResult, form: "json" | "svg"): string {
  const [answer, color] = ANSWERS[verdict];
  const newest = destinations
    .flatMap(({ stores }) => stores.map(({ startedAt }) => startedAt))
    .sort()
    .at(-1);
  const badge = {
    label: "backup",
    message: newest === undefined ? "none" : `${newest.slice(0, 10)}, ${answer}`,
    color,
  };
  return form === "svg" ? `${makeBadge(badge)}\n` : `${JSON.stringify({ schemaVersion: 1, ...badge })}\n`;
}
