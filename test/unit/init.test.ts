import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { init } from "../../src/commands/init.ts";
import type { InitResult } from "../../src/commands/init.ts";
import { USUAL } from "../../src/init/answers.ts";
import { proposeFrom } from "../../src/init/proposal.ts";
import { lookAtRepository } from "../../src/init/repository.ts";
import { Scratch } from "../../src/sys/scratch.ts";

const FIXTURE = "test/fixtures/product-repository";
const destination = "s3://bucket/backups";

let scratch: Scratch;
beforeEach(async () => {
  scratch = await Scratch.create();
});
afterEach(() => scratch.remove());

async function setUp(root: string, force = false, timeZone = USUAL.timeZone): Promise<InitResult> {
  return await init({
    root,
    force,
    choose: (proposal) => Promise.resolve({ proposal, choices: { ...USUAL, timeZone, destination } }),
    check: () => undefined,
  });
}

describe("what a repository says", () => {
  test("the compose file, the example environment and the scripts become a proposal", async () => {
    await cp(FIXTURE, scratch.file("shop"), { recursive: true });
    await mkdir(scratch.file("shop/.git"));
    await writeFile(
      scratch.file("shop/.git/config"),
      '[core]\n\tbare = false\n[remote "origin"]\n\turl = git@github.com:octo/request-log.git\n',
    );
    expect(proposeFrom(await lookAtRepository(scratch.file("shop")))).toMatchObject({
      name: "request-log",
      slug: "octo/request-log",
      stores: { postgres: "DATABASE_URL", clickhouse: "CLICKHOUSE_URL" },
      keys: ["ENCRYPTION_KEY"],
      install: "npm ci",
      migrate: "npm run migrate",
      application: { start: "npm start", port: 3000, ready: "http://127.0.0.1:3000/health" },
      missing: [],
    });
  });

  test("Supabase's direct address goes before its pooler's, and passwords of the example go nowhere", async () => {
    await writeFile(
      scratch.file(".env.example"),
      "DATABASE_URL=postgres://u:planted-secret@x.pooler.supabase.com:6543/postgres\n" +
        "DIRECT_URL=postgres://u:planted-secret@x.pooler.supabase.com:5432/postgres\n" +
        "MAIL_PASSWORD=planted-secret\nOTHER_URL=postgresql://u:planted-secret@replica/x\nSITE_NAME=Shop\n",
    );
    const proposal = proposeFrom(await lookAtRepository(scratch.path));
    expect(proposal.stores).toEqual({ postgres: "DIRECT_URL" });
    expect(proposal.environment.exports).toEqual([
      'export DATABASE_URL="$LIFEBOAT_POSTGRES_URL"',
      'export DIRECT_URL="$LIFEBOAT_POSTGRES_URL"',
      'export OTHER_URL="$LIFEBOAT_POSTGRES_URL"',
    ]);
    expect(proposal.environment.plain).toMatchObject({ SITE_NAME: "Shop" });
    await setUp(scratch.path);
    expect(await readFile(scratch.file("lifeboat.yml"), "utf8")).not.toContain("planted-secret");
  });

  test("a setting that compose fills in comes by its default, and without one not at all", async () => {
    await writeFile(
      scratch.file("compose.yaml"),
      `services:
  web:
    build: .
    environment:
      DATABASE_URL: \${DATABASE_URL:-postgres://u:planted-secret@db/x}
      APP_URL: \${APP_URL:?set it}
      REGION: \${REGION:-eu}
      HOME_PAGE: https://\${DOMAIN}/home
      MODE: $MODE
`,
    );
    const { environment } = proposeFrom(await lookAtRepository(scratch.path));
    expect(environment).toEqual({
      exports: ['export DATABASE_URL="$LIFEBOAT_POSTGRES_URL"'],
      plain: { REGION: "eu" },
    });
  });

  test("a folder that says nothing leads to sentences about what is missing, and to no file", async () => {
    expect(proposeFrom(await lookAtRepository(scratch.path)).missing).toHaveLength(4);
    await expect(setUp(scratch.path)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(await readdir(scratch.path)).toEqual([]);
  });

  test.each(["docker-compose.yml", "package.json"])("%s that cannot be read says nothing", async (name) => {
    await writeFile(scratch.file(name), "{ : [ broken");
    expect(proposeFrom(await lookAtRepository(scratch.path)).stores).toEqual({});
  });
});

describe("the files", () => {
  test("all are refused when one is there already, with every name, and written over by force", async () => {
    await cp(FIXTURE, scratch.path, { recursive: true });
    await mkdir(scratch.file(".github/workflows"), { recursive: true });
    await writeFile(scratch.file("lifeboat.yml"), "mine");
    await writeFile(scratch.file(".github/workflows/lifeboat-freshness.yml"), "mine");
    await expect(setUp(scratch.path)).rejects.toMatchObject({
      message: expect.stringMatching(/lifeboat\.yml, \.github\/workflows\/lifeboat-freshness\.yml/) as string,
    });
    expect(await readdir(scratch.file(".github/workflows"))).toEqual(["lifeboat-freshness.yml"]);
    expect(await readFile(scratch.file("lifeboat.yml"), "utf8")).toBe("mine");

    const { written } = await setUp(scratch.path, true);
    expect(written).toContain(".github/workflows/lifeboat-freshness.yml");
    expect(await readFile(scratch.file("lifeboat.yml"), "utf8")).toContain("name: ");
  });

  test("are not written for a time zone that GitHub does not know, and name the one they are for", async () => {
    await writeFile(scratch.file(".env.example"), "DATABASE_URL=postgres://localhost/x\n");
    await expect(setUp(scratch.path, false, "Berlin")).rejects.toThrow("Berlin is no time zone.");
    expect(await readdir(scratch.path)).toEqual([".env.example"]);
    await setUp(scratch.path, false, "europe/berlin");
    const drill = await readFile(scratch.file(".github/workflows/lifeboat-weekly-drill.yml"), "utf8");
    expect(drill).toContain("timezone: Europe/Berlin\n");
  });

  test("secrets that a product does not have are asked of nobody", async () => {
    await writeFile(scratch.file(".env.example"), "DATABASE_URL=postgres://localhost/x\n");
    const { nextSteps } = await setUp(scratch.path);
    expect(nextSteps).toContain("gh secret set DATABASE_URL");
    expect(nextSteps).not.toContain("CLICKHOUSE_URL");
    const nightly = await readFile(
      join(scratch.path, ".github/workflows/lifeboat-nightly-backup.yml"),
      "utf8",
    );
    expect(nightly).not.toMatch(/CLICKHOUSE_URL:|ENCRYPTION_KEY:/);
  });
});
