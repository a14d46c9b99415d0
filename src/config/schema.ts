import * as z from "zod";
import { clickhouseKeys } from "./clickhouse-keys.ts";
import { notifyKeys } from "./notify-keys.ts";
import { postgresKeys } from "./postgres-keys.ts";
import type { StorageClass } from "../destinations/open.ts";

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

const STORAGE_CLASSES = [
  "STANDARD",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
] as const satisfies readonly StorageClass[];

const destinationKeys = {
  url: text("s3://bucket/prefix or file:///folder."),
  endpoint: text("Address of an S3-compatible service, when it is not AWS.").optional(),
  region: text("Region of the bucket; the standard AWS settings decide when absent.").optional(),
  "path-style": z
    .boolean()
    .describe("Put the bucket into the path instead of the host name, as many S3-compatible services need.")
    .optional(),
  "access-key-id": text("Instead of the standard AWS credentials; goes with secret-access-key.").optional(),
  "secret-access-key": text("Take it from the environment: ${BACKUP_SECRET_ACCESS_KEY}.").optional(),
  role: text(
    "ARN of the AWS role that a job of GitHub's takes on, instead of keys; the option aws-role is for all that name none.",
  ).optional(),
  "storage-class": z
    .enum(STORAGE_CLASSES)
    .describe("S3: class of the data objects. Only classes that can be read at once.")
    .optional(),
  "kms-key": text("S3: id, ARN or alias of the KMS key that the service encrypts with.").optional(),
  "object-lock": z
    .strictObject({
      mode: z
        .enum(["governance", "compliance"])
        .describe("Whether a special right can lift the lock, or nobody."),
      for: text("How long nobody can remove what a backup wrote or refers to, such as 30d."),
    })
    .describe("S3: lock each object; the bucket must have Object Lock on.")
    .optional(),
  "legal-hold": z.boolean().describe("S3: put a legal hold on each object.").optional(),
};

const destination = z.union([text("s3://bucket/prefix or file:///folder."), z.strictObject(destinationKeys)]);

const howMany = (description: string) =>
  z
    .number()
    .refine((number) => Number.isInteger(number) && number >= 0, "must be a whole number, 0 or above")
    .describe(description)
    .optional();

const retentionRule = {
  last: howMany("How many of the newest stay."),
  daily: howMany("Of how many days the newest stays."),
  weekly: howMany("Of how many weeks the newest stays."),
  monthly: howMany("Of how many months the newest stays."),
  yearly: howMany("Of how many years the newest stays."),
  within: text("All that are younger stay, such as 14d.").optional(),
};

const retention = z
  .strictObject({
    ...retentionRule,
    "time-zone": text(
      "Where days, weeks and months begin, such as Europe/Berlin; UTC when absent.",
    ).optional(),
    stores: z
      .record(storeName, z.strictObject(retentionRule))
      .describe("Rules of single stores, in the place of those above.")
      .optional(),
  })
  .describe("Which backups prune keeps; all of them when absent.");

/** Where a Postgres is, instead of an address or to complete one. */
const addressParts = {
  host: text(
    "Postgres, instead of url: name or address of the server, or the folder of its socket.",
  ).optional(),
  port: z.union([wholeNumber("Port; 5432 when absent."), text("Port.")]).optional(),
  user: text("Postgres: who connects.").optional(),
  password: text("Postgres: taken from the environment: ${PGPASSWORD}.").optional(),
  "password-file": text(
    "Postgres: path of a file that holds the password, and that others cannot read.",
  ).optional(),
  database: text("Postgres: name of the database; the user's when absent.").optional(),
  sslmode: text("Postgres: disable, allow, prefer, require, verify-ca or verify-full.").optional(),
  ca: text("Postgres: the certificate authority, as a path or as its PEM text.").optional(),
  options: text("Postgres: startup options, such as endpoint=….").optional(),
};

const namedDestination = z.strictObject({
  ...destinationKeys,
  receives: z
    .enum(["every", "daily", "weekly", "monthly"])
    .describe("Every backup, or the first of each day, week or month; every when absent.")
    .optional(),
  retention: retention.optional(),
});

const store = z.strictObject({
  kind: z
    .enum(STORE_KINDS)
    .describe("What kind of database it is; the store's name tells when it is one of these.")
    .optional(),
  url: text(
    "Address with user and password, taken from the environment: ${DATABASE_URL}. Only backup reads it.",
  ).optional(),
  ...addressParts,
  ...postgresKeys,
  ...clickhouseKeys,
  databases: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      "ClickHouse: the databases to back up; all but the system's own when absent. Postgres: databases of one server, each a store of its own, named <store>-<database>.",
    )
    .optional(),
});

