import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parseManifest, serialiseManifest } from "../../../src/backup/manifest.ts";
import type { PostgresManifest } from "../../../src/backup/manifest.ts";
import { restore, restoreAndCompare } from "../../../src/commands/restore.ts";
import type { RestoreRequest, RestoreResult } from "../../../src/commands/restore.ts";
import { backup } from "../../../src/commands/backup.ts";
import { pickBackup } from "../../../src/commands/catalogue/catalogue.ts";
import type { RestoredStore } from "../../../src/commands/restoring/compare-restored.ts";
import { readObjects } from "../../../src/commands/objects/object-reader.ts";
import { AppError } from "../../../src/errors.ts";
import { SeveralDestinations } from "../../../src/destinations/several.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import { createPostgresTarget } from "../../../src/stores/postgres/restore/target.ts";
import type { Placement } from "../../../src/stores/store.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { changeUrl, createRichDatabase, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

const place = new MemoryPlace();
let source: TestDatabase;

beforeAll(async () => {
  source = await createRichDatabase();
  const run = startToolRun();
  const destination = new SeveralDestinations([new MemoryDestination(place, run)], run);
  const store = createPostgresStore({ name: "postgres", url: new Secret(source.url) }, run);
  await backup(
    { name: "shop", stores: [store], destination, full: false, openForCleanUp: async () => destination },
    run,
  );
});

afterAll(async () => {
  await source.drop();
});

async function restoreTo(
  url: string,
  placement: Placement,
  more: Partial<RestoreRequest> = {},
  from: MemoryPlace = place,
): Promise<{ result: RestoreResult; lines: string }> {
  const run = startToolRun();
  const target = createPostgresTarget({ store: "postgres", url: new Secret(url), placement }, run);
  const destination = new MemoryDestination(from, run);
  const result = await restore({ destination, selection: {}, targets: [target], replace: [], ...more }, run);
  return { result, lines: run.lines.join("\n") };
}

/** The same backup with another manifest. */
function changeBackup(change: (manifest: PostgresManifest) => void): MemoryPlace {
  const changed = new MemoryPlace();
  for (const [key, bytes] of place.objects) {
    if (!key.endsWith("/manifest.json")) changed.set(key, bytes.bytes);
    else {
      const manifest = parseManifest(place.bytes(key), key);
      (manifest.stores as PostgresManifest[]).forEach(change);
      changed.set(key, serialiseManifest(manifest));
    }
  }
  return changed;
}

async function listDatabases(like: string): Promise<string[]> {
  const rows = await runSql(
    inject("postgresUrl"),
    `SELECT datname::text AS name FROM pg_database WHERE datname LIKE '${like}%' ORDER BY 1`,
  );
  return rows.map(({ name }) => String(name));
}

function nameOne(): { name: string; url: string } {
  const name = `placed_${randomBytes(4).toString("hex")}`;
  return { name, url: changeUrl(source.url, { pathname: `/${name}` }).reveal() };
}

