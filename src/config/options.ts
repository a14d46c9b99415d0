import { OCCASIONS } from "../notify/channel.ts";
import type { StoreKind } from "../backup/manifest.ts";
import { ROLES } from "../policy/roles.ts";

/** What lifeboat can be told to do. */
export const COMMANDS = [
  "backup",
  "plan",
  "finish",
  "list",
  "status",
  "copy",
  "prune",
  "pin",
  "unpin",
  "restore",
  "drill",
  "doctor",
  "verify",
  "rekey",
  "policy",
] as const;
export type Command = (typeof COMMANDS)[number];

/** Those whose end others are told of: what only shows or prepares is looked at by whoever started it. */
const TOLD_OF: readonly Command[] = [
  "backup",
  "plan",
  "finish",
  "copy",
  "prune",
  "restore",
  "drill",
  "verify",
  "rekey",
  "status",
];

/** Which of the complete backups a restore or a drill takes. */
export const PICKS = ["newest", "oldest", "random"] as const;
export type PickRule = (typeof PICKS)[number];

/** The two ways in: the GitHub Action's inputs, and the command line's flags. */
export type Shell = "action" | "cli";

/**
 * How an option's text is read. `flag`: true or false. `list`: several, separated by commas or line breaks.
 * `time`: ISO 8601, UTC unless it says otherwise. `choice`: one of `choices`.
 */
export type OptionKind = "text" | "flag" | "list" | "time" | "choice";

export interface Option {
  kind: OptionKind;
  /** One sentence, for action.yml, --help and docs/options.md. */
  help: string;
  /** The commands that use it; given to another command it is an error. */
  commands: readonly Command[];
  choices?: readonly string[];
  /** Used when neither the option, its variable, nor the file says anything. */
  default?: string;
  /** Masked from the moment it is read. */
  secret?: true;
  /** Read when the option itself is not given. One-time choices have none, so that none is made by accident. */
  env?: `LIFEBOAT_${string}`;
  /** Where it exists; everywhere when absent. */
  shell?: Shell;
  /** The kinds of store it means something for; all when absent. */
  stores?: readonly StoreKind[];
}

