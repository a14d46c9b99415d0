import type { PolicySubject } from "../commands/policy.ts";
import type { NamedDestination } from "../config/config.ts";
import { findBucket, openDestination } from "../destinations/open.ts";
import type { DestinationConfig } from "../destinations/open.ts";
import type { ProbedDestination } from "../destinations/rights.ts";
import { isAwsEndpoint } from "../destinations/s3-address.ts";
import type { RunContext } from "../run-context.ts";

export interface OpenedDestination extends NamedDestination {
  destination: ProbedDestination;
}

/** What a policy needs to know of a destination: one without keys of its own is in the account of the environment's. */
export function describeForPolicy(config: DestinationConfig, name: string): PolicySubject {
  const { url, endpoint, accessKeyId = "", region, kmsKey, objectLock, legalHold } = config;
  const bucket = findBucket(config, name);
  return {
    url,
    account: `${endpoint} ${accessKeyId}`,
    ...(endpoint !== undefined && { endpoint }),
    ...(bucket && {
      place: {
        ...bucket,
        isAws: isAwsEndpoint(endpoint),
        ...(region !== undefined && { region }),
        ...(kmsKey !== undefined && { kmsKey }),
        objectLock: objectLock !== undefined,
        legalHold: legalHold === true,
      },
    }),
  };
}

export async function openAll(
  destinations: readonly NamedDestination[],
  name: string,
  context: RunContext,
): Promise<OpenedDestination[]> {
  return await Promise.all(
    destinations.map(async (named) => ({
      ...named,
      destination: await openDestination(named.config, name, context),
    })),
  );
}
