import type { SchemaObject } from "../../../backup/inventory.ts";
import type { PostgresManifest } from "../../../backup/manifest.ts";
import {
  MANAGED_SCHEMAS,
  PLATFORM_EXTENSIONS,
  PLATFORM_PUBLICATIONS,
  SUPABASE_SIGNS,
} from "../../../presets/supabase.ts";
import type { Session } from "../server/session.ts";
import type { TocEntry } from "../archive/toc.ts";

/** What a store is taken for: by itself when absent. */
export type Preset = "supabase" | "none";

/** What of a database belongs to the platform that runs it. */
export interface Platform {
  name: "supabase";
  /** Schemas that are there and are left out. */
  schemas: string[];
  /** Extensions that are there, and that a plain server need not have. */
  extensions: string[];
  publications: string[];
  eventTriggers: string[];
}

/**
 * Looks whether the platform has made part of a database.
 *
 * @param keepSchemas - schemas that are not to be left out
 */
export async function readPlatform(
  session: Session,
  preset: Preset | undefined,
  keepSchemas: readonly string[],
): Promise<Platform | undefined> {
  if (preset === "none" || (preset === undefined && !(await isSupabase(session)))) return undefined;
  const [found] = await session.rows<Omit<Platform, "name">>(
    "Looking for what belongs to Supabase",
    `SELECT ARRAY(SELECT nspname::text FROM pg_namespace WHERE nspname = ANY ($1::text[]) ORDER BY 1) AS schemas,
       ARRAY(SELECT extname::text FROM pg_extension WHERE extname = ANY ($2::text[]) ORDER BY 1) AS extensions,
       ARRAY(SELECT pubname::text FROM pg_publication WHERE pubname = ANY ($3::text[]) ORDER BY 1) AS publications,
       ARRAY(SELECT evtname::text FROM pg_event_trigger
             WHERE starts_with(pg_get_userbyid(evtowner), $4) ORDER BY 1) AS "eventTriggers"`,
    [
      Object.keys(MANAGED_SCHEMAS).filter((schema) => !keepSchemas.includes(schema)),
      Object.keys(PLATFORM_EXTENSIONS),
      PLATFORM_PUBLICATIONS,
      SUPABASE_SIGNS.ownerPrefix,
    ],
  );
  return { name: "supabase", schemas: [], extensions: [], publications: [], eventTriggers: [], ...found };
}

/** Whether this is a database of a running Supabase project, and no copy of one in a plain server. */
export async function isSupabase(session: Session): Promise<boolean> {
  const [signs] = await session.rows<{ roles: number; owned: boolean }>(
    "Looking for Supabase",
    `SELECT (SELECT count(*)::int FROM pg_roles WHERE rolname = ANY ($1::text[])) AS roles,
       EXISTS (SELECT FROM pg_namespace WHERE nspname = $2 AND starts_with(pg_get_userbyid(nspowner), $3)) AS owned`,
    [SUPABASE_SIGNS.roles, SUPABASE_SIGNS.schema, SUPABASE_SIGNS.ownerPrefix],
  );
  return signs?.roles === SUPABASE_SIGNS.roles.length && signs.owned;
}

/** What a restore needs to know of it. */
export function recordPlatform({
  name,
  extensions,
  publications,
  eventTriggers,
}: Platform): PostgresManifest["platform"] {
  return { name, extensions, publications, eventTriggers };
}

/**
 * What the manifest says of what is left to the platform.
 *
 * @param leftOut - what it says of all that is left out: of the platform's schemas the reason is another one
 */
export function describePlatform(
  platform: Platform | undefined,
  leftOut: PostgresManifest["leftOut"],
): PostgresManifest["leftOut"] {
  if (!platform) return leftOut;
  const { schemas, extensions, eventTriggers } = platform;
  const ofSchemas = schemas.map((schema) => ({
    what: `Schema ${schema}`,
    why: `${MANAGED_SCHEMAS[schema]}.`,
  }));
  const isOfPlatform = new Set(ofSchemas.map(({ what }) => what));
  return [
    ...leftOut.filter(({ what }) => !isOfPlatform.has(what)),
    ...ofSchemas,
    ...extensions.map((extension) => ({
      what: `Extension ${extension}`,
      why: `It is made where the server offers it, and not compared: ${PLATFORM_EXTENSIONS[extension]}.`,
    })),
    ...eventTriggers.map((name) => ({ what: `Event trigger ${name}`, why: "It belongs to Supabase." })),
  ];
}

/** Schema objects without the platform's own, which come and go with it. */
export function withoutPlatform(
  objects: readonly SchemaObject[],
  platform: PostgresManifest["platform"],
): SchemaObject[] {
  if (!platform) return [...objects];
  return objects.filter(
    ({ kind, name }) =>
      !(kind === "extension" && platform.extensions.includes(name)) &&
      !(kind === "publication" && platform.publications.includes(name)) &&
      !(kind === "event trigger" && platform.eventTriggers.includes(name)),
  );
}

/**
 * Whether an entry of an archive is the platform's own business: its publications and event triggers, and what
 * belongs to extensions in schemas that were left out, as grants on their functions do.
 */
export function isOfPlatform(
  { kind, schema, tag }: Pick<TocEntry, "kind" | "schema" | "tag">,
  { platform, excludedSchemas }: Pick<PostgresManifest, "platform" | "excludedSchemas">,
): boolean {
  if (kind === "PUBLICATION") return platform?.publications.includes(tag) === true;
  if (kind === "EVENT TRIGGER") return platform?.eventTriggers.includes(tag) === true;
  return SAID_OF_OBJECTS.has(kind) && schema !== null && excludedSchemas.includes(schema);
}

const SAID_OF_OBJECTS: ReadonlySet<string> = new Set(["ACL", "COMMENT", "SECURITY LABEL"]);
