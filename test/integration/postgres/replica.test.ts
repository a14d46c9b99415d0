import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres } from "../../../local-services/postgres.ts";
import { restoreAndCompare } from "../../../src/commands/restore.ts";
import type { Finding } from "../../../src/finding.ts";
import { diagnosePostgresTarget } from "../../../src/stores/postgres/doctor/diagnose-target.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import {
  createPostgresTarget,
  createPostgresThrowaway,
} from "../../../src/stores/postgres/restore/target.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { startStandby } from "../../support/postgres-standby.ts";
import { until } from "../../support/until.ts";

type Server = Awaited<ReturnType<typeof startPostgres>>;

let primary: Server;
let standby: Server;

beforeAll(async () => {
  primary = await startPostgres();
  await runSql(
    primary.url,
    `CREATE TABLE kept (id serial PRIMARY KEY, note text); INSERT INTO kept (note) SELECT 'n' FROM generate_series(1, 500);
     CREATE UNLOGGED TABLE fleeting AS SELECT 1 AS id`,
  );
  standby = await startStandby(primary, { max_standby_streaming_delay: "30s" });
});
afterAll(async () => {
  await Promise.all([standby?.stop(), primary?.stop()]);
});

async function findAboutReplica(): Promise<Finding | undefined> {
  const store = createPostgresStore({ name: "app", url: new Secret(standby.url) }, startToolRun());
  const findings = await store.diagnose();
  expect(findings.filter(({ state }) => state === "bad")).toEqual([]);
  return findings.find(({ check }) => check === "replica");
}

test("a replica that cancels long reads is warned of, with the line that mends it", async () => {
  const finding = await findAboutReplica();
  expect(finding).toEqual({
    check: "replica",
    state: "warning",
    found: "The server is a replica, and cancels a read that stands in the way of replication for 30s.",
    mend: "ALTER SYSTEM SET hot_standby_feedback = on; SELECT pg_reload_conf();",
  });
  for (const statement of (finding?.mend ?? "").split("; ")) await runSql(standby.url, statement);
  await until(async () => (await findAboutReplica())?.state === "good");
});

test("a replica is backed up, and what it does not have is named", async () => {
  const sink = new MemorySink();
  const store = createPostgresStore({ name: "app", url: new Secret(standby.url) }, startToolRun());
  const manifest = await store.backup(sink);
  expect(manifest.leftOut).toContainEqual({
    what: "Rows of public.fleeting",
    why: "It is unlogged, and a standby server does not have its rows.",
  });
  const target = await createPostgresThrowaway(
    { store: "app", url: new Secret(primary.url) },
    startToolRun(),
  );
  try {
    await using scratch = await Scratch.create();
    const request = { objects: sink, replace: false, scratchDir: scratch.path };
    const { comparison } = await restoreAndCompare({ store: manifest, target }, request, startToolRun());
    expect(comparison).toMatchObject({ differences: [], rowsCompared: 500 });
  } finally {
    await target.destroy();
  }
});

test("nothing is restored into a replica, which is told before anything is fetched", async () => {
  const options = { store: "app", url: new Secret(standby.url) };
  const findings = await diagnosePostgresTarget(options, undefined, startToolRun());
  expect(findings.filter(({ state }) => state === "bad")).toEqual([
    {
      check: "replica",
      state: "bad",
      found: "The server is a read replica: nothing can be restored into it.",
      mend: expect.stringContaining("the primary server"),
    },
  ]);
  const refusal = {
    code: "STORE_UNSUPPORTED",
    message: expect.stringMatching(/ is a read replica: nothing can be restored into it\.$/),
    hint: expect.stringContaining("the primary server"),
  };
  await expect(createPostgresThrowaway(options, startToolRun())).rejects.toMatchObject(refusal);
  const source = createPostgresStore({ name: "app", url: new Secret(primary.url) }, startToolRun());
  const manifest = await source.backup(new MemorySink());
  const target = createPostgresTarget(options, startToolRun());
  await expect(target.inspect(manifest)).rejects.toMatchObject(refusal);
  const url = changeUrl(standby.url, { pathname: "/new" });
  const created = createPostgresTarget({ store: "app", url, placement: { create: true } }, startToolRun());
  await expect(created.inspect(manifest)).rejects.toMatchObject(refusal);
});
