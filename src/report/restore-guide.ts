import { contentBytesOf, objectsOfStore } from "../backup/manifest.ts";
import type {
  ClickHouseManifest,
  ClickHousePart,
  Manifest,
  PostgresManifest,
  StoredObject,
} from "../backup/manifest.ts";
import { PASSPHRASE } from "../encryption/recipient.ts";
import { listProvisions } from "../backup/provisions.ts";
import { createRole, grantMemberships, listRoles } from "../backup/roles.ts";
import { sealGuide } from "./guide-seal.ts";

/**
 * RESTORE.md: how to bring back this very backup with stock tools (aws or cp, sha256sum, pg_restore, curl),
 * for the day lifeboat itself cannot be had. Its shell blocks run as they are, in order, in one bash. It ends in its
 * own SHA-256.
 *
 * @param destinationUrl - the address that the keys in the manifest are relative to
 */
export function renderRestoreGuide(manifest: Manifest, destinationUrl: string): string {
  const locks = listLocks(manifest);
  const sections = manifest.stores.map((store) =>
    store.kind === "postgres" ? renderPostgres(store) : renderClickHouse(store),
  );
  const lines = [
    `# Restore ${manifest.name} from backup ${manifest.id}`,
    "",
    `This backup holds the data of ${manifest.startedAt}. The commands below need bash, curl, sha256sum` +
      `${destinationUrl.startsWith("s3:") ? ", aws" : ""}${locks.size > 0 ? ", age" : ""} and the PostgreSQL client; run them in one shell, in an`,
    "empty folder. The first error ends that shell, so start one for it: bash. Restore into empty databases only.",
    "",
    "With lifeboat at hand, one command does the same and compares every table afterwards:",
    "",
    `    lifeboat restore --backup ${manifest.id}`,
    "",
    "## Fetch",
    "",
    ...(destinationUrl.startsWith("s3:")
      ? [
          "aws takes its credentials from the usual places. Where the bucket is not at AWS, set AWS_ENDPOINT_URL to the",
          "address of the service, and AWS_DEFAULT_REGION.",
          "",
        ]
      : []),
    ...renderUnlocking(locks),
    ...block(renderFetch(destinationUrl, locks)),
    ...sections.flat(),
  ];
  return sealGuide(lines.join("\n"));
}

/** For whom objects of this backup are encrypted; empty when none is. */
function listLocks({ stores }: Manifest): Set<string> {
  return new Set(stores.flatMap(objectsOfStore).flatMap(({ age }) => age?.recipients ?? []));
}

function renderUnlocking(locks: ReadonlySet<string>): string[] {
  const recipients = [...locks].filter((lock) => lock !== PASSPHRASE);
  return [
    ...(recipients.length > 0
      ? [
          "The objects are encrypted with age (https://age-encryption.org). Set AGE_IDENTITY to the file with the identity of",
          `${recipients.join(" or ")}; without it nobody can read them.`,
          "",
        ]
      : []),
    ...(locks.has(PASSPHRASE)
      ? [
          `${recipients.length > 0 ? "Some objects" : "The objects"} are encrypted with age (https://age-encryption.org), under a passphrase: age asks for it at each one.`,
          "",
        ]
      : []),
  ];
}

function renderFetch(destinationUrl: string, locks: ReadonlySet<string>): string[] {
  const copy = destinationUrl.startsWith("s3:")
    ? 'aws s3 cp --only-show-errors "$source/$1" "$3"'
    : 'cp "$source/$1" "$3"';
  const source = destinationUrl.startsWith("file:")
    ? decodeURIComponent(new URL(destinationUrl).pathname)
    : destinationUrl;
  return [
    "set -euo pipefail",
    `source=${quote(source)}`,
    "# fetch KEY SHA256 FILE: a file that is not what was written stops the restore",
    `fetch() { ${copy} && echo "$2  $3" | sha256sum --check --quiet${locks.size > 0 ? ' && open_age "$1" "$3"' : ""}; }`,
    ...(locks.size > 0 ? renderOpenAge(locks) : []),
  ];
}

