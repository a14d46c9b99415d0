import { buildTrustPolicy, findSubject } from "../policy/github-trust.ts";
import type { GitHubJobs } from "../policy/github-trust.ts";
import { VERSION } from "../version.ts";
import type { Answers } from "./answers.ts";

/** What the operator has left to do, as text for a terminal: each step with the line that does it. */
export function describeNextSteps(answers: Answers): string {
  const steps = [
    [
      "Set the secrets that the workflows read:",
      ...listSecrets(answers).map((name) => `gh secret set ${name}`),
    ],
    ...(answers.destination.startsWith("s3:") ? describeAccess(answers) : []),
    [
      "Look at everything before the first night, with the same variables in your shell:",
      "npx lifeboat doctor",
    ],
    [
      "Commit the files, and start each workflow once by hand:",
      "gh workflow run lifeboat-nightly-backup.yml",
      "gh workflow run lifeboat-weekly-drill.yml",
    ],
    [
      "Pin the release to its commit, which nobody can move:",
      `gh api repos/OWNER/lifeboat/commits/v${VERSION} --jq .sha`,
    ],
  ];
  return steps
    .map(
      ([what = "", ...lines], index) =>
        `${index + 1}. ${what}\n${lines.map((line) => `     ${line}\n`).join("")}`,
    )
    .join("\n");
}

/** By the names under which the workflows pass them on. */
function listSecrets({ stores, keys, recipients, destination, endpoint }: Answers): string[] {
  return [
    ...(stores.postgres === undefined ? [] : ["DATABASE_URL"]),
    ...(stores.clickhouse === undefined ? [] : ["CLICKHOUSE_URL"]),
    ...keys.slice(0, 1),
    ...(recipients.length > 0 ? ["LIFEBOAT_AGE_IDENTITY"] : []),
    ...(destination.startsWith("s3:") && endpoint !== undefined
      ? ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
      : []),
  ];
}

/** AWS by roles without any stored key; another service by the access keys above. */
function describeAccess({ slug = "OWNER/REPOSITORY", endpoint, region = "REGION" }: Answers): string[][] {
  if (endpoint !== undefined) return [];
  const [owner = "", name = ""] = slug.split("/");
  const describeSubject = (jobs: GitHubJobs): string => {
    const subject = findSubject({ owner, name, namedAt: new Date(0) }, jobs) ?? "";
    return subject.replace(`${owner}/${name}`, `${owner}@OWNER_ID/${name}@REPOSITORY_ID`);
  };
  const main = describeSubject({ ref: "refs/heads/main" });
  const ofDrills = [
    main,
    describeSubject("pull_request"),
    ...["restore-staging", "restore-production"].map((environment) => describeSubject({ environment })),
  ];
  return [
    [
      "Make three roles at AWS, for backups, for drills and for removing old backups, with these rights:",
      "npx lifeboat policy --role backup    # add those of status, so that it sends only what changed and catches up only when due",
      "npx lifeboat policy --role drill",
      "npx lifeboat policy --role prune",
    ],
    [
      "Let the repository's main branch, and nobody else, take them, by this trust policy. The account needs GitHub's provider of",
      "tokens once. Repositories that were made, renamed or transferred since 2026-07-15 are known by their numbers:",
      "aws iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com --client-id-list sts.amazonaws.com",
      `gh api repos/${slug} --jq '"OWNER_ID=\\(.owner.id) REPOSITORY_ID=\\(.id)"'`,
      `For older ones leave the numbers out: ${main.replace(/@\w+_ID/g, "")}.`,
      ...printJson(buildTrustPolicy("ACCOUNT_ID", main)),
      "Restores and the check of pull requests use the role for drills, and are known by their environment and event.",
      "In its trust policy these subjects stand instead; leave out those whose workflow you do not keep:",
      ...printJson(ofDrills),
    ],
    [
      "Tell the workflows which roles those are:",
      "gh variable set LIFEBOAT_AWS_ROLE --body arn:aws:iam::ACCOUNT_ID:role/lifeboat-backup",
      "gh variable set LIFEBOAT_AWS_DRILL_ROLE --body arn:aws:iam::ACCOUNT_ID:role/lifeboat-drill",
      "gh variable set LIFEBOAT_AWS_PRUNE_ROLE --body arn:aws:iam::ACCOUNT_ID:role/lifeboat-prune",
      `gh variable set AWS_REGION --body ${region}`,
    ],
  ];
}

function printJson(value: unknown): string[] {
  return JSON.stringify(value, null, 2).split("\n");
}
