import { expect, test } from "vitest";
import { buildTrustPolicy, findSubject } from "../../../src/policy/github-trust.ts";

const SHOP = { owner: "octo", name: "shop", ownerId: 11, id: 22 };
const NEW = { ...SHOP, namedAt: new Date("2026-07-15T00:00:00Z") };
const OLD = { ...SHOP, namedAt: new Date("2026-07-14T23:59:59Z") };

test.each([
  [NEW, { environment: "backup" }, "repo:octo@11/shop@22:environment:backup"],
  [NEW, { ref: "refs/heads/main" }, "repo:octo@11/shop@22:ref:refs/heads/main"],
  [SHOP, { environment: "backup" }, "repo:octo@11/shop@22:environment:backup"],
  [OLD, { environment: "backup" }, "repo:octo/shop:environment:backup"],
  [NEW, "pull_request" as const, "repo:octo@11/shop@22:pull_request"],
  [OLD, { environment: "a:b" }, "repo:octo/shop:environment:a%3Ab"],
])("the subject of %j for %j", (repository, jobs, subject) => {
  expect(findSubject(repository, jobs)).toBe(subject);
});

test("a repository whose numbers are not known has no subject that could be trusted", () => {
  expect(findSubject({ owner: "octo", name: "shop" }, { ref: "refs/heads/main" })).toBeUndefined();
});

test("the trust policy names audience and subject exactly, without a pattern", () => {
  const policy = buildTrustPolicy("111122223333", "repo:octo@11/shop@22:environment:backup");
  expect(policy.Statement).toEqual([
    {
      Effect: "Allow",
      Principal: {
        Federated: "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
      },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": "repo:octo@11/shop@22:environment:backup",
        },
      },
    },
  ]);
});
