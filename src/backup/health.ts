import { bad, good, warning } from "../finding.ts";
import type { Finding } from "../finding.ts";
import type { DrillRecord } from "../drill/record.ts";
import { formatAge, formatSeconds } from "../report/quantities.ts";
import { findMedian } from "./anomalies.ts";

const HOUR_MS = 3_600_000;
/** So many times the usual pause between two backups is late, where nobody said what late is. */
const LATE = 2.5;
/** Fewer backups do not show a rhythm. */
const RHYTHM_OF = 4;

/** What the operator wants to be true at any time. */
export interface HealthObjectives {
  /** How old the newest backup may be. */
  rpoHours?: number;
  /** How long a restore may take. */
  rtoMinutes?: number;
  /** How old the last drill may be. */
  drillEveryHours?: number;
}

/** A backup that holds a certain store. */
export interface Moment {
  id: string;
  /** The data is as old as this. */
  startedAt: Date;
}

/**
 * Judges how old the newest backup of one store is.
 *
 * @param newestFirst - the newest backups that hold it
 * @param graceHours - how much older it may be here, at a destination that does not receive every backup
 */
export function judgeAge(
  store: string,
  newestFirst: readonly Moment[],
  { rpoHours }: Pick<HealthObjectives, "rpoHours">,
  graceHours: number,
  now: Date,
): Finding {
  const check = `${store} age`;
  const [newest] = newestFirst;
  const backUp = `Run lifeboat backup, and find out why no run has completed one with ${store}.`;
  if (!newest) return bad(check, `No complete backup holds ${store}.`, backUp);
  const ageHours = (now.getTime() - newest.startedAt.getTime()) / HOUR_MS;
  const what = `The newest backup of ${store}, ${newest.id},`;
  if (ageHours < 0) {
    const found = `${what} has a time that lies ahead of this machine's clock.`;
    return warning(check, found, "Set the clock of this machine, or of the one that backs up.");
  }
  const age = formatAge(ageHours);
  if (rpoHours !== undefined) {
    const objective =
      formatAge(rpoHours) + (graceHours > 0 ? ` and ${formatAge(graceHours)} between two` : "");
    if (ageHours <= rpoHours + graceHours) return good(check, `${what} is ${age} old, of ${objective}.`);
    return bad(check, `${what} is ${age} old; the objective (RPO) is ${objective}.`, backUp);
  }
  const usualHours = findUsualPause(newestFirst);
  if (usualHours !== undefined && ageHours > usualHours * LATE) {
    return warning(
      check,
      `${what} is ${age} old; there used to be one every ${formatAge(usualHours)}.`,
      backUp,
    );
  }
  return warning(
    check,
    `${what} is ${age} old, and nothing says how old it may be.`,
    "objectives: { rpo: 24h } in lifeboat.yml, or the option rpo",
  );
}

/** Hours between the starts of two backups, as a rule. */
function findUsualPause(newestFirst: readonly Moment[]): number | undefined {
  if (newestFirst.length < RHYTHM_OF) return undefined;
  const times = newestFirst.map(({ startedAt }) => startedAt.getTime());
  return findMedian(times.slice(1).map((time, index) => (times[index]! - time) / HOUR_MS));
}

/** The newest drill that says something about a store: it compared it, or ended before it compared anything. */
export function findLastDrill(store: string, newestFirst: readonly DrillRecord[]): DrillRecord | undefined {
  return newestFirst.find(
    ({ comparisons }) => comparisons.length === 0 || comparisons.some((compared) => compared.store === store),
  );
}

/**
 * Judges the last drill of one store, wherever it was made.
 *
 * @param last - as `findLastDrill` found it
 */
export function judgeDrill(
  store: string,
  last: DrillRecord | undefined,
  { drillEveryHours }: Pick<HealthObjectives, "drillEveryHours">,
  now: Date,
): Finding {
  const check = `${store} drill`;
  const mend = "Run lifeboat drill.";
  if (!last) {
    const found = `No drill has restored ${store} yet: nothing shows that it can be.`;
    return drillEveryHours === undefined ? warning(check, found, mend) : bad(check, found, mend);
  }
  const ageHours = (now.getTime() - Date.parse(last.startedAt)) / HOUR_MS;
  const what = `The last drill of ${store}, ${formatAge(Math.max(0, ageHours))} ago, of backup ${last.backupId},`;
  if (last.verdict !== "proven") {
    const [why = "It gives no reason."] = last.reasons;
    return bad(
      check,
      `${what} ended ${last.verdict}: ${why}`,
      `Read its record, drills/${last.id}.json, and drill again.`,
    );
  }
  if (drillEveryHours !== undefined && ageHours > drillEveryHours) {
    return bad(check, `${what} is overdue: the objective is one every ${formatAge(drillEveryHours)}.`, mend);
  }
  return good(check, `${what} ended proven.`);
}

/** Judges how long the last restore of a drill took; nothing where there is no objective, or no drill got so far. */
export function judgeRestoreTime(
  newestFirst: readonly DrillRecord[],
  { rtoMinutes }: Pick<HealthObjectives, "rtoMinutes">,
): Finding[] {
  const last = newestFirst.find(({ comparisons }) => comparisons.length > 0);
  if (rtoMinutes === undefined || !last) return [];
  const took = `The drill of ${last.startedAt.slice(0, 10)} took ${formatSeconds(last.restoreSeconds)}`;
  const objective = formatSeconds(rtoMinutes * 60);
  if (last.restoreSeconds <= rtoMinutes * 60) return [good("restore time", `${took}, of ${objective}.`)];
  return [
    bad(
      "restore time",
      `${took}; the objective (RTO) is ${objective}.`,
      "Look at the phases in the drill's report for what takes longest, or set an objective that can be kept.",
    ),
  ];
}