async function dropAll(like: string): Promise<void> {
  for (const name of await listDatabases(like)) {
    await runSql(inject("postgresUrl"), `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

describe("a database that is created", () => {
  test("holds the whole backup, in the encoding and locale it had", async () => {
    const { name, url } = nameOne();
    try {
      const { result } = await restoreTo(url, { create: true });
      expect(result).toMatchObject({ verdict: "restored", notRestored: [], leftBeside: [] });
      expect(result.phases.map(({ phase }) => phase)).toEqual(
        expect.arrayContaining([
          "postgres: fetch",
          "postgres: data",
          "postgres: compare",
          "postgres: indexes",
        ]),
      );
      const locale = `SELECT encoding, datcollate, datctype FROM pg_database WHERE datname = current_database()`;
      expect(await runSql(url, locale)).toEqual(await runSql(source.url, locale));
      await expect(restoreTo(url, { create: true })).rejects.toMatchObject({
        code: "TARGET_REFUSED",
        message: `The database ${name} exists already.`,
      });
    } finally {
      await dropAll(name);
    }
  });

  test("is gone again when the restore fails", async () => {
    const { name, url } = nameOne();
    const damaged = changeBackup((manifest) => void (manifest.roles = []));
    for (const key of damaged.objects.keys()) {
      if (!key.endsWith("app.dump")) continue;
      const bytes = Buffer.from(damaged.bytes(key));
      bytes[bytes.length - 900] = (bytes[bytes.length - 900] ?? 0) ^ 1;
      damaged.set(key, bytes);
    }
    await expect(restoreTo(url, { create: true }, { stream: true }, damaged)).rejects.toMatchObject({
      code: "BACKUP_DAMAGED",
    });
    expect(await listDatabases(name)).toEqual([]);
  });

  test("needs the right to create one, and the line that gives it is told", async () => {
    const role = `plain_${randomBytes(4).toString("hex")}`;
    await runSql(inject("postgresUrl"), `CREATE ROLE ${role} LOGIN PASSWORD 'pw'`);
    try {
      const url = changeUrl(nameOne().url, { username: role, password: "pw" }).reveal();
      await expect(restoreTo(url, { create: true })).rejects.toMatchObject({
        code: "STORE_RIGHTS_MISSING",
        hint: expect.stringContaining(`ALTER ROLE "${role}" CREATEDB`),
      });
    } finally {
      await runSql(inject("postgresUrl"), `DROP ROLE ${role}`);
    }
  });

  test("is nothing that Supabase has", async () => {
    const url = "postgres://postgres:pw@db.abcdefghijkl.supabase.co:5432/postgres";
    await expect(restoreTo(url, { create: true, maintenanceDatabase: "postgres" })).rejects.toBeInstanceOf(
      AppError,
    );
  });
});

describe("a database that is replaced", () => {
  test("is exchanged under its sessions once the new one is proved, with its settings", async () => {
    const old = await createPostgresDatabase();
    try {
      await runSql(
        old.url,
        `CREATE TABLE old_rows AS SELECT 1 AS one; ALTER DATABASE ${old.name} SET search_path = billing, public;
         ALTER DATABASE ${old.name} SET work_mem = '7MB'; REVOKE CONNECT ON DATABASE ${old.name} FROM PUBLIC`,
      );
      const busy = new Client({ connectionString: old.url });
      busy.on("error", () => {});
      await busy.connect();
      const { result } = await restoreTo(old.url, { replace: old.name });
      expect(result).toMatchObject({ verdict: "restored", leftBeside: [] });
      await expect(busy.query("SELECT 1")).rejects.toThrow();
      expect(await runSql(old.url, "SELECT count(*)::int AS count FROM public.organisations")).toEqual([
        { count: 4 },
      ]);
      expect(await runSql(old.url, "SELECT to_regclass('old_rows')::text AS left")).toEqual([{ left: null }]);
      expect(await runSql(old.url, "SHOW search_path")).toEqual([{ search_path: "billing, public" }]);
      expect(await runSql(old.url, "SHOW work_mem")).toEqual([{ work_mem: "7MB" }]);
      expect(
        await runSql(
          old.url,
          "SELECT datacl::text ~ '(^|[{,])=[A-Za-z]*c' AS open FROM pg_database WHERE datname = current_database()",
        ),
      ).toEqual([{ open: false }]);
      expect(await listDatabases(old.name)).toEqual([old.name]);
    } finally {
      await dropAll(old.name);
    }
  });

  test("stays as it is when the new one differs, which is left beside for a look", async () => {
    const old = await createPostgresDatabase();
    try {
      await runSql(old.url, "CREATE TABLE old_rows AS SELECT 1 AS one");
      const changed = changeBackup(({ inventory }) => {
        for (const table of inventory.tables) if (table.name === "public.animals") table.rows += 1;
      });
      const { result, lines } = await restoreTo(old.url, { replace: old.name }, {}, changed);
      expect(result).toMatchObject({
        verdict: "differs",
        leftBeside: [expect.stringContaining(`${old.name}_restored_`)],
      });
      expect(lines).toContain("public.animals differ from the backup");
      // It was ended when the rows were in: hours of building indexes would not have changed the verdict.
      const [beside = ""] = result.leftBeside;
      const url = changeUrl(old.url, { pathname: `/${beside}` }).reveal();
      expect(
        await runSql(
          url,
          "SELECT count(*)::int AS count FROM pg_constraint WHERE contype IN ('p', 'f') AND conrelid >= 16384",
        ),
      ).toEqual([{ count: 0 }]);
      expect(await runSql(old.url, "SELECT one FROM old_rows")).toEqual([{ one: 1 }]);
    } finally {
      await dropAll(old.name);
    }
  });

  test("must be named, and with its host where it is the source", async () => {
    const old = await createPostgresDatabase();
    try {
      await expect(restoreTo(old.url, { replace: "another" })).rejects.toMatchObject({
        code: "TARGET_REFUSED",
        hint: `To replace it, type its name out: --replace-db ${old.name}`,
      });
      const { host } = new URL(source.url);
      await expect(restoreTo(source.url, { replace: source.name })).rejects.toMatchObject({
        hint: `To replace it, type its name out: --replace-db ${host}/${source.name}`,
      });
      expect(await listDatabases(source.name)).toEqual([source.name]);
    } finally {
      await dropAll(old.name);
    }
  });
});

describe("what the target cannot hold", () => {
  test("an extension that it does not offer is refused before anything is fetched, unless it may be missing", async () => {
    const target = await createPostgresDatabase();
    try {
      const needy = changeBackup(({ inventory }) => {
        inventory.schema.push({ kind: "extension", name: "pg_cron", definition: "in schema pg_catalog" });
      });
      const refused = restoreTo(target.url, {}, {}, needy);
      await expect(refused).rejects.toMatchObject({
        code: "STORE_UNSUPPORTED",
        message: expect.stringContaining("does not offer extension pg_cron"),
        hint: expect.stringContaining('--allow-missing "extension pg_cron"'),
      });
      const { result } = await restoreTo(target.url, {}, { allowMissing: ["extension pg_cron"] }, needy);
      expect(result.verdict).toBe("restored");
      expect(result.notRestored).toEqual([
        "postgres: extension pg_cron: it is not there (allowed to be missing)",
      ]);
      expect(result.comparisons[0]?.notProven).toContain(
        "extension pg_cron: it is not there (allowed to be missing)",
      );
    } finally {
      await target.drop();
    }
  });

  test("objects that are lost are all named; what may be missing is no failure, and is told", async () => {
    const target = await createPostgresDatabase();
    const guard = `CREATE SCHEMA guard;
      CREATE FUNCTION guard.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not here'; END $$;
      CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE PUBLICATION', 'CREATE RULE')
        EXECUTE FUNCTION guard.refuse()`;
    const attempt = async (allowMissing: string[]): Promise<RestoredStore> => {
      const run = startToolRun();
      const destination = new MemoryDestination(place, run);
      const [store] = (await pickBackup(destination, {})).stores;
      if (!store) throw new Error("the backup holds no store");
      await using scratch = await Scratch.create();
      return await restoreAndCompare(
        { store, target: createPostgresTarget({ store: "postgres", url: new Secret(target.url) }, run) },
        {
          objects: readObjects(destination, undefined, run),
          replace: false,
          scratchDir: scratch.path,
          allowMissing,
          jobs: 1, // the lines of workers may mix
        },
        run,
      );
    };
    try {
      await runSql(target.url, guard);
      await expect(attempt([])).rejects.toMatchObject({
        code: "TOOL_FAILED",
        message: expect.stringMatching(
          /(?=.*\n {2}rule public\.empty_table\.ignore_deletes: not here)(?=.*\n {2}publication changes: not here)/s,
        ),
        hint: expect.stringMatching(
          /--allow-missing "(?=.*rule public\.empty_table\.ignore_deletes)(?=.*publication changes)/,
        ),
      });
      expect(await runSql(target.url, "SELECT to_regclass('organisations')::text AS left")).toEqual([
        { left: null },
      ]);

      const allowed = ["rule public.empty_table.ignore_deletes", "publication changes"];
      const { comparison, notRestored } = await attempt(allowed);
      expect(comparison.differences.filter(({ expected }) => expected !== "nothing")).toEqual([]);
      expect(comparison.rowsCompared).toBe(1469);
      expect(notRestored).toContain(
        "postgres: rule public.empty_table.ignore_deletes: not here (allowed to be missing)",
      );
    } finally {
      await target.drop();
    }
  });
});
