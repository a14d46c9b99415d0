import { expect, test } from "vitest";
import { parseAs, readProblems } from "./raw-input.ts";

const ARN = "arn:aws:iam::111122223333:role/backup";
const JOB = {
  ACTIONS_ID_TOKEN_REQUEST_URL: "https://pipelines.example/token?api-version=2.0",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "planted-bearer",
};
const SEVERAL = `
destinations:
  here: { url: s3://backups }
  vault: { url: s3://vault, role: "arn:aws:iam::999988887777:role/vault" }
  keys: { url: s3://keyed, access-key-id: AKIA, secret-access-key: "\${SECRET}" }
  other: { url: s3://other, endpoint: https://s3.example.com }
`;

test("a job's role is for each destination at AWS that has neither keys nor a role of its own", () => {
  const options = { "aws-role": ARN };
  const { destinations } = parseAs("prune", { yaml: SEVERAL, env: { ...JOB, SECRET: "s" }, options });
  expect(destinations.map(({ name, config: { role } }) => [name, role?.arn])).toEqual([
    ["here", ARN],
    ["vault", "arn:aws:iam::999988887777:role/vault"],
    ["keys", undefined],
    ["other", undefined],
  ]);
  const { role } = destinations[0]!.config;
  expect(role?.bearer.reveal()).toBe("planted-bearer");
  expect(JSON.stringify(destinations)).not.toContain("planted");
});

test("where no job can ask for a token, the same file works with the standard credentials", () => {
  const { destinations } = parseAs("prune", { yaml: SEVERAL, env: { SECRET: "s" } });
  expect(destinations.map(({ config: { role } }) => role)).toEqual(Array(4).fill(undefined));
});

test("a job that may not ask for a token is told so, unless it has credentials anyway", () => {
  const options = { "aws-role": ARN };
  const yaml = "destination: s3://backups\n";
  const env = { GITHUB_ACTIONS: "true" };
  expect(readProblems({ command: "prune", yaml, env, options })).toContain("id-token: write");
  parseAs("prune", { yaml, env: { ...env, AWS_ACCESS_KEY_ID: "AKIA" }, options });
  parseAs("prune", { yaml: 'destination: "file:///backups"\n', env, options });
});

test("what is no role, or comes with keys, or is meant for a folder, is a problem", () => {
  const yaml = `
destinations:
  a: { url: s3://a, role: backup }
  b: { url: s3://b, role: "${ARN}", access-key-id: AKIA, secret-access-key: x }
  c: { url: "file:///backups", role: "${ARN}" }
`;
  const problems = readProblems({ command: "prune", yaml });
  expect(problems).toContain("is no role's ARN");
  expect(problems).toContain("does not go with access-key-id");
  expect(problems).toContain("means nothing for a folder");
});
