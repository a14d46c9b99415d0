import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres } from "../../../local-services/postgres.ts";
import { postgresManifestSchema } from "../../../src/backup/manifest.ts";
import type { PostgresManifest } from "../../../src/backup/manifest.ts";
import type { RestoreScope } from "../../../src/backup/restore-scope.ts";
import { restoreAndCompare } from "../../../src/commands/restore.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import { createPostgresTarget } from "../../../src/stores/postgres/restore/target.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";

type Server = Awaited<ReturnType<typeof startPostgres>>;

const USERS_PART = "\n-- What the user of the project made.\n";

let project: Server;
/** Another project, new, whose user `postgres` is no superuser, as on the platform. */
let live: Server;
/** Its platform's own administrator. */
let admin: string;
const sink = new MemorySink();
let manifest: PostgresManifest;

beforeAll(async () => {
  [project, live] = await Promise.all([startPostgres(), startPostgres()]);
  const fixture = await readFile(new URL("../../fixtures/supabase.sql", import.meta.url), "utf8");
  await runSql(project.url, fixture);
  const store = createPostgresStore({ name: "app", url: new Secret(project.url) }, startToolRun());
  manifest = postgresManifestSchema.parse(await store.backup(sink));

  await runSql(live.url, `CREATE ROLE platform LOGIN SUPERUSER PASSWORD '${live.password}'`);
  admin = changeUrl(live.url, { username: "platform" }).reveal();
  await runSql(
    admin,
    `ALTER ROLE postgres RENAME TO bootstrap;
     CREATE ROLE postgres LOGIN PASSWORD '${live.password}' CREATEDB CREATEROLE BYPASSRLS;
     ALTER DATABASE postgres OWNER TO postgres`,
  );
  await runSql(admin, fixture.slice(0, fixture.indexOf(USERS_PART)));
  await runSql(
    admin,
    `DELETE FROM auth.users; DROP SCHEMA supabase_migrations CASCADE;
     ALTER PUBLICATION supabase_realtime OWNER TO postgres;
     GRANT anon, authenticated, service_role TO postgres WITH ADMIN OPTION;
     GRANT USAGE ON SCHEMA auth, extensions TO postgres;
     ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
     ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
     ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role`,
  );
});
afterAll(async () => {
  await Promise.all([project?.stop(), live?.stop()]);
});

/** What the platform made and must keep: default privileges, its schemas, what lies in them, and who may do what there. */
async function readPlatformsOwn(): Promise<unknown> {
  return await runSql(
    admin,
    `SELECT 'default' AS kind, defaclrole::regrole || ' ' || defaclobjtype::text || coalesce(nspname, '') AS name, defaclacl::text AS is
     FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace
     UNION ALL SELECT 'schema', nspname, concat_ws(' ', nspowner::regrole, nspacl::text) FROM pg_namespace
       WHERE nspname IN ('auth', 'storage', 'realtime', 'vault', 'extensions', 'graphql', 'public')
     UNION ALL SELECT 'relation', c.oid::regclass::text, concat_ws(' ', relowner::regrole, relacl::text) FROM pg_class c
       JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN ('auth', 'storage', 'realtime', 'vault')
     UNION ALL SELECT 'extension', extname, extowner::regrole::text FROM pg_extension
     UNION ALL SELECT 'event trigger', evtname, evtowner::regrole::text FROM pg_event_trigger
     UNION ALL SELECT 'migration', version, '' FROM auth.schema_migrations ORDER BY 1, 2`,
  );
}

async function restorePart(
  scope: RestoreScope,
  replace = false,
): Promise<Awaited<ReturnType<typeof restoreAndCompare>>> {
  const run = startToolRun();
  const target = createPostgresTarget({ store: "app", url: new Secret(live.url) }, run);
  if (!replace) expect((await target.inspect(manifest, scope)).occupiedBy).toEqual([]);
  await using scratch = await Scratch.create();
  const request = { objects: sink, replace, scratchDir: scratch.path, scope };
  return await restoreAndCompare({ store: manifest, target }, request, run);
}

test("a project comes back in another project, which keeps what the platform made", async () => {
  const before = await readPlatformsOwn();
  const auth = await restorePart({
    content: "data",
    tables: ["auth.users", "auth.identities", "auth.sessions"],
  });
  expect(auth.comparison).toMatchObject({ differences: [], rowsCompared: 150 });
  const own = await restorePart({ content: "all", schemas: ["public", "supabase_migrations"] });
  const count = (kind: string): number =>
    manifest.inventory.schema.filter((object) => object.kind === kind && object.name.startsWith("public."))
      .length;
  expect([count("policy"), count("foreign key")]).toEqual([31, 10]);
  // Default privileges of the project open what the original had closed: the operator reads of each.
  expect(own.comparison.differences.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    "function grants public.is_member(organisation uuid)",
    "table grants public.api_keys",
    "table grants public.audit_log",
    "table grants public.profiles",
  ]);
  expect(await readPlatformsOwn()).toEqual(before);

  await runSql(admin, "ALTER TABLE public.audit_log DROP COLUMN action");
  const again = await restorePart({ content: "all", tables: ["public.audit_log"] }, true);
  expect(again.comparison.differences.map(({ name }) => name)).toEqual(["public.audit_log"]);
  await expect(restorePart({ content: "all" }, true)).rejects.toMatchObject({
    code: "TARGET_REFUSED",
    message: expect.stringMatching(/running Supabase project, and its auth would be replaced/),
  });
  expect(await readPlatformsOwn()).toEqual(before);
});
