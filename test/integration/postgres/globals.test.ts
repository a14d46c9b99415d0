import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { postgresManifestSchema } from "../../../src/backup/manifest.ts";
import type { PostgresManifest } from "../../../src/backup/manifest.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

const mark = randomBytes(4).toString("hex");
const [owner, app, provider] = [`"Owner ${mark} é"`, `app_${mark}`, `rds_${mark}`];
let source: TestDatabase;

beforeAll(async () => {
  source = await createPostgresDatabase();
  await runSql(
    source.url,
    `CREATE ROLE ${owner} NOINHERIT CREATEDB;
     CREATE ROLE ${app} LOGIN PASSWORD 'planted-password' CONNECTION LIMIT 5 VALID UNTIL '2030-01-02 03:04:05+00';
     CREATE ROLE ${provider};
     GRANT ${owner} TO ${app} WITH ADMIN OPTION; GRANT pg_read_all_data TO ${app}; GRANT ${provider} TO ${app};
     ALTER ROLE ${app} SET search_path TO "$user", 'My "Schema"', public;
     ALTER ROLE ${app} SET work_mem TO '12MB';
     ALTER ROLE ${app} SET app.token TO 'planted-token';
     ALTER ROLE ${app} IN DATABASE ${source.name} SET application_name TO 'it''s = one';
     ALTER DATABASE ${source.name} SET timezone TO 'Asia/Tokyo';
     ALTER DATABASE ${source.name} SET app.jwt_secret TO 'planted-jwt'`,
  );
});

afterAll(async () => {
  await source.drop();
  await runSql(inject("postgresUrl"), `DROP ROLE IF EXISTS ${app}, ${owner}, ${provider}`);
});

async function describeGlobals(): Promise<unknown> {
  return runSql(
    inject("postgresUrl"),
    `SELECT r.rolname, rolinherit, rolcreatedb, rolcanlogin, rolconnlimit, rolvaliduntil,
       ARRAY(SELECT roleid::regrole::text || admin_option || inherit_option || set_option FROM pg_auth_members
         WHERE member = r.oid AND roleid::regrole::text NOT LIKE 'rds%' ORDER BY 1) AS member_of,
       ARRAY(SELECT setdatabase || entry FROM pg_db_role_setting, unnest(setconfig) entry
         WHERE setrole = r.oid AND entry NOT LIKE 'app.%' ORDER BY 1) AS settings
     FROM pg_roles r WHERE rolname LIKE '%${mark}%' AND rolname NOT LIKE 'rds%' ORDER BY 1`,
  );
}

describe("roles and settings", () => {
  const sink = new MemorySink();
  let manifest: PostgresManifest;
  let sql: string;

  beforeAll(async () => {
    // Any role may read them.
    const url = changeUrl(source.url, { username: app, password: "planted-password" });
    const run = startToolRun();
    manifest = (await createPostgresStore({ name: "postgres", url, globals: true }, run).backup(
      sink,
    )) as PostgresManifest;
    sql = sink.objects.get("globals.sql")?.toString() ?? "";
  });

  test("are an object of the backup without any secret", () => {
    expect(postgresManifestSchema.parse(manifest).globals?.key).toBe("globals.sql");
    expect(sql).toContain(`GRANT ${owner} TO "${app}" WITH ADMIN OPTION, INHERIT true, SET true;`);
    expect(sql).toContain(`ALTER DATABASE "${source.name}" SET "TimeZone" TO 'Asia/Tokyo';`);
    const everything = `${sql}${JSON.stringify(manifest)}`;
    for (const secret of ["planted-password", "planted-token", "planted-jwt", "SCRAM"]) {
      expect(everything).not.toContain(secret);
    }
    expect(sql).not.toContain(provider);
  });

  test("name what is left out of them", () => {
    const leftOut = manifest.leftOut.map(({ what }) => what);
    expect(leftOut).toContain("Passwords of roles");
    expect(leftOut).toContain(`Setting app.token of the role ${app}`);
    expect(leftOut).toContain(`Setting app.jwt_secret of the database ${source.name}`);
    expect(leftOut.find((what) => what.startsWith("Roles "))).toContain(provider);
  });

  test("come back as they were, and a second time nothing changes", async () => {
    const before = await describeGlobals();
    await runSql(
      inject("postgresUrl"),
      `ALTER ROLE ${app} IN DATABASE ${source.name} RESET ALL; REVOKE ${provider} FROM ${app}; DROP ROLE ${app}, ${owner};
       ALTER DATABASE ${source.name} RESET ALL`,
    );
    // The server is shared: what concerns the roles of other tests is none of our business.
    const ours = sql.split("\n").filter((line) => line.includes(mark) || line.includes(source.name));
    await runSql(inject("postgresUrl"), ours.join("\n"));
    expect(await describeGlobals()).toEqual(before);
    await runSql(inject("postgresUrl"), ours.join("\n"));
    expect(await describeGlobals()).toEqual(before);
    expect(await runSql(source.url, "SHOW timezone")).toEqual([{ TimeZone: "Asia/Tokyo" }]);
  });
});
