import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { PROVIDER_AUTHORITIES } from "../../../../../src/presets/authorities.ts";
import { parsePostgresAddress } from "../../../../../src/stores/postgres/server/connection.ts";
import { LibpqAccess } from "../../../../../src/stores/postgres/server/libpq.ts";
import { Redactor, Secret } from "../../../../../src/sys/secret.ts";

function open(url: string): Promise<LibpqAccess> {
  return LibpqAccess.open(parsePostgresAddress("postgres", { url: new Secret(url) }, new Redactor()));
}

test("libpq's tools get the whole connection through their environment, the operator's options with it", async () => {
  await using access = await open("postgres://app:secret@db:6000/shop?sslmode=require&options=endpoint%3Dx");
  expect(access.env).toMatchObject({
    PGHOST: "db",
    PGPORT: "6000",
    PGUSER: "app",
    PGPASSWORD: "secret",
    PGDATABASE: "shop",
    PGSSLMODE: "require",
    PGOPTIONS: expect.stringMatching(/^endpoint=x -c statement_timeout=0 /),
  });
});

test("its files are private, hold keepalives and authorities but no secret, and go with it", async () => {
  const pem = PROVIDER_AUTHORITIES[0]?.pem ?? "";
  const url = `postgres://planted-user:planted-word@db/shop?sslmode=verify-full&sslrootcert=${encodeURIComponent(pem)}`;
  const access = await open(url);
  const { PGSERVICEFILE: service = "", PGSSLROOTCERT: authority = "" } = access.env;
  expect(readFileSync(service, "utf8")).toMatch(/^keepalives_idle=60$.*^tcp_user_timeout=180000$/ms);
  expect(readFileSync(authority, "utf8")).toBe(pem);
  const folder = dirname(service);
  expect(statSync(folder).mode & 0o077).toBe(0);
  for (const name of readdirSync(folder)) {
    expect(statSync(`${folder}/${name}`).mode & 0o077).toBe(0);
    expect(readFileSync(`${folder}/${name}`, "utf8")).not.toContain("planted");
  }
  await access.close();
  expect(existsSync(folder)).toBe(false);
});
