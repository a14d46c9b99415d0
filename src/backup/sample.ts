import { createHash } from "node:crypto";

/**
 * Which of many backups a run looks at, so that each comes up in time and no two runs need to know of each other: the
 * day chooses one of several groups, and a backup's id tells its group for good.
 *
 * The number of groups is a prime other than 7: so a run a day, every other day or a week meets all groups in that many
 * runs.
 *
 * @param share - above 0, up to 1; less is taken where the number of groups asks for it
 */
export function pickSample(ids: readonly string[], share: number, now: Date): string[] {
  const groups = countGroups(share);
  const today = Math.floor(now.getTime() / 86_400_000) % groups;
  return ids.filter((id) => groupOf(id, groups) === today);
}

/** In how many groups backups are divided: the runs after which each was looked at. */
export function countGroups(share: number): number {
  let groups = Math.ceil(1 / share);
  while (!isPrime(groups) || groups === 7) groups += 1;
  return share >= 1 ? 1 : groups;
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return number > 1;
}

function groupOf(id: string, groups: number): number {
  return createHash("sha256").update(id).digest().readUInt32BE() % groups;
}
