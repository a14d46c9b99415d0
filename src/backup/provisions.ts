import { EXTENSION_SCHEMA } from "../presets/supabase.ts";
import type { PostgresManifest } from "./manifest.ts";
import { quoteIdentifier } from "./roles.ts";

/** A schema that must be there before an archive is restored, and how it is made. */
export interface Provision {
  schema: string;
  statements: string[];
}

/**
 * Schemas that hold extensions of the backup and are not in the backup themselves, since they were left out. Applied
 * only where they are missing.
 */
export function listProvisions({
  excludedSchemas,
  inventory,
  platform,
  roles,
}: Pick<PostgresManifest, "excludedSchemas" | "inventory" | "platform" | "roles">): Provision[] {
  const ofExtensions = inventory.schema.flatMap(({ kind, definition }) =>
    kind === "extension" ? [definition.replace(/^in schema /, "")] : [],
  );
  const schemas = new Set(platform ? [...ofExtensions, EXTENSION_SCHEMA.name] : ofExtensions);
  return [...schemas]
    .filter((schema) => excludedSchemas.includes(schema))
    .sort()
    .map((schema) => {
      const users =
        platform && schema === EXTENSION_SCHEMA.name
          ? EXTENSION_SCHEMA.usedBy.filter((role) => roles.includes(role))
          : [];
      const name = quoteIdentifier(schema);
      return {
        schema,
        statements: [
          `CREATE SCHEMA ${name};`,
          ...users.map((role) => `GRANT USAGE ON SCHEMA ${name} TO ${quoteIdentifier(role)};`),
        ],
      };
    });
}
