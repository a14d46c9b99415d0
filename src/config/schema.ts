import { z } from "zod";

/**
 * The shape of lifeboat.yml, from which lifeboat.schema.json is generated. It says which keys there are and
 * whether they hold text, lists or maps; what a text must look like (an address, a duration) is checked when it
 * is read, after `${VAR}` was replaced.
 */

const text = (description: string) => z.string().min(1).describe(description);

const wholeNumber = (description: string) =>
  z
    .number()
    .refine((number) => Number.isInteger(number) && number > 0, "must be a whole number above 0")
    .describe(description);

/** Names become folders at the destination, so they keep to what every store and shell takes as it is. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
export const NAME_RULE = "may hold letters, digits, - and _ only, and starts with a letter or digit";
const storeName = z.string().regex(NAME, { error: NAME_RULE });

export const STORE_KINDS = ["postgres", "clickhouse"] as const;

const destination = z.union([
  text("s3://bucket/prefix or file:///folder."),
  z.strictObject({
    url: text("s3://bucket/prefix or file:///folder."),
    endpoint: text("Address of an S3-compatible service, when it is not AWS.").optional(),
    region: text("Region of the bucket; the standard AWS settings decide when absent.").optional(),
    "path-style": z
      .boolean()
      .describe("Put the bucket into the path instead of the host name, as many S3-compatible services need.")
      .optional(),
    "access-key-id": text("Instead of the standard AWS credentials; goes with secret-access-key.").optional(),
    "secret-access-key": text("Take it from the environment: ${BACKUP_SECRET_ACCESS_KEY}.").optional(),
  }),
]);

const store = z.strictObject({
  kind: z
    .enum(STORE_KINDS)
    .describe("What kind of database it is; the store's name tells when it is one of these.")
    .optional(),
  url: text(
    "Address with user and password, taken from the environment: ${DATABASE_URL}. Only backup reads it.",
  ).optional(),
  "exclude-schemas": z.array(z.string().min(1)).describe("Postgres: schemas that are left out.").optional(),
  databases: z
    .array(z.string().min(1))
    .min(1)
    .describe("ClickHouse: the databases to back up; all but the system's own when absent.")
    .optional(),
});

const target = z.union([text("Address with user and password."), z.strictObject({ url: text("Address.") })]);

const stepCommon = {
  name: text("What the report calls the step.").optional(),
  timeout: text("How long it may take, such as 90s or 10m; 10m when absent.").optional(),
};

const runStep = z
  .strictObject({
    run: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .describe("A line for bash, or a list: a program and its arguments, started without a shell."),
    ...stepCommon,
    env: z
      .record(z.string(), z.string())
      .describe("Variables for the command, beside the addresses of the restored databases.")
      .optional(),
    "working-directory": text("Where it runs, relative to this file.").optional(),
  })
  .describe("Runs a command, such as the application's migrations.");

const sqlStep = z
  .strictObject({
    sql: z
      .union([
        z.string().min(1),
        z.strictObject({ file: text("Path of an SQL file, relative to this file.") }),
      ])
      .describe("Statements, or a file of them."),
    store: text("The store whose restored copy they run in."),
    ...stepCommon,
  })
  .describe("Runs statements in a restored database.");

const keyForm = z.union([
  z.enum(["base64", "hex", "text"]),
  z.strictObject({
    derive: z.literal("scrypt"),
    salt: text("Salt of every key; the salt in the layout when absent.").optional(),
  }),
  z.strictObject({
    derive: z.literal("pbkdf2-sha256"),
    salt: text("Salt of every key; the salt in the layout when absent.").optional(),
    iterations: wholeNumber("How often the hash is repeated."),
  }),
]);

const decryptSource = z.strictObject({
  preset: text("A known product; what is written beside it goes before.").optional(),
  store: text("The store whose restored copy holds the secrets; postgres when absent.").optional(),
  query: text("Returns two columns: what identifies the row, and the stored value.").optional(),
  "json-path": text("Where in a JSON value the secrets are, such as providers.*.api_key.").optional(),
  prefix: text("Begins every encrypted value; a value without it is plaintext.").optional(),
  layout: text("The parts in their order: iv12-tag16-ciphertext, iv:tag:ciphertext, or fernet.").optional(),
  encoding: z
    .enum(["base64", "hex", "bytes"])
    .describe("How the value, or each part of it, is written; base64 when absent.")
    .optional(),
  "key-form": z
    .union([keyForm, z.array(keyForm).min(1)])
    .describe("How the key is read: base64, hex, text, or derived from it; a list is tried in its order.")
    .optional(),
});

const decryptStep = z
  .strictObject({
    decrypt: z
      .union([z.string().min(1), decryptSource])
      .describe(
        "A preset (spanlens, scani, langsight), or where the secrets are and how they are encrypted.",
      ),
    key: text("The application's key, taken from the environment: ${ENCRYPTION_KEY}."),
    sample: wholeNumber("How many values are tried at most; all when absent.").optional(),
    ...stepCommon,
  })
  .describe("Decrypts the secrets in a restored database, and shows that a wrong key would not.");

export const fileSchema = z
  .strictObject({
    $schema: z.string().describe("Address of this schema, for editors.").optional(),
    name: text(
      "Name of what is backed up: the folder below the destination that holds its backups.",
    ).optional(),
    destination: destination.describe("Where backups are kept.").optional(),
    stores: z
      .record(storeName, store)
      .describe("The databases to back up, by a name of your choice.")
      .optional(),
    objectives: z
      .strictObject({
        rpo: text("How old the newest backup may be, such as 24h.").optional(),
        rto: text("How long a restore may take, such as 4h.").optional(),
      })
      .describe("What a drill is held against.")
      .optional(),
    drill: z
      .strictObject({
        targets: z
          .record(storeName, target)
          .describe("By store: the server on which a drill may create databases of its own.")
          .optional(),
        steps: z
          .array(z.union([runStep, sqlStep, decryptStep]))
          .describe("What is done with the restored data, in this order.")
          .optional(),
      })
      .describe("How a backup is proved.")
      .optional(),
  })
  .describe("Configuration of lifeboat.");

export type LifeboatFile = z.infer<typeof fileSchema>;
export type DecryptSource = z.infer<typeof decryptSource>;
export type DecryptStep = z.infer<typeof decryptStep>;
