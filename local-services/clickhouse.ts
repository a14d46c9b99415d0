import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { toolEnvironment } from "../src/sys/exec.ts";
import type { Scratch } from "../src/sys/scratch.ts";
import { LOOPBACK, findFreePorts } from "./ports.ts";
import { probeHttp, startService } from "./service-process.ts";
import type { Launch, ServiceProcess } from "./service-process.ts";

export interface ClickHouseAddress {
  host: string;
  httpPort: number;
  tcpPort: number;
  user: string;
  password: string;
  /** Of the HTTP interface, with user and password. */
  url: string;
}

/** A user who may do only what is granted, for tests of rights. The engine cannot create users by statement. */
export interface LimitedUser {
  name: string;
  /** Whole statements without `TO`, such as `GRANT SELECT ON app.*`. */
  grants: readonly string[];
  /** Settings of a profile of the user's own. */
  settings?: Readonly<Record<string, string | number>>;
  /** The highest values that the user may give settings. */
  ceilings?: Readonly<Record<string, number>>;
  /** Settings that the user may not give another value than that of the profile. */
  fixed?: readonly string[];
  /** How many queries the user may ask in an hour. */
  queriesAnHour?: number;
  /** Row policies: `database.table` and the condition that its rows must meet. */
  policies?: readonly { table: string; filter: string }[];
}

/** A role that users may be granted: `GRANT reader`. */
export type LocalRole = Pick<LimitedUser, "name" | "grants">;

/** The disk that `BACKUP … TO Disk('backups', …)` may write to. */
const BACKUP_DISK = "backups";

/**
 * Starts a ClickHouse server of its own with empty data. About 280 MB of memory each.
 *
 * @param limited - users beside the one that may do everything; they have its password
 * @param roles - roles that they may be granted
 * @param login - made up where absent
 */
export async function startClickHouse(
  limited: readonly LimitedUser[] = [],
  roles: readonly LocalRole[] = [],
  login: Partial<Pick<ClickHouseAddress, "user" | "password" | "httpPort">> = {},
): Promise<ClickHouseAddress & ServiceProcess> {
  const { user = "lifeboat", password = randomBytes(12).toString("hex") } = login;
  const [tcpPort = 0, freePort = 0] = await findFreePorts(2);
  const { httpPort = freePort } = login;

  const prepare = async (scratch: Scratch): Promise<Launch> => {
    await mkdir(scratch.file("data"));
    await mkdir(scratch.file("backups"));
    await writeFile(scratch.file("users.xml"), renderUsers(user, password, limited, roles), { mode: 0o600 });
    await writeFile(scratch.file("config.xml"), renderConfig(scratch, httpPort, tcpPort));
    const library = createRequire(import.meta.url).resolve(`@chdb/lib-linux-${process.arch}-gnu/libchdb.so`);
    const program = fileURLToPath(new URL("clickhouse-server-process.mjs", import.meta.url));
    return {
      command: {
        file: process.execPath,
        args: [program, library, scratch.file("config.xml"), scratch.file("data")],
        env: toolEnvironment(process.env),
      },
      probe: () => probeHttp(`http://${LOOPBACK}:${httpPort}/ping`),
    };
  };
  const server = await startService({
    name: "ClickHouse",
    stopSignal: "SIGKILL", // the blocked process handles no other; the data is thrown away
    prepare,
  });
  const url = `http://${user}:${password}@${LOOPBACK}:${httpPort}`;
  return { host: LOOPBACK, httpPort, tcpPort, user, password, url, ...server };
}

function renderConfig(scratch: Scratch, httpPort: number, tcpPort: number): string {
  const backups = `${scratch.file("backups")}/`;
  return `<clickhouse>
  <logger><level>error</level></logger>
  <listen_host>${LOOPBACK}</listen_host>
  <http_port>${httpPort}</http_port>
  <tcp_port>${tcpPort}</tcp_port>
  <users_config>${scratch.file("users.xml")}</users_config>
  <storage_configuration><disks><${BACKUP_DISK}><type>local</type><path>${backups}</path></${BACKUP_DISK}></disks></storage_configuration>
  <backups><allowed_disk>${BACKUP_DISK}</allowed_disk><allowed_path>${backups}</allowed_path></backups>
</clickhouse>
`;
}

/**
 * The engine logs in to itself as `default`, without a password and from 127.0.0.1. So that user has to stay, but
 * may do nothing except what the engine does with it. Users live in this file only: CREATE USER has nowhere to
 * put one.
 */
function renderUsers(
  user: string,
  password: string,
  limited: readonly LimitedUser[],
  roles: readonly LocalRole[],
): string {
  const hash = createHash("sha256").update(password).digest("hex");
  const profiles = limited.map(({ name, settings = {}, ceilings = {}, fixed = [] }) => {
    const lines = Object.entries(settings).map(
      ([key, value]) => `<${key}>${escapeXml(String(value))}</${key}>`,
    );
    const limits = Object.entries(ceilings).map(([key, most]) => `<${key}><max>${most}</max></${key}>`);
    limits.push(...fixed.map((key) => `<${key}><readonly/></${key}>`));
    return `<${name}>${lines.join("")}<constraints>${limits.join("")}</constraints></${name}>`;
  });
  const quotas = limited.flatMap(({ name, queriesAnHour }) =>
    queriesAnHour === undefined
      ? []
      : [
          `<${name}><interval><duration>3600</duration><queries>${queriesAnHour}</queries></interval></${name}>`,
        ],
  );
  return `<clickhouse>
  <profiles><default/>${profiles.join("")}</profiles>
  <quotas><default/>${quotas.join("")}</quotas>
  <roles>${roles.map(({ name, grants }) => `<${name}>${renderGrants(grants)}</${name}>`).join("")}</roles>
  <users>
    <default>
      <password/>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>default</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants>
    </default>
    <${user}>
      <password_sha256_hex>${hash}</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile><quota>default</quota>
      <access_management>1</access_management>
      <named_collection_control>1</named_collection_control>
    </${user}>
    ${limited.map((each) => renderLimitedUser(each, hash)).join("\n    ")}
  </users>
</clickhouse>
`;
}

function renderLimitedUser(
  { name, grants, policies = [], queriesAnHour }: LimitedUser,
  hash: string,
): string {
  const databases = policies.map(({ table, filter }) => {
    const [database = "", own = ""] = table.split(".");
    return `<${database}><${own}><filter>${escapeXml(filter)}</filter></${own}></${database}>`;
  });
  return `<${name}>
      <password_sha256_hex>${hash}</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>${name}</profile><quota>${queriesAnHour === undefined ? "default" : name}</quota>
      ${renderGrants(grants)}
      <databases>${databases.join("")}</databases>
    </${name}>`;
}

function renderGrants(grants: readonly string[]): string {
  return `<grants>${grants.map((grant) => `<query>${escapeXml(grant)}</query>`).join("")}</grants>`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
