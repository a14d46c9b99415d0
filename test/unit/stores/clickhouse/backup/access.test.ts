import { describe, expect, test } from "vitest";
import { mapObjects, objectsOfStore } from "../../../../../src/backup/manifest.ts";
import { requireAccess } from "../../../../../src/commands/restoring/restore-checks.ts";
import { renderRestoreGuide } from "../../../../../src/report/restore-guide.ts";
import { nameEntities, writeAccessScript } from "../../../../../src/stores/clickhouse/backup/access-sql.ts";
import type { AccessEntities } from "../../../../../src/stores/clickhouse/backup/access-sql.ts";
import { splitStatements } from "../../../../../src/stores/clickhouse/sql/sql-text.ts";
import {
  buildClickHouseManifest,
  buildManifest,
  buildPostgresManifest,
  buildStoredObject,
} from "../../../../support/builders.ts";
import { FakeTarget } from "../../../../support/fake-target.ts";

const NOTHING: AccessEntities = { profiles: [], quotas: [], roles: [], users: [], policies: [] };
const LOCKED = `IDENTIFIED WITH sha256_hash BY '${"0".repeat(64)}' HOST NONE`;
const SECRET = "5e884898da28047151d0e56f8dc62927";

function scriptOfUser(create: string, name = "ann"): string {
  return writeAccessScript({ ...NOTHING, users: [{ name, create, grants: [] }] });
}

test("what others refer to comes before those who refer to it", () => {
  const entities: AccessEntities = {
    profiles: [
      {
        name: "small",
        create: "CREATE SETTINGS PROFILE `small` SETTINGS INHERIT `tiny`, max_threads = 4 MAX 8 TO `reader`",
      },
      { name: "tiny", create: "CREATE SETTINGS PROFILE `tiny`" },
    ],
    quotas: [{ name: "hourly", create: "CREATE QUOTA hourly FOR INTERVAL 1 hour MAX queries = 100 TO ann" }],
    roles: [
      {
        name: "reader",
        create: "CREATE ROLE reader SETTINGS PROFILE `tiny`",
        grants: ["GRANT SELECT ON app.* TO reader"],
      },
    ],
    users: [
      {
        name: "ann",
        create: "CREATE USER ann IDENTIFIED WITH sha256_password HOST LOCAL DEFAULT ROLE reader GRANTEES bob",
        grants: ["GRANT reader TO ann WITH ADMIN OPTION"],
      },
      { name: "bob", create: "CREATE USER bob IDENTIFIED WITH sha256_password", grants: [] },
    ],
    policies: [
      {
        name: "own ON app.t",
        create: "CREATE ROW POLICY own ON app.t FOR SELECT USING a > 1 AS restrictive TO reader",
      },
    ],
  };
  expect(splitStatements(writeAccessScript(entities))).toEqual([
    "CREATE SETTINGS PROFILE IF NOT EXISTS `small`",
    "CREATE SETTINGS PROFILE IF NOT EXISTS `tiny`",
    "CREATE ROLE IF NOT EXISTS `reader`",
    `CREATE USER IF NOT EXISTS \`ann\` ${LOCKED}`,
    `CREATE USER IF NOT EXISTS \`bob\` ${LOCKED}`,
    "ALTER SETTINGS PROFILE `small` SETTINGS INHERIT `tiny`, max_threads = 4 MAX 8 TO `reader`",
    "CREATE QUOTA IF NOT EXISTS hourly FOR INTERVAL 1 hour MAX queries = 100 TO ann",
    "ALTER ROLE `reader` SETTINGS PROFILE `tiny`",
    "GRANT SELECT ON app.* TO reader",
    "GRANT reader TO ann WITH ADMIN OPTION",
    "ALTER USER `ann` DEFAULT ROLE reader GRANTEES bob",
    "CREATE ROW POLICY IF NOT EXISTS own ON app.t FOR SELECT USING a > 1 AS restrictive TO reader",
  ]);
  expect(nameEntities(entities)).toEqual({
    profiles: ["small", "tiny"],
    quotas: ["hourly"],
    roles: ["reader"],
    users: ["ann", "bob"],
    policies: ["own ON app.t"],
  });
});

