import type { TrendPoint } from "../backup/history.ts";
import type { StatusResult } from "../commands/status.ts";
import type { Finding } from "../finding.ts";

const TREND_SHOWN = 10;

/** The answer of a status: "Every objective is met" */
export function describeStatus({ verdict }: StatusResult): string {
  return {
    good: "Every objective is met",
    warning: "No objective is missed; something deserves a look",
    bad: "An objective is missed",
  }[verdict];
}

/** What was looked at, in order, with what was found. */
export function listStatus(result: StatusResult): { name: string; findings: Finding[] }[] {
  const destinations = result.destinations.map(({ url, findings }) => ({
    name: `destination ${url}`,
    findings,
  }));
  const { drills } = result;
  return drills.length === 0 ? destinations : [...destinations, { name: "drills", findings: drills }];
}

/** The backups that are shown as a series, oldest first. */
export function listTrend(trend: readonly TrendPoint[]): TrendPoint[] {
  return trend.slice(0, TREND_SHOWN).toReversed();
}
