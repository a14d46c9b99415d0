import { afterAll, beforeAll } from "vitest";
import { startPostgres } from "../../local-services/postgres.ts";
import type { PostgresAddress, PostgresMajor } from "../../local-services/postgres.ts";
import type { ServiceProcess } from "../../local-services/service-process.ts";

/**
 * Starts a server of each major version for the tests of the file that calls this, and ends them after its last
 * test. They are this file's own: it may change their settings and roles.
 *
 * @returns the address of a server, once the tests run
 */
export function usePostgresServers(
  ...majors: readonly PostgresMajor[]
): (major: PostgresMajor) => PostgresAddress {
  const servers = new Map<PostgresMajor, PostgresAddress & ServiceProcess>();
  beforeAll(async () => {
    const starting = majors.map(async (major) => servers.set(major, await startPostgres({ major })));
    const failed = (await Promise.allSettled(starting)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  });
  afterAll(async () => {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  });
  return (major) => {
    const server = servers.get(major);
    if (server === undefined) throw new Error(`no server ${major} was asked for by this file`);
    return server;
  };
}