function renderOpenAge(locks: ReadonlySet<string>): string[] {
  const byIdentity = 'age --decrypt --identity "$AGE_IDENTITY" --output "$2" "$1"';
  const byPassphrase = 'age --decrypt --output "$2" "$1"';
  const either = `if grep -aqm1 '^-> scrypt ' "$1"; then ${byPassphrase}; else ${byIdentity}; fi`;
  const unlock = !locks.has(PASSPHRASE) ? byIdentity : locks.size === 1 ? byPassphrase : either;
  return [
    "# open_age KEY FILE: decrypts a file in its place, if its key says that it is encrypted",
    'open_age() { [[ $1 != *.age ]] || { mv "$2" "$2.age" && unlock "$2.age" "$2" && rm "$2.age"; }; }',
    `unlock() { ${unlock}; }`,
  ];
}

function renderPostgres(store: PostgresManifest): string[] {
  return [
    `## ${store.store}: PostgreSQL ${store.server.version}`,
    "",
    "Set PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE to an empty database first. Use the client of the same",
    `major version (the dump was made by ${store.tool}).`,
    "",
    ...(store.scope?.content === "data"
      ? ["This backup holds rows alone: the database must have its tables already, empty.", ""]
      : []),
    ...(store.scope?.content === "structure" ? ["This backup holds structure alone, and no row.", ""] : []),
    ...block([...renderFetchArchive(store), ...renderProvisions(store), ...renderLoad(store)]),
    ...renderGlobals(store),
  ];
}

function renderGlobals({ store, globals }: PostgresManifest): string[] {
  const file = `${store}-globals.sql`;
  return renderByHand(globals, file, `psql --no-psqlrc --quiet --file=${file}`, [
    "Roles, their memberships and settings are in a file of their own, without passwords. On a server that lacks them, run",
    "as its administrator (what that one may not do is reported, and the rest goes on), then give the roles passwords:",
  ]);
}

/** Not in a block that runs by itself: on a server that others use, roles and users are not to be changed in passing. */
function renderByHand(
  statements: StoredObject | undefined,
  file: string,
  run: string,
  about: readonly string[],
): string[] {
  if (!statements) return [];
  return [...about, "", `    ${fetchLine(statements, file)}`, `    ${run}`, ""];
}

function renderFetchArchive(store: PostgresManifest): string[] {
  const { archive } = store;
  const name = nameArchive(store);
  if (archive.format !== "directory") return [fetchLine(archive, name)];
  return [`mkdir ${name}`, ...archive.files.map((file) => fetchLine(file, `${name}/${file.file}`))];
}

function nameArchive({ store, archive }: PostgresManifest): string {
  if (archive.format !== "plain") return `${store}.dump`;
  return `${store}.sql${{ zstd: ".zst", gzip: ".gz", none: "" }[archive.compression]}`;
}

function renderLoad(store: PostgresManifest): string[] {
  const { archive } = store;
  const file = nameArchive(store);
  if (archive.format === "plain") {
    const open = { zstd: "zstd --decompress --stdout", gzip: "gzip --decompress --stdout", none: "cat" };
    return [
      `${open[archive.compression]} ${file} | psql --no-psqlrc --quiet --output=/dev/null --set=ON_ERROR_STOP=1 --file=-`,
    ];
  }
  const left = describeEntriesLeft(store);
  const list = `${store.store}.list`;
  return [
    ...(left === undefined
      ? []
      : [
          "# Without what needs what the backup leaves out, or what only the platform has",
          `pg_restore --list ${file} | sed -E ${quote(`/${left}/d`)} > ${list}`,
        ]),
    `pg_restore --no-owner --no-tablespaces --exit-on-error --jobs=4${left === undefined ? "" : ` --use-list=${list}`} --dbname="$PGDATABASE" ${file}`,
  ];
}