/** The one list of options: action inputs, command line flags, and the table in docs/options.md come from it. */
export const OPTIONS = {
  command: {
    kind: "choice",
    choices: COMMANDS,
    default: "backup",
    help: `What to do: ${COMMANDS.slice(0, -1).join(", ")} or ${COMMANDS.at(-1)}.`,
    commands: COMMANDS,
    shell: "action",
  },
  config: {
    kind: "text",
    help: "Path of the configuration file; lifeboat.yml is read when it exists.",
    commands: COMMANDS,
    env: "LIFEBOAT_CONFIG",
  },
  name: {
    kind: "text",
    default: "lifeboat",
    help: "Name of what is backed up: the folder below the destination that holds its backups.",
    commands: COMMANDS,
    env: "LIFEBOAT_NAME",
  },
  "postgres-url": {
    kind: "text",
    help: "Postgres database to back up, as postgres://user:password@host:5432/database.",
    commands: ["backup", "plan", "doctor"],
    secret: true,
    env: "LIFEBOAT_POSTGRES_URL",
  },
  "postgres-format": {
    kind: "choice",
    choices: ["custom", "directory", "plain"],
    help: "Format that pg_dump writes: custom streams, directory dumps several tables at once by way of a disk, plain is SQL for psql; custom when absent.",
    commands: ["backup", "plan"],
    env: "LIFEBOAT_POSTGRES_FORMAT",
  },
  "clickhouse-url": {
    kind: "text",
    help: "ClickHouse server to back up, by its HTTP interface, as https://user:password@host:8443.",
    commands: ["backup", "plan", "doctor"],
    secret: true,
    env: "LIFEBOAT_CLICKHOUSE_URL",
  },
  destination: {
    kind: "text",
    help: "Where backups are kept: s3://bucket/prefix or file:///folder; replaces the file's destination whole.",
    commands: COMMANDS,
    env: "LIFEBOAT_DESTINATION",
  },
  "s3-endpoint": {
    kind: "text",
    help: "Address of an S3-compatible service, when it is not AWS.",
    commands: COMMANDS,
    env: "LIFEBOAT_S3_ENDPOINT",
  },
  "s3-region": {
    kind: "text",
    help: "Region of the bucket; the standard AWS settings decide when absent.",
    commands: COMMANDS,
    env: "LIFEBOAT_S3_REGION",
  },
  "s3-path-style": {
    kind: "flag",
    help: "Whether the bucket is put into the path instead of the host name, as many S3-compatible services need.",
    commands: COMMANDS,
    env: "LIFEBOAT_S3_PATH_STYLE",
  },
  "aws-role": {
    kind: "text",
    help: "ARN of the role to take on by the job's own token (id-token: write), anew before each session ends; elsewhere than in a job of GitHub's the standard AWS credentials are used.",
    commands: COMMANDS,
    env: "LIFEBOAT_AWS_ROLE",
  },
  "postgres-archive": {
    kind: "text",
    help: "Apt archive that Postgres clients are fetched from, when apt.postgresql.org is to be mirrored.",
    commands: ["backup", "plan", "restore", "drill", "verify", "doctor"],
    env: "LIFEBOAT_POSTGRES_ARCHIVE",
  },
  "postgres-archive-keyring": {
    kind: "text",
    help: "Path of the keys that sign that archive, when it is signed anew; the PostgreSQL project's when absent.",
    commands: ["backup", "plan", "restore", "drill", "verify", "doctor"],
    env: "LIFEBOAT_POSTGRES_ARCHIVE_KEYRING",
  },
  store: {
    kind: "list",
    help: "Only these stores, by name.",
    commands: ["backup", "plan", "restore", "drill", "doctor", "status"],
  },
  recipient: {
    kind: "list",
    help: "Encrypt for these age recipients (public keys, age1…) instead of the file's encryption.",
    commands: ["backup", "rekey"],
    env: "LIFEBOAT_AGE_RECIPIENTS",
  },
  identity: {
    kind: "text",
    help: "The age identity that opens encrypted backups, as age-keygen writes it.",
    commands: ["restore", "drill", "verify", "rekey"],
    secret: true,
    env: "LIFEBOAT_AGE_IDENTITY",
    shell: "action",
  },
  "identity-file": {
    kind: "text",
    help: "File with the age identities that open encrypted backups; nobody else may be able to read it.",
    commands: ["restore", "drill", "verify", "rekey"],
    env: "LIFEBOAT_AGE_IDENTITY_FILE",
  },
  passphrase: {
    kind: "text",
    help: "Passphrase of encrypted backups; a backup without any other encryption is encrypted with it.",
    commands: ["backup", "restore", "drill", "verify", "rekey"],
    secret: true,
    env: "LIFEBOAT_AGE_PASSPHRASE",
    shell: "action",
  },
  sample: {
    kind: "text",
    help: "The newest backup and a share of the older ones, such as 10%; each comes up in turn.",
    commands: ["verify"],
    env: "LIFEBOAT_SAMPLE",
  },
  key: {
    kind: "list",
    help: "Further values of application keys to try, as NAME=VARIABLE: the key's name, the variable that holds it.",
    commands: ["restore", "drill"],
  },
  full: {
    kind: "flag",
    help: "backup, plan: send everything, also what an earlier backup has already sent; verify: read every byte.",
    commands: ["backup", "plan", "verify"],
  },
  shards: {
    kind: "text",
    default: "4",
    help: "How many jobs the backup is divided over, up to 256; plan makes fewer where there is less to divide.",
    commands: ["plan"],
    env: "LIFEBOAT_SHARDS",
  },
  shard: {
    kind: "text",
    help: "Back up this shard of a plan alone, such as 2/3; the option backup names the plan.",
    commands: ["backup"],
  },
  from: {
    kind: "text",
    help: "Name of the destination to read from, or to work on; the first one when absent, and every one for backup, doctor, prune and status.",
    commands: COMMANDS,
  },
  to: {
    kind: "list",
    help: "Names of the destinations to copy to; all the others when absent.",
    commands: ["copy"],
  },
  all: {
    kind: "flag",
    help: "Every backup, and not the newest alone; for copy, every one that is missing there.",
    commands: ["copy", "verify", "rekey"],
  },
  role: {
    kind: "choice",
    choices: ROLES,
    help: `Who is to have the rights, and no others: ${ROLES.slice(0, -1).join(", ")} or ${ROLES.at(-1)}.`,
    commands: ["policy", "doctor"],
  },
  "dry-run": {
    kind: "flag",
    help: "Say what would be done, and why, and do nothing.",
    commands: ["prune", "restore"],
  },
  note: {
    kind: "text",
    help: "Why the backup is to be kept.",
    commands: ["pin"],
  },
  backup: {
    kind: "text",
    help: "Id of the backup to use; the newest complete one when absent, except for pin and unpin. For shards and finish: the id that plan gave.",
    commands: ["backup", "finish", "restore", "drill", "copy", "pin", "unpin", "verify", "rekey"],
  },
  before: {
    kind: "time",
    help: "Use the newest backup that was started before this time, such as 2026-11-20T02:00:00Z.",
    commands: ["restore", "drill"],
  },
  pick: {
    kind: "choice",
    choices: PICKS,
    default: "newest",
    help: "Which backup to use: newest, oldest or random; with before, which of those before that time.",
    commands: ["restore", "drill"],
  },
  "target-postgres-url": {
    kind: "text",
    help: "Postgres database to restore into; for a drill, a server on which it may create a database of its own.",
    commands: ["restore", "drill", "doctor"],
    secret: true,
    env: "LIFEBOAT_TARGET_POSTGRES_URL",
  },
  "target-clickhouse-url": {
    kind: "text",
    help: "ClickHouse server to restore into; for a drill, one on which it may create databases of its own.",
    commands: ["restore", "drill", "doctor"],
    secret: true,
    env: "LIFEBOAT_TARGET_CLICKHOUSE_URL",
  },
  replace: {
    kind: "list",
    help: "Target databases whose contents may be replaced, typed out: NAME, or HOST/NAME for the source or its namesake.",
    commands: ["restore"],
  },
  table: {
    kind: "list",
    help: "Only these tables: schema.table in Postgres, database.table in ClickHouse.",
    commands: ["restore"],
  },
  schema: {
    kind: "list",
    help: "Only these schemas of Postgres or databases of ClickHouse; tables that are named come beside them.",
    commands: ["restore"],
  },
  partition: {
    kind: "list",
    help: "ClickHouse: only these partitions, by their ids, of the tables that are named.",
    commands: ["restore"],
    stores: ["clickhouse"],
  },
  "schema-only": {
    kind: "flag",
    help: "Restore definitions without rows.",
    commands: ["restore"],
  },
  "data-only": {
    kind: "flag",
    help: "Restore rows into tables that are there.",
    commands: ["restore"],
  },
  "into-database": {
    kind: "list",
    help: "ClickHouse: other names for databases of the backup: old=new.",
    commands: ["restore"],
    stores: ["clickhouse"],
  },
  "create-db": {
    kind: "flag",
    help: "Postgres: create the target's database, which must not exist yet.",
    commands: ["restore"],
    stores: ["postgres"],
  },
  "replace-db": {
    kind: "text",
    help: "Postgres: name of the target's database, typed out: restore beside it, prove that, and let it take its place.",
    commands: ["restore"],
    stores: ["postgres"],
  },
  "maintenance-db": {
    kind: "text",
    help: "Postgres: database to connect to while another one is created or replaced; postgres, template1 or the user's own when absent.",
    commands: ["restore"],
    stores: ["postgres"],
  },
  jobs: {
    kind: "text",
    help: "Postgres: how many tables or indexes are restored at once; as many as there are processors, 4 at most, when absent.",
    commands: ["restore"],
    stores: ["postgres"],
  },
  stream: {
    kind: "flag",
    help: "Postgres: restore without a file on this machine's disk, one table at a time.",
    commands: ["restore"],
    stores: ["postgres"],
  },
  access: {
    kind: "flag",
    help: "ClickHouse: bring back users, roles, grants, quotas, profiles and row policies too; nobody gets a password.",
    commands: ["restore"],
    stores: ["clickhouse"],
  },
  "allow-missing": {
    kind: "list",
    help: "What may be lost, as kind and name: extension pg_cron, event trigger audit.",
    commands: ["restore", "drill"],
    stores: ["postgres"],
  },
  rpo: {
    kind: "text",
    help: "How old the newest backup may be, such as 26h; goes before the file's objectives.",
    commands: ["drill", "status"],
    env: "LIFEBOAT_RPO",
  },
  rto: {
    kind: "text",
    help: "How long a restore may take, such as 4h; goes before the file's objectives.",
    commands: ["drill", "status"],
    env: "LIFEBOAT_RTO",
  },
  "drill-every": {
    kind: "text",
    help: "How old the last drill may be, such as 8d; goes before the file's objectives.",
    commands: ["status"],
    env: "LIFEBOAT_DRILL_EVERY",
  },
  until: {
    kind: "text",
    help: "End after the step of this name, and keep no record: to try migrations, say, and nothing else.",
    commands: ["drill"],
  },
  "prove-red": {
    kind: "flag",
    help: "After a proven drill, damage further copies on purpose and require that each is noticed.",
    commands: ["drill"],
  },
  keep: {
    kind: "flag",
    help: "Leave the restored data for a look when the drill failed.",
    commands: ["drill"],
  },
  badge: {
    kind: "text",
    help: "File that receives the status as a badge: an image where it ends in .svg, what shields.io reads where in .json.",
    commands: ["status"],
  },
  "report-dir": {
    kind: "text",
    default: "lifeboat-report",
    help: "Folder that receives the drill's report.",
    commands: ["drill"],
  },
  "slack-webhook": {
    kind: "text",
    help: "Address of an incoming webhook of Slack that is told how the run ended; notify in lifeboat.yml can do more.",
    commands: TOLD_OF,
    secret: true,
    shell: "action",
  },
  "discord-webhook": {
    kind: "text",
    help: "The same for Discord.",
    commands: TOLD_OF,
    secret: true,
    shell: "action",
  },
  webhook: {
    kind: "text",
    help: "Address that takes the notice itself, as JSON.",
    commands: TOLD_OF,
    secret: true,
    shell: "action",
  },
  "webhook-secret": {
    kind: "text",
    help: "Signs what the webhook gets, as Standard Webhooks says; openssl rand -base64 32 makes one.",
    commands: TOLD_OF,
    secret: true,
    shell: "action",
  },
  "notify-on": {
    kind: "choice",
    choices: OCCASIONS,
    help: "When these three are told: failure, change (the run ended otherwise than the last one) or always; failure when absent.",
    commands: TOLD_OF,
    shell: "action",
  },
  heartbeat: {
    kind: "text",
    help: "Address to call when the run ended well, as healthchecks.io gives it; /start and /fail go behind it at the other moments.",
    commands: TOLD_OF,
    secret: true,
    shell: "action",
  },
  issues: {
    kind: "flag",
    help: "Open a GitHub issue for each problem, keep it up to date, and close it when a run is good again; takes issues: write.",
    commands: TOLD_OF,
    shell: "action",
  },
  "github-token": {
    kind: "text",
    default: "${{ github.token }}",
    help: "What issues are written with; the job's own token as a rule.",
    commands: COMMANDS,
    secret: true,
    shell: "action",
  },
  json: {
    kind: "flag",
    help: "Print one JSON document on standard output.",
    commands: COMMANDS,
    shell: "cli",
  },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof OPTIONS;

/** Every option that exists in a shell, in the order of the list. */
export function listOptions(shell: Shell): { name: OptionName; option: Option }[] {
  const all = Object.entries(OPTIONS) as [OptionName, Option][];
  return all
    .filter(([, option]) => option.shell === undefined || option.shell === shell)
    .map(([name, option]) => ({ name, option }));
}
