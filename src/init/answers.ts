import type { Proposal } from "./proposal.ts";

/** What a repository does not say, and its operator must. */
export interface Choices {
  /** s3://bucket/prefix or file:///folder. */
  destination: string;
  /** Of an S3-compatible service other than AWS. */
  endpoint?: string;
  region?: string;
  pathStyle: boolean;
  /** IANA name, of the hour below. */
  timeZone: string;
  /** Of the night's backup, 0 to 23. */
  hour: number;
  /** Duration as lifeboat.yml takes it, such as 26h. */
  rpo: string;
  rto: string;
  /** age recipients; nothing is encrypted without them. */
  recipients: readonly string[];
}

/** The name of a time zone as it is written, such as Europe/Berlin; undefined where there is none of that name. */
export function findTimeZone(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** All that the files are written from. */
export interface Answers extends Proposal, Choices {}

/** What is chosen where nobody says otherwise; a destination has no such value. */
export const USUAL: Omit<Choices, "destination"> = {
  pathStyle: false,
  timeZone: "Etc/UTC",
  hour: 2,
  rpo: "26h",
  rto: "1h",
  recipients: [],
};
