import { describe, expect, test } from "vitest";
import { buildRolePolicy } from "../../../src/policy/role-policy.ts";
import type { PolicyPlace } from "../../../src/policy/role-policy.ts";
import { ROLES } from "../../../src/policy/roles.ts";
import type { Role } from "../../../src/policy/roles.ts";

const PLACE: PolicyPlace = {
  bucket: "b",
  folder: "company/shop",
  isAws: true,
  objectLock: false,
  legalHold: false,
};

function listActions(role: Role, parts: Partial<PolicyPlace> = {}): string[] {
  return buildRolePolicy(role, [{ ...PLACE, ...parts }]).Statement.flatMap(({ Action }) => Action);
}

test("the whole policy of a backup: nothing is read, removed or replaced", () => {
  const Resource = ["backups", "parts", "receipts"].map(
    (folder) => `arn:aws:s3:::b/company/shop/${folder}/*`,
  );
  const write = { Effect: "Allow", Action: ["s3:PutObject"], Resource };
  expect(buildRolePolicy("backup", [PLACE])).toEqual({
    Version: "2012-10-17",
    Statement: [
      { Sid: "Write", ...write, Condition: { Null: { "s3:if-none-match": "false" } } },
      { Sid: "WriteParts", ...write, Condition: { Bool: { "s3:ObjectCreationOperation": "false" } } },
      { Sid: "EndUploads", Effect: "Allow", Action: ["s3:AbortMultipartUpload"], Resource },
    ],
  });
});

test("a service that is not AWS gets no condition that it does not know", () => {
  const conditions = buildRolePolicy("backup", [{ ...PLACE, isAws: false }]).Statement.map(
    ({ Sid, Condition }) => [Sid, Condition],
  );
  expect(conditions).toEqual([
    ["Write", undefined],
    ["EndUploads", undefined],
  ]);
});

test("only documents about backups can be replaced, and data by nobody", () => {
  for (const role of ROLES) {
    const replaceable = buildRolePolicy(role, [PLACE])
      .Statement.filter(({ Action, Condition }) => Action.includes("s3:PutObject") && !Condition)
      .flatMap(({ Resource }) => Resource);
    for (const resource of replaceable)
      expect(resource).toMatch(/shop\/(backups\/.*\.(json|md)|shards\/\*)$/);
  }
});

test("nobody has all rights, and no role but prune may remove what belongs to a backup", () => {
  for (const role of ROLES) {
    const actions = listActions(role, { objectLock: true, legalHold: true, kmsKey: "k" });
    expect(actions.filter((action) => /\*|Delete|Bypass/.test(action))).toEqual(
      ["prune", "shard"].includes(role) ? ["s3:DeleteObject"] : [],
    );
    const removable = buildRolePolicy(role, [PLACE]).Statement.filter(({ Sid }) => Sid === "Remove");
    const isBackup = removable.some(({ Resource }) => /backups|parts/.test([Resource].flat().join()));
    expect(isBackup).toBe(role === "prune");
  }
});

test("a listing is limited to the folder of the product", () => {
  const [list] = buildRolePolicy("drill", [PLACE]).Statement;
  expect(list).toMatchObject({
    Resource: "arn:aws:s3:::b",
    Condition: { StringLike: { "s3:prefix": "company/shop/*" } },
  });
});

test("locks are written by whoever writes, and by nobody else", () => {
  const locked = { objectLock: true, legalHold: true };
  expect(listActions("backup", locked)).toEqual(
    expect.arrayContaining(["s3:PutObjectRetention", "s3:PutObjectLegalHold"]),
  );
  expect(listActions("backup")).not.toContain("s3:PutObjectRetention");
  expect(listActions("restore", locked).filter((action) => /Put/.test(action))).toEqual([]);
});

describe("a KMS key", () => {
  const keyOf = (role: Role, kmsKey: string, region?: string) =>
    buildRolePolicy(role, [{ ...PLACE, kmsKey, ...(region !== undefined && { region }) }]).Statement.at(-1);

  test("is used by way of S3 alone, and encrypts only for whoever writes", () => {
    const arn = "arn:aws:kms:eu-central-1:111122223333:key/abc";
    expect(keyOf("backup", arn)).toEqual({
      Sid: "Key",
      Effect: "Allow",
      Action: ["kms:GenerateDataKey", "kms:Decrypt"],
      Resource: arn,
      Condition: { StringLike: { "kms:ViaService": "s3.*.amazonaws.com" } },
    });
    expect(keyOf("restore", arn)?.Action).toEqual(["kms:Decrypt"]);
  });

  test("is found by its id or its alias too, and in other partitions", () => {
    expect(keyOf("drill", "abc")?.Resource).toBe("arn:aws:kms:*:*:key/abc");
    expect(keyOf("drill", "alias/backups", "cn-north-1")).toMatchObject({
      Resource: "arn:aws-cn:kms:*:*:key/*",
      Condition: {
        StringLike: { "kms:ViaService": "s3.*.amazonaws.com.cn" },
        "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/backups" },
      },
    });
  });
});

test("what means any text to IAM means itself in a prefix", () => {
  const [write] = buildRolePolicy("backup", [{ ...PLACE, folder: "a*b?${x}/shop" }]).Statement;
  expect(write?.Resource[0]).toBe("arn:aws:s3:::b/a${*}b${?}${$}{x}/shop/backups/*");
});

test("the statements of several buckets bear different names", () => {
  const { Statement } = buildRolePolicy("prune", [PLACE, { ...PLACE, bucket: "c", region: "us-gov-west-1" }]);
  const names = Statement.map(({ Sid }) => Sid);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[A-Za-z0-9]+$/.test(name))).toEqual([]);
  expect(Statement.at(-1)?.Resource).toContain("arn:aws-us-gov:s3:::c/company/shop/backups/*");
});