/** An extended regular expression of the lines in a table of contents that a plain server does not take. */
function describeEntriesLeft({ platform, scope, excludedSchemas }: PostgresManifest): string | undefined {
  const anyOf = (names: readonly string[]): string =>
    `(${names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)).join("|")})`;
  const { extensions = [], publications = [], eventTriggers = [] } = platform ?? {};
  const dangling = scope?.dangling.flatMap(({ entries }) => entries) ?? [];
  const entries = [
    ...(extensions.length > 0
      ? [`EXTENSION - ${anyOf(extensions)} `, `COMMENT - EXTENSION "?${anyOf(extensions)}"? `]
      : []),
    ...(publications.length > 0 ? [`PUBLICATION - ${anyOf(publications)} `] : []),
    ...(eventTriggers.length > 0 ? [`EVENT TRIGGER - ${anyOf(eventTriggers)} `] : []),
    ...(excludedSchemas.length > 0 ? [`(ACL|COMMENT|SECURITY LABEL) ${anyOf(excludedSchemas)} `] : []),
  ];
  const patterns = [
    ...(dangling.length > 0 ? [`^(${dangling.join("|")});`] : []),
    ...(entries.length > 0 ? [`^[0-9]+; [0-9]+ [0-9]+ (${entries.join("|")})`] : []),
  ];
  return patterns.length > 0 ? patterns.join("|") : undefined;
}

/** Roles that grants and policies name, and schemas of extensions; roles that are there stay as they are. */
function renderProvisions(store: PostgresManifest): string[] {
  const roles = listRoles(store);
  const schemas = listProvisions(store).flatMap(({ statements }) => statements);
  if (roles.length + schemas.length === 0) return [];
  const attempt = (statement: string, unless: string): string =>
    `DO $do$ BEGIN ${statement} EXCEPTION WHEN ${unless} THEN NULL; END $do$;`;
  return [
    "psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'SQL'",
    ...roles.map((role) => attempt(createRole(role), "duplicate_object")),
    ...roles.flatMap(grantMemberships),
    ...schemas,
    "SQL",
  ];
}

function renderClickHouse(store: ClickHouseManifest): string[] {
  const views = new Set(
    store.inventory.schema.filter(({ kind }) => kind === "materialized view").map(({ name }) => name),
  );
  const isOfView = ({ database, table }: ClickHousePart): boolean => views.has(`${database}.${table}`);
  const parts = store.parts.filter((part) => contentBytesOf(part) > 0);
  const ofTables = parts.filter((part) => !isOfView(part));
  const ofViews = parts.filter(isOfView);
  return [
    `## ${store.store}: ClickHouse ${store.server.version}`,
    "",
    "Set CLICKHOUSE_URL (such as https://host:8443), CLICKHOUSE_USER and CLICKHOUSE_PASSWORD first. The server must",
    "be able to run this version's DDL: the same major.minor is safest.",
    "",
    ...block([
      "# The password travels in a file that only you can read, not in the arguments of curl",
      String.raw`(umask 077; printf 'X-ClickHouse-User: %s\nX-ClickHouse-Key: %s\n' "$CLICKHOUSE_USER" "$CLICKHOUSE_PASSWORD" > login)`,
      'ask() { curl --silent --show-error --fail-with-body --header @login "$CLICKHOUSE_URL/$1" "${@:2}"; }',
      'run() { printf %s "$1" | ask "?${2-}" --data-binary @-; }',
      "# define FILE: a line is one statement; the first gives the settings that the others need",
      "define() {",
      "  local settings",
      String.raw`  settings=$(sed -n '1{s/^SET //;s/;$//;s/ = /=/g;s/, /\&/g;p}' "$1")`,
      '  tail -n +2 "$1" | while IFS= read -r statement; do run "$statement" "$settings"; done',
      "}",
      "# load KEY SHA256 STATEMENT: one partition",
      "load() {",
      '  fetch "$1" "$2" part.native.zst',
      String.raw`  local query; query=$(printf %s "$3" | od -An -v -tx1 | tr -d '\n' | tr ' ' %)`,
      "  # Through standard input: of a file, some versions of curl put the name into the address",
      `  ask "?${INSERT_SETTINGS}&query=$query" --header "Content-Encoding: zstd" --request POST --upload-file - < part.native.zst`,
      "}",
      fetchLine(store.ddl.beforeData, "before-data.sql"),
      fetchLine(store.ddl.afterData, "after-data.sql"),
      "define before-data.sql",
      "# Merges would drop expired rows, and those that newer ones replace, before they can be counted",
      ...setMerges("STOP", ofTables),
      ...ofTables.map(loadLine),
      "define after-data.sql",
      ...setMerges("STOP", ofViews),
      ...setViews("STOP", ofViews),
      ...ofViews.map(loadLine),
    ]),
    "Compare now: `manifest.json` beside this file lists the rows that every table must hold. Then let the server merge",
    "and expire again:",
    "",
    ...describeServerBackup(store),
    ...block([...setMerges("START", parts), ...setViews("START", ofViews), "rm -f login part.native.zst"]),
    ...renderAccess(store),
  ];
}

