import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { compareInventories } from "../../../src/backup/inventory.ts";
import type { PostgresManifest, StoreManifest } from "../../../src/backup/manifest.ts";
import { AppError } from "../../../src/errors.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import {
  createPostgresTarget,
  createPostgresThrowaway,
} from "../../../src/stores/postgres/restore/target.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, createRichDatabase, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { listPrograms } from "../../support/processes.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";
import { until } from "../../support/until.ts";

let source: TestDatabase;

beforeAll(async () => {
  source = await createRichDatabase();
  // More than every buffer between pg_dump and the sink holds, and nothing that compresses well.
  await runSql(
    source.url,
    `CREATE TABLE bulk AS SELECT md5(random()::text) || md5(random()::text) AS noise FROM generate_series(1, 200000)`,
  );
});

afterAll(async () => {
  await source.drop();
});

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw error;
}

function checkAt(url: Secret): Promise<string> {
  return createPostgresStore({ name: "postgres", url }, startToolRun()).check();
}

/** Does something when the first bytes of the dump have arrived, and holds the rest back meanwhile. */
class InterruptedSink extends MemorySink {
  readonly #interrupt: () => Promise<void>;

  constructor(interrupt: () => Promise<void>) {
    super();
    this.#interrupt = interrupt;
  }

  override put(file: string, body: AsyncIterable<Uint8Array>): ReturnType<MemorySink["put"]> {
    const interrupt = this.#interrupt;
    return super.put(
      file,
      (async function* () {
        let isFirst = true;
        for await (const chunk of body) {
          if (isFirst) await interrupt();
          isFirst = false;
          yield chunk;
        }
      })(),
    );
  }
}

/** Pid of the running pg_dump. */
function findDump(): number {
  const dump = listPrograms(process.pid).find(({ commandLine }) => commandLine.includes("--snapshot="));
  if (!dump) throw new Error("pg_dump does not run");
  return dump.pid;
}

describe("a server that cannot be reached", () => {
  test.each([
    ["a wrong password", { password: "planted-and-wrong" }, "STORE_LOGIN_REFUSED", /password/],
    ["an unknown host", { hostname: "nowhere.invalid" }, "STORE_UNREACHABLE", /host/],
    ["a closed port", { port: "1" }, "STORE_UNREACHABLE", /port/],
    ["an unknown database", { pathname: "/no_such_database" }, "STORE_UNREACHABLE", /psql -l/],
  ])("%s gives one error with its hint", async (_, change, code, hint) => {
    const error = await failureOf(checkAt(changeUrl(source.url, change)));
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(hint);
    expect(`${error.message} ${error.hint}`).not.toContain(new URL(source.url).password);
    expect(`${error.message} ${error.hint}`).not.toContain("planted-and-wrong");
  });
});

describe("a role that could not read everything", () => {
  const role = `test_role_${randomBytes(4).toString("hex")}`;
  let url: Secret;

  beforeAll(async () => {
    await runSql(source.url, `CREATE ROLE ${role} LOGIN PASSWORD 'role-password'`);
    url = changeUrl(source.url, { username: role, password: "role-password" });
  });

  afterAll(async () => {
    await runSql(source.url, `DROP OWNED BY ${role}`);
    await runSql(source.url, `DROP ROLE ${role}`);
  });

  test("is refused with the statements that mend it, until it can", async () => {
    const many = await failureOf(checkAt(url));
    expect(many.code).toBe("STORE_RIGHTS_MISSING");
    expect(many.hint).toContain(`GRANT pg_read_all_data TO "${role}";`);
    expect(many.hint).toContain(`ALTER ROLE "${role}" BYPASSRLS;`);

    await runSql(source.url, `GRANT pg_read_all_data TO ${role}`);
    const blinded = await failureOf(checkAt(url));
    expect(blinded.message).toContain(
      "row-level security hides rows of public.event_notes, public.organisations",
    );
    await runSql(source.url, blinded.hint.replace(/^[^:]*: /, ""));
    expect(await checkAt(url)).toMatch(/^PostgreSQL 1\d/);
  });

  test("is told of the one table and the one sequence that it may not read", async () => {
    await runSql(
      source.url,
      `REVOKE pg_read_all_data FROM ${role};
       GRANT USAGE ON SCHEMA public, billing TO ${role};
       GRANT SELECT ON ALL TABLES IN SCHEMA public, billing, "Kunden & Köln" TO ${role};
       GRANT SELECT ON ALL SEQUENCES IN SCHEMA public, billing TO ${role};
       REVOKE SELECT ON public.animals, public.tickets FROM ${role}`,
    );
    const error = await failureOf(checkAt(url));
    expect(error.hint).toContain(`GRANT SELECT ON TABLE "public"."animals" TO "${role}";`);
    expect(error.hint).toContain(`GRANT SELECT ON SEQUENCE "public"."tickets" TO "${role}";`);
    expect(error.hint).toContain(`GRANT USAGE ON SCHEMA "Kunden & Köln" TO "${role}";`);
    await runSql(source.url, error.hint.replace(/^[^:]*: /, ""));
    await checkAt(url);
  });
});

