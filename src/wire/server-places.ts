import type { Subject } from "../commands/doctor.ts";
import type { ServerPlace } from "../commands/catalogue/server-places.ts";
import { openDestination } from "../destinations/open.ts";
import { readS3Address } from "../destinations/s3-address.ts";
import { AppError } from "../errors.ts";
import { good, warning } from "../finding.ts";
import type { RunContext } from "../run-context.ts";
import { describePlace } from "../stores/clickhouse/server-mode/server-destination.ts";
import type { ServerDestination } from "../stores/clickhouse/server-mode/server-destination.ts";

/** Opens the places that servers write to by themselves, as far as this machine can, for as long as the work takes. */
export async function withServerPlaces<Result>(
  destinations: readonly ServerDestination[],
  context: RunContext,
  work: (places: ServerPlace[]) => Promise<Result>,
): Promise<Result> {
  const places = await Promise.all(destinations.map((each) => openServerPlace(each, context)));
  try {
    return await work(places);
  } finally {
    for (const { objects } of places) objects?.close();
  }
}

/** Whether this machine sees what the server writes: a backup does without, prune and verify do not. */
export function inspectServerPlace(destination: ServerDestination, context: RunContext): Subject {
  const { at } = describePlace(destination);
  return {
    kind: "destination",
    name: at,
    diagnose: () =>
      withServerPlaces([destination], context, async ([place]) => {
        if (!place?.objects) {
          return [
            warning(
              "prune",
              `Nobody but the server reaches ${at}.`,
              "Remove there by hand what prune names.",
            ),
          ];
        }
        try {
          await place.objects.check();
          return [
            good("connection", "This machine sees what the server writes: verify and prune look after it."),
          ];
        } catch (error) {
          if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
          return [
            warning(
              "connection",
              `verify and prune do not see what the server writes: ${error.message}`,
              error.hint,
            ),
          ];
        }
      }),
  };
}

async function openServerPlace(destination: ServerDestination, context: RunContext): Promise<ServerPlace> {
  const place = describePlace(destination);
  const address = destination.engine === "S3" ? readS3Address(destination.url) : undefined;
  if (destination.engine !== "S3" || !address) return place;
  const { keys } = destination;
  const credentials = keys && { accessKeyId: keys.id.reveal(), secretAccessKey: keys.secret };
  return { ...place, objects: await openDestination({ ...address, ...credentials }, "", context) };
}