const encryption = z.strictObject({
  recipients: z
    .array(z.string().min(1))
    .min(1)
    .describe("Public keys, age1… each; whoever holds one of the identities can read what is written.")
    .optional(),
  "recipients-file": text("A file with a recipient a line, relative to this file.").optional(),
  passphrase: text(
    "Instead of recipients, for small set-ups; take it from the environment: ${BACKUP_PASSPHRASE}.",
  ).optional(),
});

const target = z.union([
  text("Address with user and password."),
  z.strictObject({ url: text("Address.").optional(), ...addressParts }),
]);

const stepCommon = {
  name: text("What the report calls the step.").optional(),
  timeout: text("How long it may take, such as 90s or 10m; 10m when absent.").optional(),
};

const command = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .describe("A line for bash, or a list: a program and its arguments, started without a shell.");
const commandCommon = {
  env: z
    .record(z.string(), z.string())
    .describe("Variables for the command, beside the addresses of the restored databases.")
    .optional(),
  "working-directory": text("Where it runs, relative to this file.").optional(),
};

const runStep = z
  .strictObject({ run: command, ...stepCommon, ...commandCommon })
  .describe("Runs a command, such as the application's migrations.");

const startStep = z
  .strictObject({
    start: command,
    ready: text("Address that answers with a status from 200 to 299 once the application is up."),
    ...stepCommon,
    ...commandCommon,
  })
  .describe("Starts the application on the restored data; it is ended with the drill.");

const plainValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const httpStep = z
  .strictObject({
    http: text("Address of the request."),
    method: text("GET when absent, or POST with a body.").optional(),
    headers: z.record(z.string(), z.string()).describe("Headers of the request.").optional(),
    body: text("Body of the request, as it is sent.").optional(),
    expect: z
      .strictObject({
        status: wholeNumber("Status of the answer; 200 to 299 when absent.").optional(),
        headers: z.record(z.string(), z.string()).describe("Headers the answer must have.").optional(),
        json: z
          .record(z.string(), z.json())
          .describe("Values in the JSON body, by path such as data.*.id.")
          .optional(),
      })
      .describe("What must be answered.")
      .optional(),
    ...stepCommon,
  })
  .describe("Makes a request to the application.");

const assertStep = z
  .strictObject({
    assert: text("A query; what it expects is held against the first column of its first row."),
    store: text("The store whose restored copy is asked."),
    equals: plainValue.describe("The value that must be found.").optional(),
    "at-least": z.number().describe("The least it may be.").optional(),
    "at-most": z.number().describe("The most it may be.").optional(),
    between: z.tuple([z.number(), z.number()]).describe("The least and the most it may be.").optional(),
    none: z.literal(true).describe("No row may be found.").optional(),
    "as-role": text("Postgres: the role that asks, under its policies.").optional(),
    settings: z
      .record(z.string(), z.string())
      .describe("Postgres: settings for the query, such as request.jwt.claims.")
      .optional(),
    ...stepCommon,
  })
  .describe("Holds the answer of a query against what it must be.");

const idQuery = (description: string) =>
  z
    .strictObject({
      store: text("The store whose restored copy is asked."),
      query: text("Returns ids in its first column."),
    })
    .describe(description);

const orphansStep = z
  .strictObject({
    orphans: idQuery("Where ids are used."),
    "known-by": idQuery("Where they must be known."),
    allow: z.int().nonnegative().describe("How many may be unknown; 0 when absent.").optional(),
    ...stepCommon,
  })
  .describe("Finds ids in one store that another does not know.");

const changesStep = z
  .strictObject({
    changes: z
      .strictObject({
        "may-lose": z
          .array(z.string().min(1))
          .describe("Tables that may lose rows, as schema.table or database.table.")
          .optional(),
        within: text("How long the steps before it may take together, such as 10m.").optional(),
      })
      .describe("What the steps before it may do to the restored data; {} when they may lose no row."),
    ...stepCommon,
  })
  .describe("Tells what the steps before it, such as migrations, changed; rows that they lost fail it.");

