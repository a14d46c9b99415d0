import * as z from "zod";

/** The keys of a Postgres store that say what is backed up and how, beside where it is. */

const names = (description: string) => z.array(z.string().min(1)).min(1).describe(description).optional();
const number = (description: string) =>
  z
    .number()
    .refine((value) => Number.isInteger(value) && value > 0, "must be a whole number above 0")
    .describe(description)
    .optional();

const depth = z.enum(["full", "counts", "sample"]);

export const postgresKeys = {
  preset: z
    .enum(["supabase", "none"])
    .describe(
      "Postgres: what the database is taken for; a Supabase project is recognised when absent, and none switches that off.",
    )
    .optional(),
  "keep-schemas": names(
    "Postgres: schemas that the preset would leave out, and that are backed up all the same, such as storage.",
  ),
  schemas: names("Postgres: only these schemas; names as the database has them, with * for any characters."),
  "exclude-schemas": z.array(z.string().min(1)).describe("Postgres: schemas that are left out.").optional(),
  tables: names("Postgres: only these tables, as schema.table; beside schemas both are meant."),
  "exclude-tables": names("Postgres: tables, views and sequences that are left out, as schema.table."),
  "exclude-data": names("Postgres: tables whose structure is kept and whose rows are left out."),
  content: z
    .enum(["all", "structure", "data"])
    .describe("Postgres: structure without rows, or rows without structure; all when absent.")
    .optional(),
  "large-objects": z
    .boolean()
    .describe("Postgres: whether large objects come along; with a whole database they do when absent.")
    .optional(),
  globals: z
    .boolean()
    .describe("Postgres: bring roles, memberships and settings along, without passwords.")
    .optional(),
  format: z
    .enum(["custom", "directory", "plain"])
    .describe("Postgres: pg_dump's format; custom when absent.")
    .optional(),
  compression: z
    .enum(["zstd", "gzip", "none"])
    .describe("Postgres: zstd when absent, where it can be had.")
    .optional(),
  "compression-level": number("Postgres: 1 to 9 for gzip, 1 to 19 for zstd; a fast one when absent."),
  jobs: number("Postgres: how many tables format directory dumps at once; up to 4 when absent."),
  "scratch-dir": z
    .string()
    .min(1)
    .describe("Postgres: where format directory collects its files; the temporary folder when absent.")
    .optional(),
  digest: z
    .union([
      depth,
      z.strictObject({
        depth: depth.describe("For every table that nothing else is said of; full when absent.").optional(),
        above: z
          .string()
          .min(1)
          .describe("Tables up to this size, such as 20GB, are digested in full all the same.")
          .optional(),
        "one-in": number("Of how many rows a sample takes one; 100 when absent."),
        tables: z
          .record(z.string(), depth)
          .describe("By table, as schema.table with * for any characters; the first that fits counts.")
          .optional(),
      }),
    ])
    .describe("Postgres: how deep tables are compared: full (when absent), sample, or counts alone.")
    .optional(),
};

export type PostgresKey = keyof typeof postgresKeys;
export const POSTGRES_KEYS = Object.keys(postgresKeys) as PostgresKey[];