describe("nothing of how a user logs in is kept:", () => {
  test.each([
    `IDENTIFIED WITH plaintext_password BY '${SECRET}'`,
    `IDENTIFIED WITH plaintext_password BY 'it\\'s HOST ANY ${SECRET}'`,
    `IDENTIFIED BY '${SECRET}'`,
    `IDENTIFIED WITH sha256_hash BY '${SECRET}' SALT '${SECRET}'`,
    `IDENTIFIED WITH double_sha1_hash BY '${SECRET}'`,
    `IDENTIFIED WITH bcrypt_hash BY '$2a$12$${SECRET}'`,
    `IDENTIFIED WITH scram_sha256_hash BY '${SECRET}' SALT '${SECRET}'`,
    `IDENTIFIED WITH ldap SERVER '${SECRET}'`,
    `IDENTIFIED WITH kerberos REALM '${SECRET}'`,
    `IDENTIFIED WITH ssl_certificate CN '${SECRET}', SAN 'URI:${SECRET}'`,
    `IDENTIFIED WITH ssh_key BY KEY '${SECRET}' TYPE 'ssh-ed25519', KEY '${SECRET}' TYPE 'ssh-rsa'`,
    `IDENTIFIED WITH http SERVER '${SECRET}' SCHEME 'Basic'`,
    `IDENTIFIED WITH sha256_hash BY '${SECRET}' VALID UNTIL '2030-01-01 00:00:00', ssh_key BY KEY '${SECRET}' TYPE 'ssh-rsa'`,
    `IDENTIFIED WITH jwt CLAIMS '{"key":"${SECRET}"}'`,
    `IDENTIFIED WITH something_new OF '${SECRET}' THAT KNOWS '${SECRET}'`,
  ])("%s", (authentication) => {
    const script = scriptOfUser(
      `CREATE USER ann ${authentication} HOST IP '10.0.0.0/8', LOCAL DEFAULT ROLE ops, host SETTINGS max_threads = 2`,
    );
    expect(script).not.toContain(SECRET);
    expect(splitStatements(script)).toEqual([
      `CREATE USER IF NOT EXISTS \`ann\` ${LOCKED}`,
      "ALTER USER `ann` DEFAULT ROLE ops, host SETTINGS max_threads = 2",
    ]);
    expect(script).toContain("IDENTIFIED BY '…' ");
    expect(script).toContain("HOST IP '10.0.0.0/8', LOCAL\n");
  });

  test("and its end is told to whoever lets the user in", () => {
    const script = scriptOfUser(
      `CREATE USER ann IDENTIFIED WITH sha256_hash BY '${SECRET}' VALID UNTIL '2030-01-01 00:00:00' HOST LOCAL`,
    );
    expect(script).toContain(
      "-- To let in: ALTER USER `ann` IDENTIFIED BY '…' VALID UNTIL '2030-01-01 00:00:00' HOST LOCAL\n",
    );
  });
});

test.each(["IDENTIFIED", "user", "a`b", "it's; DROP", "ops@192.168.%"])("a user may be called %s", (name) => {
  const quoted = `\`${name.replace("`", "\\`")}\``;
  const script = scriptOfUser(`CREATE USER ${quoted} IDENTIFIED BY '${SECRET}' DEFAULT DATABASE app`, name);
  expect(script).not.toContain(SECRET);
  expect(splitStatements(script)).toEqual([
    `CREATE USER IF NOT EXISTS ${quoted} ${LOCKED}`,
    `ALTER USER ${quoted} DEFAULT DATABASE app`,
  ]);
});

test("a name with a pattern of hosts behind it is passed over", () => {
  expect(
    scriptOfUser("CREATE USER `ann`@`%.example` IDENTIFIED BY 'x' DEFAULT ROLE NONE", "ann@%.example"),
  ).toContain("ALTER USER `ann@%.example` DEFAULT ROLE NONE;");
});

test("it is an object of the backup: counted, and encrypted anew with the others", () => {
  const access = { ...buildStoredObject("access.sql"), ...nameEntities(NOTHING) };
  const store = buildClickHouseManifest({ access });
  expect(objectsOfStore(store)).toContainEqual(access);
  const rekeyed = mapObjects(buildManifest({ stores: [store] }), ({ key, ...rest }) => ({
    ...rest,
    key: `${key}.age`,
  }));
  expect(rekeyed.stores[0]).toMatchObject({ access: { key: "access.sql.age", users: [] } });
});

test("the roles of a Postgres backup are encrypted anew as well", () => {
  const globals = buildStoredObject("globals.sql");
  const manifest = buildManifest({ stores: [buildPostgresManifest({ globals })] });
  const rekeyed = mapObjects(manifest, ({ key, ...rest }) => ({ ...rest, key: `${key}.age` }));
  expect(rekeyed.stores[0]).toMatchObject({ globals: { key: "globals.sql.age" } });
});

test("RESTORE.md fetches it by its digest, outside of what runs by itself", () => {
  const access = { ...buildStoredObject("access.sql"), ...nameEntities(NOTHING) };
  const manifest = buildManifest({ stores: [buildClickHouseManifest({ access })] });
  const guide = renderRestoreGuide(manifest, "s3://backups/shop");
  expect(guide).toContain(`    fetch access.sql ${access.sha256} log-access.sql\n`);
  expect(guide.replaceAll(/```bash[\s\S]*?```/g, "")).toContain("--queries-file log-access.sql");
  const without = buildManifest({ stores: [buildClickHouseManifest()] });
  expect(renderRestoreGuide(without, "s3://backups/shop")).not.toContain("access.sql");
});

test("a restore that is asked for users is refused where the backup has none", () => {
  const target = new FakeTarget("clickhouse", "clickhouse");
  const access = { ...buildStoredObject("access.sql"), ...nameEntities(NOTHING) };
  expect(() => requireAccess([{ store: buildClickHouseManifest(), target }])).toThrow("no users and rights");
  expect(() => requireAccess([{ store: buildClickHouseManifest({ access }), target }])).not.toThrow();
});