describe("a backup that is interrupted", () => {
  function backUpInto(sink: MemorySink, run = startToolRun()): Promise<StoreManifest> {
    return createPostgresStore({ name: "postgres", url: new Secret(source.url) }, run).backup(sink);
  }

  async function expectNothingLeft(sink: MemorySink): Promise<void> {
    expect(sink.failures).toHaveLength(1);
    expect(sink.objects.size).toBe(0);
    expect(listPrograms(process.pid).filter(({ commandLine }) => commandLine.includes("pg_"))).toEqual([]);
  }

  test("fails, and ends its object in an error, when pg_dump is killed half-way", async () => {
    const sink = new InterruptedSink(async () => void process.kill(findDump(), "SIGKILL"));
    const error = await failureOf(backUpInto(sink));
    expect(error).toMatchObject({ code: "TOOL_FAILED" });
    expect(error.message).toMatch(/^pg_dump was ended by SIGKILL/);
    await expectNothingLeft(sink);
  });

  test.each([
    ["holds the snapshot", "application_name = 'lifeboat'"],
    ["feeds pg_dump", "query LIKE 'COPY %'"],
  ])("fails when the server ends the session that %s", async (_, which) => {
    const sink = new InterruptedSink(async () => {
      const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${source.name}' AND ${which}`;
      // The first bytes are the archive's head: pg_dump may not read rows yet.
      await until(async () => (await runSql(inject("postgresUrl"), end)).length > 0);
    });
    const error = await failureOf(backUpInto(sink));
    expect(["STORE_FAILED", "TOOL_FAILED"]).toContain(error.code);
    expect(error.hint).toMatch(/connection was cut/);
    await expectNothingLeft(sink);
  });

  test("fails when the server ends the session that reads the catalog beside the dump", async () => {
    const blocker = new Client({ connectionString: source.url });
    await blocker.connect();
    try {
      // A catalog that pg_dump does not look into here.
      await blocker.query("BEGIN; LOCK TABLE pg_catalog.pg_ts_config_map");
      const sink = new InterruptedSink(async () => {
        const waiting = `FROM pg_stat_activity WHERE datname = '${source.name}' AND application_name = 'lifeboat'
          AND wait_event_type = 'Lock'`;
        const url = inject("postgresUrl");
        await until(async () => (await runSql(url, `SELECT ${waiting}`)).length > 0);
        await runSql(url, `SELECT pg_terminate_backend(pid) ${waiting}`);
      });
      const error = await failureOf(backUpInto(sink));
      expect(error).toMatchObject({ code: "STORE_FAILED" });
      expect(error.hint).toMatch(/connection was cut/);
      await expectNothingLeft(sink);
    } finally {
      await blocker.end();
    }
  });

  test("ends with CANCELLED when the run is cancelled", async () => {
    const run = startToolRun();
    const sink = new InterruptedSink(async () => run.stopAll());
    expect(await failureOf(backUpInto(sink, run))).toMatchObject({ code: "CANCELLED" });
    await expectNothingLeft(sink);
  });

  test("fails when the destination does", async () => {
    const sink = new InterruptedSink(async () => {
      throw new AppError("DESTINATION_FAILED", "The disk is full.", { hint: "Free space." });
    });
    expect(await failureOf(backUpInto(sink))).toMatchObject({ code: "DESTINATION_FAILED" });
    await expectNothingLeft(sink);
  });

  test("shows no password in the arguments of any program", async () => {
    const password = new URL(source.url).password;
    const seen: string[] = [];
    await backUpInto(
      new InterruptedSink(
        async () => void seen.push(...listPrograms(process.pid).map(({ commandLine }) => commandLine)),
      ),
    );
    expect(seen.some((argv) => argv.includes("--snapshot="))).toBe(true);
    expect(seen.filter((argv) => argv.includes(password))).toEqual([]);
  });
});

