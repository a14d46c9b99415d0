import type { ServerBackup } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { Secret } from "../../../sys/secret.ts";
import { quoteText } from "../sql/sql-text.ts";

/** A place that a ClickHouse server reaches by itself. */
export type ServerDestination =
  | { engine: "Disk"; disk: string; folder: string }
  /** Without keys the server uses its own role. */
  | { engine: "S3"; url: string; keys?: { id: Secret; secret: Secret } };

/** What of a destination a manifest may tell. */
export function describePlace(destination: ServerDestination): Pick<ServerBackup, "engine" | "at"> {
  const at = destination.engine === "Disk" ? destination.disk : destination.url;
  return { engine: destination.engine, at };
}

/** The folder of a new backup, below the destination's own. */
export function placeFolder(destination: ServerDestination, name: string): string {
  return destination.engine === "Disk" && destination.folder !== "" ? `${destination.folder}/${name}` : name;
}

/** `Disk('backups', 'folder')`. Text with credentials in it: it goes to the server and nowhere else. */
export function writePlace(destination: ServerDestination, folder: string): string {
  if (destination.engine === "Disk") return `Disk(${quoteText(destination.disk)}, ${quoteText(folder)})`;
  return writeCall(destination, "S3", folder);
}

/** `S3('url', 'id', 'secret', …)`: the place of a backup, or a table function. Text with credentials in it, too. */
export function writeCall(
  { url, keys }: ServerDestination & { engine: "S3" },
  call: "S3" | "s3",
  path: string,
  ...rest: readonly string[]
): string {
  const credentials = keys ? [keys.id.reveal(), keys.secret.reveal()] : [];
  return `${call}(${[`${url.replace(/\/$/, "")}/${path}`, ...credentials, ...rest].map(quoteText).join(", ")})`;
}

/**
 * The place that a manifest tells of, with the credentials that the configuration gives for it.
 *
 * @throws AppError CONFIG_INVALID
 */
export function findPlace(
  { engine, at }: ServerBackup,
  configured: ServerDestination | undefined,
  store: string,
): ServerDestination {
  if (engine === "Disk") return { engine, disk: at, folder: "" };
  if (configured?.engine === "S3" && configured.url === at) return configured;
  throw new AppError(
    "CONFIG_INVALID",
    `The rows of ${store} lie at ${at}, and no credentials are given for it.`,
    {
      hint: `Write stores.${store}.server-destination: S3('${at}', '\${KEY_ID}', '\${SECRET}') into lifeboat.yml.`,
    },
  );
}
