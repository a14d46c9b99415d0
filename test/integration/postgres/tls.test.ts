import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPostgres } from "../../../local-services/postgres.ts";
import type { ServiceProcess } from "../../../local-services/service-process.ts";
import { AppError } from "../../../src/errors.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import type { StoreManifest } from "../../../src/backup/manifest.ts";
import { findPostgresTools } from "../../../src/stores/postgres/clients/find.ts";
import { parsePostgresAddress } from "../../../src/stores/postgres/server/connection.ts";
import { LibpqAccess } from "../../../src/stores/postgres/server/libpq.ts";
import { runTool } from "../../../src/sys/exec.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { runSql, startToolRun } from "../../support/postgres-databases.ts";

let server: ServiceProcess & { port: number; user: string; password: string };
let authority: string;
let stranger: string;

beforeAll(async () => {
  const certify = (name: string): ReturnType<typeof generate> =>
    generate([{ name: "commonName", value: name }], {
      keySize: 2048,
      algorithm: "sha256",
      extensions: [
        { name: "basicConstraints", cA: true },
        { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] },
      ],
    });
  const own = await certify("localhost");
  authority = own.cert;
  stranger = (await certify("localhost")).cert;
  server = await startPostgres({ tls: { certificate: own.cert, key: own.private } });
  await runSql(addressOf({ sslmode: "disable" }), "CREATE TABLE t AS SELECT 1 AS one");
});

afterAll(() => server.stop());

function addressOf({ host = "localhost", ...query }: Record<string, string>): string {
  const parameters = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `postgres://${server.user}:${server.password}@${host}:${server.port}/postgres?${parameters.join("&")}`;
}

/** By `pg` and by pg_dump, since each reads the parameters for itself. */
async function backUp(url: string): Promise<StoreManifest> {
  return await createPostgresStore({ name: "app", url: new Secret(url) }, startToolRun()).backup(
    new MemorySink(),
  );
}

/** pg_dump alone: `pg` has refused before it would be started. */
async function dump(url: string): Promise<string> {
  const run = startToolRun();
  const tools = await findPostgresTools(17, run);
  await using libpq = await LibpqAccess.open(
    parsePostgresAddress("app", { url: new Secret(url) }, run.redactor),
  );
  return (await runTool(tools.command("pg_dump", ["--schema-only", "--no-password"], libpq.env), run)).stdout;
}

test("the server encrypts: what follows is no play", async () => {
  const rows = await runSql(
    addressOf({ sslmode: "no-verify" }),
    "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl",
  );
  expect(rows).toEqual([{ version: "TLSv1.3" }]);
});

describe("a connection is made", () => {
  test.each([
    ["without a look at the certificate", () => addressOf({ sslmode: "require" })],
    [
      "with the authority's text, host name and all",
      () => addressOf({ sslmode: "verify-full", sslrootcert: authority }),
    ],
    [
      "with the authority's text under another host name that it need not have",
      () => addressOf({ host: "127.0.0.1", sslmode: "verify-ca", sslrootcert: authority }),
    ],
  ])("%s", async (_, url) => {
    expect((await backUp(url())).inventory.tables).toMatchObject([{ name: "public.t", rows: 1 }]);
  });
});

describe("a connection is refused", () => {
  test.each([
    [
      "to a host that the certificate does not name",
      () => addressOf({ host: "127.0.0.1", sslmode: "verify-full", sslrootcert: authority }),
      /does not match host name/,
    ],
    [
      "under an authority that did not sign",
      () => addressOf({ sslmode: "verify-full", sslrootcert: stranger }),
      /certificate verify failed/,
    ],
    [
      "that no public authority vouches for",
      () => addressOf({ sslmode: "verify-full" }),
      /certificate verify failed/,
    ],
  ])("%s, by pg and by pg_dump", async (_, url, dumpSays) => {
    const error = await backUp(url()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      code: "STORE_UNREACHABLE",
      message: expect.stringContaining("certificate"),
      hint: expect.stringContaining("sslrootcert"),
    });
    await expect(dump(url())).rejects.toThrow(dumpSays);
  });
});

test("doctor says what is verified, and what is not", async () => {
  const look = async (url: string): Promise<unknown> => {
    const findings = await createPostgresStore(
      { name: "app", url: new Secret(url) },
      startToolRun(),
    ).diagnose();
    return findings.find(({ check }) => check === "encryption");
  };
  expect(await look(addressOf({ sslmode: "verify-full", sslrootcert: authority }))).toEqual({
    check: "encryption",
    state: "good",
    found: "Encrypted, the certificate verified, the host's name too",
  });
  expect(await look(addressOf({ sslmode: "require" }))).toMatchObject({
    state: "warning",
    mend: expect.stringContaining("sslmode=verify-full"),
  });
});