describe("a restore that fails", () => {
  const sink = new MemorySink();
  let manifest: PostgresManifest;

  beforeAll(async () => {
    const store = createPostgresStore({ name: "postgres", url: new Secret(source.url) }, startToolRun());
    manifest = (await store.backup(sink)) as PostgresManifest;
  });

  /** @param meanwhile - runs beside the restore */
  async function failToRestore(
    objects: MemorySink,
    run = startToolRun(),
    meanwhile: (url: string) => Promise<void> = async () => {},
  ): Promise<AppError> {
    const database = await createPostgresDatabase();
    try {
      const target = createPostgresTarget({ store: "postgres", url: new Secret(database.url) }, run);
      await runSql(database.url, "CREATE SCHEMA kept");
      await using scratch = await Scratch.create();
      const request = { objects, replace: false, scratchDir: scratch.path };
      const [error] = await Promise.all([
        failureOf(target.restore(manifest, request)),
        meanwhile(database.url),
      ]);
      expect(await readdir(scratch.path)).toEqual([]);
      const fresh = createPostgresTarget(
        { store: "postgres", url: new Secret(database.url) },
        startToolRun(),
      );
      const left = await fresh.takeInventory(manifest);
      expect(left.tables).toEqual([]);
      expect(left.schema.filter(({ name }) => name !== "public")).toEqual([
        { kind: "schema", name: "kept", definition: "present" },
      ]);
      return error;
    } finally {
      await database.drop();
    }
  }

  test("because the archive is damaged leaves the target empty", async () => {
    const damaged = new MemorySink();
    const bytes = Buffer.from(sink.objects.get("app.dump") ?? "");
    bytes[bytes.length - 1000] = (bytes[bytes.length - 1000] ?? 0) ^ 1;
    damaged.objects.set("app.dump", bytes);
    expect(await failToRestore(damaged)).toMatchObject({ code: "BACKUP_DAMAGED" });
  });

  test("because the archive is gone leaves the target empty", async () => {
    expect(await failToRestore(new MemorySink())).toMatchObject({ code: "OBJECT_MISSING" });
  });

  test("half-way leaves the target as it was, and says what pg_restore said", async () => {
    // A view that is in the way of nothing but itself, so that much is restored before pg_restore meets it.
    const database = await createPostgresDatabase();
    try {
      await runSql(database.url, "CREATE VIEW public.paying AS SELECT 1 AS one");
      const target = createPostgresTarget(
        { store: "postgres", url: new Secret(database.url) },
        startToolRun(),
      );
      expect((await target.inspect(manifest)).occupiedBy).toEqual(["view public.paying"]);
      await using scratch = await Scratch.create();
      const error = await failureOf(
        target.restore(manifest, { objects: sink, replace: false, scratchDir: scratch.path }),
      );
      expect(error.code).toBe("TOOL_FAILED");
      expect(error.message).toBe(
        'pg_restore could not restore one object:\n  view public.paying: relation "paying" already exists',
      );
      const { tables, schema } = await target.takeInventory(manifest);
      expect(tables).toEqual([]);
      expect(schema.filter(({ kind }) => kind === "view").map(({ name }) => name)).toEqual(["public.paying"]);
      expect(schema.some(({ kind }) => kind === "function")).toBe(false);
    } finally {
      await database.drop();
    }
  });

  test("because the run was cancelled leaves the target empty", async () => {
    const run = startToolRun();
    const error = await failToRestore(sink, run, async (url) => {
      // Publications come last in an archive: pg_restore stands still when it has restored nearly all.
      const holder = new Client({ connectionString: url });
      await holder.connect();
      try {
        await holder.query("BEGIN; LOCK TABLE pg_publication IN SHARE MODE");
        const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database()
          AND application_name LIKE 'lifeboat-restore-%' AND wait_event_type = 'Lock'`;
        await until(async () => (await runSql(url, waiting)).length > 0);
        run.stopAll();
      } finally {
        await holder.end();
      }
    });
    expect(error).toMatchObject({ code: "CANCELLED" });
  });

  test("because its connection was cut says so, and leaves the target empty", async () => {
    const error = await failToRestore(sink, startToolRun(), async (url) => {
      const holder = new Client({ connectionString: url });
      await holder.connect();
      try {
        await holder.query("BEGIN; LOCK TABLE pg_publication IN SHARE MODE");
        const waiting = `FROM pg_stat_activity WHERE datname = current_database()
          AND application_name LIKE 'lifeboat-restore-%' AND wait_event_type = 'Lock'`;
        await until(async () => (await runSql(url, `SELECT ${waiting}`)).length > 0);
        await runSql(url, `SELECT pg_terminate_backend(pid) ${waiting}`);
      } finally {
        await holder.end();
      }
    });
    expect(error).toMatchObject({
      code: "TOOL_FAILED",
      message: expect.stringMatching(/^pg_restore could not go on: .*(terminating|closed) /),
      hint: expect.stringContaining("The connection was cut"),
    });
  });
});

describe("a throwaway target", () => {
  test("brings the roles that policies name, and takes them with it when it goes", async () => {
    const role = `test_Role_${randomBytes(4).toString("hex")}`;
    const server = inject("postgresUrl");
    const database = await createPostgresDatabase();
    await runSql(
      database.url,
      `CREATE ROLE "${role}"; CREATE TABLE t (id int); CREATE POLICY p ON t TO "${role}" USING (id = 1)`,
    );
    const sink = new MemorySink();
    const url = new Secret(database.url);
    const manifest = await createPostgresStore({ name: "postgres", url }, startToolRun()).backup(sink);
    expect(manifest).toMatchObject({ roles: [role] });
    await database.drop();
    await runSql(server, `DROP ROLE "${role}"`);

    const run = startToolRun();
    const target = await createPostgresThrowaway({ store: "my store", url: new Secret(server) }, run);
    await using scratch = await Scratch.create();
    await target.restore(manifest, { objects: sink, replace: false, scratchDir: scratch.path });
    const found = await target.takeInventory(manifest);
    expect(compareInventories("postgres", manifest.inventory, found).differences).toEqual([]);
    const [[name, address = ""] = []] = Object.entries(target.connectionEnv());
    expect(name).toBe("LIFEBOAT_MY_STORE_URL");

    run.stopAll(); // a cancelled drill cleans up as well
    await target.destroy();
    await expect(runSql(address, "SELECT 1")).rejects.toThrow(/does not exist/);
    expect(await runSql(server, `SELECT FROM pg_roles WHERE rolname = '${role}'`)).toEqual([]);
  });

  test("takes a role that another restore makes at the same moment for that one's", async () => {
    const role = `test_role_${randomBytes(4).toString("hex")}`;
    const server = inject("postgresUrl");
    const database = await createPostgresDatabase();
    await runSql(
      database.url,
      `CREATE ROLE ${role}; CREATE TABLE t (id int); CREATE POLICY p ON t TO ${role} USING (id = 1)`,
    );
    const sink = new MemorySink();
    const url = new Secret(database.url);
    const manifest = await createPostgresStore({ name: "postgres", url }, startToolRun()).backup(sink);
    await database.drop();
    await runSql(server, `DROP ROLE ${role}`);

    const target = await createPostgresThrowaway(
      { store: "postgres", url: new Secret(server) },
      startToolRun(),
    );
    await using scratch = await Scratch.create();
    const other = new Client({ connectionString: server });
    await other.connect();
    try {
      await other.query(`BEGIN; CREATE ROLE ${role}`);
      const restoring = target.restore(manifest, { objects: sink, replace: false, scratchDir: scratch.path });
      const waiting = `SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE ROLE "${role}"%' AND wait_event_type = 'Lock'`;
      await until(async () => (await runSql(server, waiting)).length > 0);
      await other.query("COMMIT");
      await restoring;
      await target.destroy();
      expect(await runSql(server, `SELECT FROM pg_roles WHERE rolname = '${role}'`)).toHaveLength(1);
    } finally {
      await other.end();
      await runSql(server, `DROP ROLE ${role}`);
    }
  });

  test("returns the rows of the last statement it is given, and explains a wrong one", async () => {
    const run = startToolRun();
    const url = new Secret(inject("postgresUrl"));
    const target = await createPostgresThrowaway({ store: "postgres", url }, run);
    try {
      expect(await target.query("CREATE TABLE t AS SELECT 1 AS one; SELECT one + 1 AS two FROM t")).toEqual([
        { two: 2 },
      ]);
      expect(await failureOf(target.query("SELECT * FROM nothing"))).toMatchObject({ code: "STORE_FAILED" });
    } finally {
      await target.destroy();
    }
  });
});
