import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { toolEnvironment } from "../src/sys/exec.ts";
import type { Scratch } from "../src/sys/scratch.ts";
import { LOOPBACK, findFreePorts, probeHttp, startService } from "./service-process.ts";
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

/** The disk that `BACKUP … TO Disk('backups', …)` may write to. */
const BACKUP_DISK = "backups";

/** Starts a ClickHouse server of its own with empty data. About 280 MB of memory each. */
export async function startClickHouse(): Promise<ClickHouseAddress & ServiceProcess> {
  const user = "lifeboat";
  const password = randomBytes(12).toString("hex");
  const [httpPort = 0, tcpPort = 0] = await findFreePorts(2);

  const prepare = async (scratch: Scratch): Promise<Launch> => {
    await mkdir(scratch.file("data"));
    await mkdir(scratch.file("backups"));
    await writeFile(scratch.file("users.xml"), renderUsers(user, password), { mode: 0o600 });
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
function renderUsers(user: string, password: string): string {
  const hash = createHash("sha256").update(password).digest("hex");
  return `<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
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
  </users>
</clickhouse>
`;
}
