import { RIGHTS, RIGHTS_OF } from "./roles.ts";
import type { Right, Role } from "./roles.ts";

/** A folder of a bucket, and what is said with each object that is written there. */
export interface PolicyPlace {
  bucket: string;
  /** Without slashes at its ends: the destination's prefix and the product's name. */
  folder: string;
  region?: string;
  /** Whether the service knows AWS's conditions on writing. */
  isAws: boolean;
  /** Id, ARN or alias. */
  kmsKey?: string;
  objectLock: boolean;
  legalHold: boolean;
}

export interface Statement {
  Sid: string;
  Effect: "Allow";
  Action: string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** A policy of IAM, to be attached to a role or user as it is. */
export interface Policy {
  Version: "2012-10-17";
  Statement: Statement[];
}

/**
 * What stands behind each right.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
const ACTIONS: Readonly<Record<Right, readonly string[]>> = {
  list: ["s3:ListBucket"],
  "list uploads": ["s3:ListBucketMultipartUploads"],
  read: ["s3:GetObject"],
  "read locks": ["s3:GetObjectRetention", "s3:GetObjectLegalHold"],
  write: ["s3:PutObject"],
  replace: ["s3:PutObject"],
  "end uploads": ["s3:AbortMultipartUpload"],
  remove: ["s3:DeleteObject"],
};

/** The least that a role needs at some folders of one account. */
export function buildRolePolicy(role: Role, places: readonly PolicyPlace[]): Policy {
  const statements = places.flatMap((place, index) => {
    const suffix = places.length > 1 ? String(index + 1) : "";
    return buildStatements(role, place).map((statement) => ({ ...statement, Sid: statement.Sid + suffix }));
  });
  return { Version: "2012-10-17", Statement: statements };
}

function buildStatements(role: Role, place: PolicyPlace): Statement[] {
  const rights = RIGHTS_OF[role];
  const bucket = `arn:${partitionOf(place.region)}:s3:::${place.bucket}`;
  const folder = escapeWildcards(place.folder);
  const statements = RIGHTS.flatMap((right): Statement[] => {
    const patterns = rights[right];
    if (!patterns) return [];
    const Sid = nameStatement(right);
    if (right === "list") {
      const Condition = { StringLike: { "s3:prefix": `${folder}/*` } };
      return [{ Sid, Effect: "Allow", Action: [...ACTIONS.list], Resource: bucket, Condition }];
    }
    // No condition on keys exists for this one.
    if (right === "list uploads")
      return [{ Sid, Effect: "Allow", Action: [...ACTIONS[right]], Resource: bucket }];
    const Resource = patterns.map((pattern) => `${bucket}/${folder}/${pattern}`);
    const statement: Statement = { Sid, Effect: "Allow", Action: [...ACTIONS[right]], Resource };
    if (right !== "write" && right !== "replace") return [statement];
    const Action = lockActions(place);
    const locks: Statement[] =
      Action.length > 0 ? [{ Sid: `${Sid}Locks`, Effect: "Allow", Action, Resource }] : [];
    return [...(right === "write" && place.isAws ? onlyNew(statement) : [statement]), ...locks];
  });
  return place.kmsKey === undefined ? statements : [...statements, useKey(role, place, place.kmsKey)];
}

/**
 * What creates an object must say that it replaces none. An upload in parts is begun and sent without that, and completed
 * with it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
 */
function onlyNew(statement: Statement): Statement[] {
  return [
    { ...statement, Condition: { Null: { "s3:if-none-match": "false" } } },
    {
      ...statement,
      Sid: `${statement.Sid}Parts`,
      Condition: { Bool: { "s3:ObjectCreationOperation": "false" } },
    },
  ];
}

function lockActions({ objectLock, legalHold }: PolicyPlace): string[] {
  return [...(objectLock ? ["s3:PutObjectRetention"] : []), ...(legalHold ? ["s3:PutObjectLegalHold"] : [])];
}

/**
 * An upload in parts needs kms:Decrypt as well. It reads nothing by itself: the key answers S3 alone, and S3 gives nothing
 * to whom it refuses to read.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
 */
function useKey(role: Role, { region }: PolicyPlace, key: string): Statement {
  const partition = partitionOf(region);
  const isAlias = key.includes("alias/");
  const aliasOnly = {
    "ForAnyValue:StringEquals": { "kms:ResourceAliases": key.slice(key.indexOf("alias/")) },
  };
  return {
    Sid: "Key",
    Effect: "Allow",
    Action: [
      ...(RIGHTS_OF[role].write || RIGHTS_OF[role].replace ? ["kms:GenerateDataKey"] : []),
      "kms:Decrypt",
    ],
    Resource: isAlias
      ? `arn:${partition}:kms:*:*:key/*`
      : key.startsWith("arn:")
        ? key
        : `arn:${partition}:kms:*:*:key/${key}`,
    Condition: {
      StringLike: { "kms:ViaService": `s3.*.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}` },
      ...(isAlias && aliasOnly),
    },
  };
}

/** "end uploads" → "EndUploads" */
function nameStatement(right: Right): string {
  return right.replace(/(?:^| )([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
function partitionOf(region = ""): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars */
function escapeWildcards(key: string): string {
  return key.replace(/[*?$]/g, (character) => `\${${character}}`);
}