function renderAccess({ store, access }: ClickHouseManifest): string[] {
  const file = `${store}-access.sql`;
  const run = `clickhouse-client --host HOST --user ADMIN --password --ignore-error --queries-file ${file}`;
  return renderByHand(access, file, run, [
    "Users, roles, grants, quotas, settings profiles and row policies are in a file of their own, a statement a line, without",
    "passwords. Nobody of them can log in then: the last lines of the file say how each user is let in, with a new password.",
    "On a server that lacks them, run as its administrator (what the server refuses is told, and the rest goes on):",
  ]);
}

/** What keeps every row as it was stored: nothing merged, deduplicated, computed again or left to later. */
const INSERT_SETTINGS = [
  "optimize_on_insert=0",
  "async_insert=0",
  "insert_deduplicate=0",
  "insert_allow_materialized_columns=1",
  "max_partitions_per_insert_block=0",
  "wait_end_of_query=1",
].join("&");

/** Rows that the server itself wrote: a statement for a server that reaches the same place. */
function describeServerBackup({ serverBackup }: ClickHouseManifest): string[] {
  if (!serverBackup) return [];
  const { engine, at, folder, tables } = serverBackup;
  const place =
    engine === "Disk" ? `Disk('${at}', '${folder}')` : `S3('${at}/${folder}', '<key id>', '<secret>')`;
  const names = tables.map(
    ([database, name]) => `TABLE ${quoteClickHouse(database)}.${quoteClickHouse(name)}`,
  );
  const settings = ["create_database = 0", "create_table = 0", "allow_different_table_def = 1"];
  if (engine === "S3") settings.push("use_same_s3_credentials_for_base_backup = 1");
  return [
    "The rows were written by the server itself. Run this on a server that reaches the same place, once the DDL above",
    "is in and before anything else is; leave materialized views for a second statement, after after-data.sql.",
    "",
    "```sql",
    `RESTORE ${names.join(", ")} FROM ${place} SETTINGS ${settings.join(", ")}`,
    "```",
    "",
  ];
}

function setMerges(how: "STOP" | "START", parts: readonly ClickHousePart[]): string[] {
  return ["MERGES", "TTL MERGES"].flatMap((work) =>
    listTables(parts).map((table) => `run ${quote(`SYSTEM ${how} ${work} ${table}`)}`),
  );
}

/** A view that refreshes itself would overwrite what is loaded; to others this means nothing. */
function setViews(how: "STOP" | "START", parts: readonly ClickHousePart[]): string[] {
  return listTables(parts).map((view) => `run ${quote(`SYSTEM ${how} VIEW ${view}`)}`);
}

function listTables(parts: readonly ClickHousePart[]): string[] {
  return [...new Set(parts.map(nameTable))];
}

function nameTable({ database, table }: ClickHousePart): string {
  return `${quoteClickHouse(database)}.${quoteClickHouse(table)}`;
}

function loadLine(part: ClickHousePart): string {
  const columns = part.columns.map(quoteClickHouse).join(", ");
  return `load ${quote(part.key)} ${part.sha256} ${quote(`INSERT INTO ${nameTable(part)} (${columns}) FORMAT Native`)}`;
}

function fetchLine(object: StoredObject, file: string): string {
  return `fetch ${quote(object.key)} ${object.sha256} ${quote(file)}`;
}

function block(lines: readonly string[]): string[] {
  return ["```bash", ...lines, "```", ""];
}

/** One word for bash, whatever it holds. */
function quote(text: string): string {
  return /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function quoteClickHouse(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}