const proxiedCallStep = z
  .strictObject({
    "proxied-call": z
      .enum(["openai-chat", "openai-responses", "anthropic-messages", "gemini"])
      .describe("The call, as the official clients make it."),
    url: text("The application's address for that protocol, as its users' clients are given it."),
    "api-key": text("The key that the application knows the caller by."),
    model: text("The model that is asked for."),
    headers: z.record(z.string(), z.string()).describe("Further headers of the request.").optional(),
    live: z
      .boolean()
      .describe("The application asks the real provider, not the built-in upstream.")
      .optional(),
    "provider-key": z
      .strictObject({
        step: text("Name of the decrypt step that read it; the one before when absent.").optional(),
        row: text("The row it was read from; any of the step's when absent.").optional(),
      })
      .describe("The stored key that must reach the upstream.")
      .optional(),
    logged: z
      .strictObject({
        store: text("The store that holds the application's log."),
        query: text("Returns the logged rows."),
        expect: z.record(z.string(), plainValue).describe("Values of the new row, by column.").optional(),
        within: text("How long the application may take to log it; 30s when absent.").optional(),
      })
      .describe("The row that the call must leave.")
      .optional(),
    ...stepCommon,
  })
  .describe("Makes a call through the application, and follows it to the upstream and into the log.");

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

// In this order, since of equally near forms the first is taken for what was meant.
const keyForm = z.union([
  z.strictObject({
    derive: z.literal("pbkdf2-sha256"),
    salt: text("Salt of every key; the salt in the layout when absent.").optional(),
    iterations: wholeNumber("How often the hash is repeated."),
  }),
  z.strictObject({
    derive: z.literal("scrypt"),
    salt: text("Salt of every key; the salt in the layout when absent.").optional(),
  }),
  z.enum(["base64", "hex", "text"]),
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
    destinations: z
      .record(storeName, namedDestination)
      .describe("Where backups are kept, when it is more than one place: by a name of your choice.")
      .optional(),
    retention: retention.optional(),
    "postgres-archive": z
      .strictObject({
        url: text("Its address, as apt takes it."),
        keyring: text("Absolute path of the keys that sign it, when it is signed anew.").optional(),
      })
      .describe("Apt archive that Postgres clients are fetched from, when apt.postgresql.org is mirrored.")
      .optional(),
    stores: z
      .record(storeName, store)
      .describe("The databases to back up, by a name of your choice.")
      .optional(),
    encryption: encryption
      .describe("Encrypts every data object with age; manifests stay readable.")
      .optional(),
    keys: z
      .record(z.string().min(1), z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]))
      .describe(
        "The application's own keys, by name: ${ENCRYPTION_KEY}. Each backup says under which key it was taken, by a fingerprint; of a list, the first is in use and the others are for older backups.",
      )
      .optional(),
    notify: notifyKeys.optional(),
    objectives: z
      .strictObject({
        rpo: text("How old the newest backup may be, such as 24h.").optional(),
        rto: text("How long a restore may take, such as 4h.").optional(),
        "drill-every": text("How old the last drill may be, such as 8d.").optional(),
      })
      .describe("What status and drills are held against.")
      .optional(),
    restore: z
      .strictObject({
        before: z
          .array(z.union([z.string().min(1), runStep]))
          .describe(
            "What is run after all checks and before the first change, such as stopping the application.",
          )
          .optional(),
        after: z
          .array(z.union([z.string().min(1), runStep]))
          .describe("What is run once the restored data was compared, such as migrations.")
          .optional(),
      })
      .describe("What goes around a restore: lines for bash, or steps as a drill's run.")
      .optional(),
    drill: z
      .strictObject({
        targets: z
          .record(storeName, target)
          .describe("By store: the server on which a drill may create databases of its own.")
          .optional(),
        upstream: z
          .strictObject({
            port: wholeNumber("Port on 127.0.0.1; any free one when absent.").optional(),
            https: z.boolean().describe("Speak HTTPS under a certificate made for the run.").optional(),
            "host-names": z
              .array(z.string().min(1))
              .describe("Further names that the certificate is for.")
              .optional(),
          })
          .describe("The built-in upstream that proxied calls reach.")
          .optional(),
        steps: z
          .array(
            z.union([
              runStep,
              sqlStep,
              startStep,
              httpStep,
              decryptStep,
              proxiedCallStep,
              assertStep,
              orphansStep,
              changesStep,
            ]),
          )
          .describe("What is done with the restored data, in this order.")
          .optional(),
      })
      .describe("How a backup is proved.")
      .optional(),
  })
  .describe("Configuration of lifeboat.");

export type LifeboatFile = z.infer<typeof fileSchema>;
export type DecryptSource = z.infer<typeof decryptSource>;
export type RunStep = z.infer<typeof runStep>;
export type SqlStep = z.infer<typeof sqlStep>;
export type StartStep = z.infer<typeof startStep>;
export type HttpStep = z.infer<typeof httpStep>;
export type AssertStep = z.infer<typeof assertStep>;
export type ChangesStep = z.infer<typeof changesStep>;
export type OrphansStep = z.infer<typeof orphansStep>;
export type ProxiedCallStep = z.infer<typeof proxiedCallStep>;
export type DecryptStep = z.infer<typeof decryptStep>;
