import { createClient } from "@clickhouse/client";
import { startClickHouse } from "../../../local-services/clickhouse.ts";
import { startPostgres } from "../../../local-services/postgres.ts";
import type { PostgresMajor } from "../../../local-services/postgres.ts";
import { findFreePorts } from "../../../local-services/ports.ts";
import type { ServiceContainer } from "./workflow-file.ts";

/** A service of a job, and the ports of this machine at which its own are reached. */
export interface RunningService {
  image: string;
  ports: Record<string, string>;
  stop(): Promise<void>;
}

/** A service with its expressions evaluated. */
export type ServiceRequest = Pick<ServiceContainer, "image"> & {
  env: Record<string, string>;
  ports: string[];
};

/**
 * Starts a real server in place of a container: of the image's kind and version, with the login that its environment
 * names, at the port that the workflow maps.
 *
 * @throws Error when no server here is what the image would be
 */
export async function startServiceContainer({ image, env, ports }: ServiceRequest): Promise<RunningService> {
  const [, repository = "", tag = ""] = /^(.+):([^:]+)$/.exec(image) ?? [];
  if (repository === "postgres") {
    const { POSTGRES_PASSWORD: password, ...rest } = env;
    refuse(image, rest);
    if (!password) throw new Error(`${image} does not start without POSTGRES_PASSWORD.`);
    const mapped = await mapPort(image, ports, "5432");
    const server = await startPostgres({ major: Number(tag) as PostgresMajor, password, port: mapped });
    return { image, ports: { 5432: String(mapped) }, stop: () => server.stop() };
  }
  if (repository === "clickhouse/clickhouse-server") {
    const { CLICKHOUSE_USER: user, CLICKHOUSE_PASSWORD: password, ...rest } = env;
    refuse(image, { ...rest, CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT: undefined });
    // Without a user the image's own may log in from inside the container only.
    if (!user || !password) throw new Error(`${image} would let nobody in.`);
    const mapped = await mapPort(image, ports, "8123");
    const server = await startClickHouse([], [], { user, password, httpPort: mapped });
    const version = await askVersion(server.url);
    if (`${version}.`.startsWith(`${tag}.`))
      return { image, ports: { 8123: String(mapped) }, stop: () => server.stop() };
    await server.stop();
    throw new Error(`The engine here is ClickHouse ${version}, and not ${image}.`);
  }
  throw new Error(`The rehearsal has no server for ${image}.`);
}

function refuse(image: string, env: Readonly<Record<string, string | undefined>>): void {
  const unknown = Object.keys(env).filter((name) => env[name] !== undefined);
  if (unknown.length > 0) throw new Error(`The rehearsal of ${image} does not know ${unknown.join(", ")}.`);
}

/** @returns the port of this machine: the one in front of the colon, or any free one */
async function mapPort(image: string, ports: readonly string[], inside: string): Promise<number> {
  const [port = "", ...others] = ports;
  const [, host, own] = /^(?:(\d+):)?(\d+)$/.exec(port) ?? [];
  if (own !== inside || others.length > 0)
    throw new Error(`${image} listens on ${inside}, not ${ports.join()}.`);
  return host === undefined ? ((await findFreePorts(1))[0] ?? 0) : Number(host);
}

async function askVersion(url: string): Promise<string> {
  const client = createClient({ url });
  try {
    const answer = await client.query({ query: "SELECT version() AS version", format: "JSONEachRow" });
    const [row] = await answer.json<{ version: string }>();
    return row?.version ?? "";
  } finally {
    await client.close();
  }
}
