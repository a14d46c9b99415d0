import { AppError } from "../errors.ts";
import { buildRolePolicy } from "../policy/role-policy.ts";
import type { Policy, PolicyPlace } from "../policy/role-policy.ts";
import type { Role } from "../policy/roles.ts";
import type { Reporter } from "../run-context.ts";

/** A destination as policies speak of it. */
export interface PolicySubject {
  url: string;
  /** Absent where it is no bucket. */
  place?: PolicyPlace;
  /** What destinations of one account have in common. */
  account: string;
  /** The address of a service that is not AWS. */
  endpoint?: string;
}

export interface PolicyResult {
  command: "policy";
  role: Role;
  /** One for each account. */
  policies: { destinations: string[]; policy: Policy }[];
}

/**
 * The least rights that a role needs at the destinations, as policies of IAM. Touches nothing.
 *
 * @throws AppError CONFIG_INVALID when no destination is a bucket
 */
export function policy(role: Role, subjects: readonly PolicySubject[], reporter: Reporter): PolicyResult {
  const accounts = new Map<string, { destinations: string[]; places: PolicyPlace[] }>();
  for (const { url, place, account, endpoint } of subjects) {
    if (!place) {
      reporter.warn(`${url} is a folder: give the user that runs ${role} rights to its files instead.`);
      continue;
    }
    if (endpoint !== undefined) {
      reporter.warn(
        `${endpoint} is not AWS: MinIO and Ceph take such a policy, others have rights of their own.`,
      );
    }
    const known = accounts.get(account) ?? { destinations: [], places: [] };
    accounts.set(account, known);
    known.destinations.push(url);
    known.places.push(place);
  }
  if (accounts.size === 0) {
    throw new AppError("CONFIG_INVALID", "No destination is an S3 bucket, and only those have policies.", {
      hint: "Give --destination s3://bucket/prefix, or write one in lifeboat.yml.",
    });
  }
  const policies = [...accounts.values()].map(({ destinations, places }) => ({
    destinations,
    policy: buildRolePolicy(role, places),
  }));
  return { command: "policy", role, policies };
}
