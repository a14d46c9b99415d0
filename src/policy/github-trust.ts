/** From then on, new, renamed and transferred repositories are named with the numbers that stay when names change. */
const IMMUTABLE_SUBJECTS_SINCE = new Date("2026-07-15T00:00:00Z");

const ISSUER = "token.actions.githubusercontent.com";

/** A repository as GitHub's API names it. */
export interface GitHubRepository {
  owner: string;
  name: string;
  /** The numbers of owner and repository; needed where subjects are immutable. */
  ownerId?: number;
  id?: number;
  /** When it was created, or last renamed or transferred; immutable subjects are taken for granted when absent. */
  namedAt?: Date;
}

/** Which of its jobs may take the role: those of one environment, of one branch or tag, or of pull requests. */
export type GitHubJobs = { environment: string } | { ref: string } | "pull_request";

export interface TrustPolicy {
  Version: "2012-10-17";
  Statement: {
    Effect: "Allow";
    Principal: { Federated: string };
    Action: "sts:AssumeRoleWithWebIdentity";
    Condition: { StringEquals: Record<string, string> };
  }[];
}

/** Whether the tokens of a repository name it with its numbers. */
function hasImmutableSubject({ namedAt }: Pick<GitHubRepository, "namedAt">): boolean {
  return namedAt === undefined || namedAt >= IMMUTABLE_SUBJECTS_SINCE;
}

/**
 * The subject of a job's token, such as `repo:octo@1/shop@2:environment:backup`. A job of an environment is named by that,
 * and not by its branch.
 *
 * @returns undefined where the numbers are needed and not given
 * @see https://docs.github.com/en/actions/reference/security/oidc
 */
export function findSubject(repository: GitHubRepository, jobs: GitHubJobs): string | undefined {
  const { owner, name, ownerId, id } = repository;
  const rest = describeJobs(jobs);
  if (!hasImmutableSubject(repository)) return `repo:${owner}/${name}:${rest}`;
  if (ownerId === undefined || id === undefined) return undefined;
  return `repo:${owner}@${ownerId}/${name}@${id}:${rest}`;
}

function describeJobs(jobs: GitHubJobs): string {
  if (jobs === "pull_request") return jobs;
  return "environment" in jobs ? `environment:${encodeColons(jobs.environment)}` : `ref:${jobs.ref}`;
}

/**
 * Who may take a role at AWS: jobs whose token has exactly this subject. The account needs GitHub's OIDC provider.
 *
 * @param accountId - twelve digits
 * @param partition - `aws`, but for China and the US government
 */
export function buildTrustPolicy(accountId: string, subject: string, partition = "aws"): TrustPolicy {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: `arn:${partition}:iam::${accountId}:oidc-provider/${ISSUER}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { [`${ISSUER}:aud`]: "sts.amazonaws.com", [`${ISSUER}:sub`]: subject } },
      },
    ],
  };
}

/** In a name a colon would end its part of the subject. */
function encodeColons(text: string): string {
  return text.replaceAll(":", "%3A");
}
