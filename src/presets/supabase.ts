/**
 * What is known of Supabase projects, hosted or self-hosted: which schemas and extensions belong to the platform
 * rather than to its user. Taken from the exclusions of `supabase db dump` and the init scripts of supabase/postgres.
 */

/** Tells a Supabase project from a database that was only restored from one: there these roles own nothing. */
export const SUPABASE_SIGNS = {
  roles: ["anon", "authenticated", "service_role"],
  /** Owned by a role of this prefix. */
  schema: "auth",
  ownerPrefix: "supabase_",
} as const;

const MADE_BY_EXTENSION = "An extension makes it and fills it";
const OF_PLATFORM = "Supabase makes it in every project";

/**
 * Schemas that are left out, and what that means. `auth` is not among them: foreign keys point into it, and policies
 * call its functions. Nor is `supabase_migrations`, which holds the history of the user's own migrations.
 */
export const MANAGED_SCHEMAS: Readonly<Record<string, string>> = {
  _analytics: OF_PLATFORM,
  _realtime: OF_PLATFORM,
  _supavisor: OF_PLATFORM,
  cron: "Jobs of pg_cron: keep their cron.schedule(…) calls in a migration, and run it after a restore",
  dbdev: MADE_BY_EXTENSION,
  etl: OF_PLATFORM,
  extensions: "It holds extensions, which are created again",
  graphql: MADE_BY_EXTENSION,
  graphql_public: MADE_BY_EXTENSION,
  net: "Requests that pg_net has not sent yet, and answers to the last ones",
  pgbouncer: OF_PLATFORM,
  pgmq: "Queues of pgmq with their messages",
  pgsodium: "Keys of pgsodium: their root key is outside of the database",
  pgsodium_masks: MADE_BY_EXTENSION,
  pgtle: MADE_BY_EXTENSION,
  realtime: "Supabase makes it in every project; policies on realtime.messages are written again by hand",
  repack: MADE_BY_EXTENSION,
  storage:
    "Names and policies of stored files (the files themselves are in no database): keep-schemas: [storage] brings them",
  supabase_functions: "Supabase makes it with the first database webhook",
  tiger: MADE_BY_EXTENSION,
  tiger_data: MADE_BY_EXTENSION,
  topology: MADE_BY_EXTENSION,
  vault:
    "Secrets of Vault: their key is outside of the database. Keep what vault.decrypted_secrets shows in another place",
};

/** Extensions that a plain server need not have, and what is missing there then. */
export const PLATFORM_EXTENSIONS: Readonly<Record<string, string>> = {
  hypopg: "nothing but a tool for tuning is missing without it",
  index_advisor: "nothing but a tool for tuning is missing without it",
  pg_cron: "without it no job runs by itself",
  pg_graphql: "without it there is no GraphQL interface; it holds no data",
  pg_net: "without it functions that send requests, as database webhooks do, fail when they are called",
  pg_repack: "nothing but a tool for maintenance is missing without it",
  pg_tle: "extensions that were installed through it are missing",
  pgaudit: "without it the server's log says less",
  pgjwt: "without it functions that sign or verify tokens fail when they are called",
  pgmq: "without it queues are missing",
  pgsodium: "what it encrypted cannot be read",
  "supabase-dbdev": "without it packages of database.dev cannot be installed",
  supabase_vault: "without it functions that read secrets fail when they are called",
};

/** Publications of the platform itself, of tables in managed schemas. */
export const PLATFORM_PUBLICATIONS: readonly string[] = ["supabase_realtime_messages_publication"];

/** A schema of shared extensions, and who calls them. */
export const EXTENSION_SCHEMA = {
  name: "extensions",
  usedBy: ["anon", "authenticated", "service_role"],
} as const;
