import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPostgres } from "../../../local-services/postgres.ts";
import { compareInventories } from "../../../src/backup/inventory.ts";
import type { Comparison } from "../../../src/backup/inventory.ts";
import { postgresManifestSchema } from "../../../src/backup/manifest.ts";
import type { PostgresManifest } from "../../../src/backup/manifest.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import type { PostgresStoreOptions } from "../../../src/stores/postgres/store.ts";
import { createPostgresThrowaway } from "../../../src/stores/postgres/restore/target.ts";
import type { Target } from "../../../src/stores/store.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { runSql, startToolRun } from "../../support/postgres-databases.ts";

type Server = Awaited<ReturnType<typeof startPostgres>>;

const ALICE = "00000000-0000-4000-8000-000000000001";
const STRANGER = "00000000-0000-4000-8000-000000000049";

// Servers of this file's own: roles are the server's, and Supabase's must be missing where a backup is restored.
let project: Server;
let plain: Server;
const sink = new MemorySink();
let manifest: PostgresManifest;

beforeAll(async () => {
  [project, plain] = await Promise.all([startPostgres(), startPostgres()]);
  await runSql(project.url, await readFile(new URL("../../fixtures/supabase.sql", import.meta.url), "utf8"));
  manifest = await backUp(sink);
});

afterAll(async () => {
  await Promise.all([project?.stop(), plain?.stop()]);
});

async function backUp(
  into: MemorySink,
  options: Partial<PostgresStoreOptions> = {},
  run = startToolRun(),
): Promise<PostgresManifest> {
  const store = createPostgresStore({ name: "postgres", url: new Secret(project.url), ...options }, run);
  return postgresManifestSchema.parse(await store.backup(into));
}

async function restore(target: Target, backup: PostgresManifest, from: MemorySink): Promise<void> {
  await using scratch = await Scratch.create();
  await target.restore(backup, { objects: from, replace: false, scratchDir: scratch.path });
}

async function compare(target: Target, backup: PostgresManifest): Promise<Comparison> {
  return compareInventories("postgres", backup.inventory, await target.takeInventory(backup));
}

describe("a Supabase project", () => {
  test("is recognised, and everything of the platform is left out with the reason", async () => {
    const run = startToolRun();
    await createPostgresStore({ name: "app", url: new Secret(project.url) }, run).check();
    expect(run.lines.join("\n")).toContain("app: this is a Supabase project");
    expect(manifest.excludedSchemas).toEqual([
      "extensions",
      "graphql",
      "graphql_public",
      "pgbouncer",
      "realtime",
      "storage",
      "vault",
    ]);
    const leftOut = new Map(manifest.leftOut.map(({ what, why }) => [what, why]));
    expect(leftOut.get("Schema vault")).toContain("vault.decrypted_secrets");
    expect(leftOut.get("Schema storage")).toContain("keep-schemas");
    expect(leftOut.get("Extension pg_graphql")).toContain("GraphQL");
    expect(leftOut.get("Event trigger pgrst_ddl_watch")).toBe("It belongs to Supabase.");
    expect(manifest.roles).toEqual([
      "anon",
      "authenticated",
      "dashboard_user",
      "postgres",
      "service_role",
      "supabase_admin",
      "supabase_auth_admin",
    ]);
  });

  test("comes back in a plain server, policies, keys, triggers and grants included", async () => {
    const target = await createPostgresThrowaway(
      { store: "postgres", url: new Secret(plain.url) },
      startToolRun(),
    );
    try {
      expect((await target.inspect(manifest)).occupiedBy).toEqual([]);
      await restore(target, manifest, sink);
      const comparison = await compare(target, manifest);
      expect(comparison.differences).toEqual([]);
      const count = (kind: string): number =>
        manifest.inventory.schema.filter((object) => object.kind === kind).length;
      expect(count("policy")).toBe(31);
      expect(count("foreign key")).toBe(12);
      expect(count("trigger")).toBe(2);
      expect(count("table grants")).toBeGreaterThan(10);
      expect(count("default privileges")).toBe(5);
      expect(await target.query("SELECT rolname FROM pg_roles WHERE rolbypassrls AND NOT rolsuper")).toEqual([
        { rolname: "service_role" },
        { rolname: "supabase_admin" },
      ]);

      // What its users see is what they saw.
      const see = async (sub: string, role: string): Promise<unknown> => {
        const settings = { "request.jwt.claims": JSON.stringify({ sub, role, aal: "aal1" }) };
        const [row] = await target.query(
          `SELECT (SELECT count(*)::int FROM profiles) AS profiles, (SELECT count(*)::int FROM documents) AS documents,
             (SELECT count(*)::int FROM organisations) AS organisations`,
          { role, settings },
        );
        return row;
      };
      expect(await see(ALICE, "authenticated")).toEqual({ profiles: 1, documents: 74, organisations: 1 });
      expect(await see(STRANGER, "authenticated")).toEqual({ profiles: 1, documents: 60, organisations: 0 });
      expect(await see("", "service_role")).toEqual({ profiles: 50, documents: 200, organisations: 10 });
      await expect(target.query("SELECT * FROM api_keys", { role: "anon" })).rejects.toThrow(
        /permission denied/,
      );
      expect(await target.query("SELECT tablename FROM pg_publication_tables ORDER BY 1")).toEqual([
        { tablename: "comments" },
        { tablename: "documents" },
      ]);
      const before = await target.query("SELECT count(*)::int FROM profiles");
      await target.query(`INSERT INTO auth.users (id) VALUES (gen_random_uuid())`);
      expect(await target.query("SELECT count(*)::int - 1 AS count FROM profiles")).toEqual(before);
      await target.query(`DELETE FROM auth.users WHERE id = '${STRANGER}'`);
      expect(await target.query(`SELECT FROM profiles WHERE id = '${STRANGER}'`)).toEqual([]);
    } finally {
      await target.destroy();
    }
    expect(await runSql(plain.url, "SELECT FROM pg_roles WHERE rolname = 'anon'")).toEqual([]);
  });

  test.each([
    [
      "a dropped policy",
      `DROP POLICY "Own documents" ON documents`,
      { kind: "policy", name: "public.documents.Own documents" },
    ],
    [
      "a grant taken away",
      "REVOKE SELECT ON documents FROM authenticated",
      { kind: "table grants", name: "public.documents" },
    ],
    ["a grant given", "GRANT SELECT ON api_keys TO anon", { kind: "table grants", name: "public.api_keys" }],
    [
      "a function open to all",
      "GRANT EXECUTE ON FUNCTION is_member(uuid) TO PUBLIC",
      { kind: "function grants", name: "public.is_member(organisation uuid)" },
    ],
    [
      "a column closed",
      "REVOKE UPDATE (name) ON profiles FROM authenticated",
      { kind: "column grants", name: "public.profiles.name" },
    ],
    [
      "other default privileges",
      "ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public REVOKE ALL ON FUNCTIONS FROM anon",
      { kind: "default privileges", name: "functions of postgres in public" },
    ],
  ])("differs after %s, and names it", async (_, damage, difference) => {
    const target = await createPostgresThrowaway(
      { store: "postgres", url: new Secret(plain.url) },
      startToolRun(),
    );
    try {
      await restore(target, manifest, sink);
      await target.query(damage);
      expect((await compare(target, manifest)).differences).toEqual([expect.objectContaining(difference)]);
    } finally {
      await target.destroy();
    }
  });
});
