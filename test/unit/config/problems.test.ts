import { describe, expect, test } from "vitest";
import { AppError, exitStatusOf } from "../../../src/errors.ts";
import { parseConfig } from "../../../src/config/config.ts";
import { buildRawInput, readProblems } from "./raw-input.ts";

const FULL_ENV = { DATABASE_URL: "postgres://u:pw@db/app", CLICKHOUSE_URL: "https://u:pw@ch:8443" };
const SOUND = `destination: s3://bucket/prefix
stores:
  postgres:
    url: \${DATABASE_URL}
`;

test("everything wrong with a file is told at once, in its order, with line and column", () => {
  const yaml = `nme: shop
destination:
  ulr: s3://bucket
stores:
  main:
    kind: postgress
    url: \${MAIN_URL}
  clickhouse:
    databses: [app]
    url: \${CLICKHOUSE_URL}
objectives: { rpo: 24x, rto: 0h }
drill:
  targets:
    clickhose: http://localhost:8123
  steps:
    - sql: SELECT 1
      store: clickhouse
      timout: 1m
    - run: npm run migrate
      timeout: soon
`;
  expect(readProblems({ yaml, options: { before: "yesterday" } })).toMatchInlineSnapshot(`
    "The configuration has 13 problems:
      lifeboat.yml:1:1: nme is no known key. Did you mean name?
      lifeboat.yml:2:1: destination.url is missing.
      lifeboat.yml:3:3: destination.ulr is no known key. Did you mean url?
      lifeboat.yml:6:5: stores.main.kind must be one of postgres, clickhouse.
      lifeboat.yml:7:5: stores.main.url needs the environment variable MAIN_URL, which is not set or empty.
      lifeboat.yml:9:5: stores.clickhouse.databses is no known key. Did you mean databases?
      lifeboat.yml:10:5: stores.clickhouse.url needs the environment variable CLICKHOUSE_URL, which is not set or empty.
      lifeboat.yml:11:15: objectives.rpo is no duration. Write a number above 0 and a unit, such as 90s, 10m, 24h or 7d.
      lifeboat.yml:11:25: objectives.rto is no duration. Write a number above 0 and a unit, such as 90s, 10m, 24h or 7d.
      lifeboat.yml:14:5: drill.targets.clickhose names clickhose, which is no store. Did you mean clickhouse?
      lifeboat.yml:18:7: drill.steps[0].timout is no known key. Did you mean timeout?
      lifeboat.yml:20:7: drill.steps[1].timeout is no duration. Write a number above 0 and a unit, such as 90s, 10m, 24h or 7d.
      --before means nothing to backup; it is for restore and drill. Leave it out."
  `);
});

test("a problem with the configuration is exit status 2 and says where to read on", () => {
  const parse = (): unknown => parseConfig(buildRawInput({}));
  expect(parse).toThrow(AppError);
  try {
    parse();
  } catch (error) {
    expect(exitStatusOf(error)).toBe(2);
    expect((error as AppError).hint).toMatchInlineSnapshot(
      `"Correct this and run the command again; docs/options.md lists every option and key."`,
    );
  }
});

describe("the file's shape", () => {
  test.each([
    ["stores: [", "no YAML"],
    ["- a", "not a map"],
    ["destination: 5", "a number for text"],
    ["destination:", "an empty value"],
    ["name: 12", "text without quotes"],
    ["destination: { url: 's3://b', path-style: yes please }", "text for true or false"],
    ["stores: { postgres: postgres://u:hunter2pw@h/d }", "text for a map"],
    ["stores: { 'a b': { kind: postgres } }", "a store's name that no folder can have"],
    ["stores: { main: { url: x } }", "a store of no kind"],
    ["stores: { main: { kind: mysql } }", "an unknown kind"],
    ["stores: { a: { kind: postgres }, a: { kind: postgres } }", "a key twice"],
    ["stores: { clickhouse: { exclude-schemas: [x] } }", "a key of another kind"],
    ["stores: { clickhouse: { databases: [] } }", "an empty list"],
    ["drill: { steps: { run: x } }", "a map for a list"],
    ["drill: { steps: [{ run: [] }] }", "an empty command"],
    ["drill: { steps: [{ name: x }] }", "a step that does nothing"],
    ["drill: { steps: [{ run: a, sql: b }] }", "a step that does two things"],
    ["drill: { steps: [{ sql: a }] }", "a statement for no store"],
    ["objectives: { rpo: 24h, rtpo: 1h }", "an unknown key below"],
    ["objectives: { zzzzzz: 1h }", "an unknown key that is near to none"],
  ])("%s (%s)", (yaml) => {
    expect(
      readProblems({ yaml, command: "list", options: { destination: "file:///backups" } }),
    ).toMatchSnapshot();
  });
});

describe("values", () => {
  test.each([
    ["mysql://u:hunter2pw@h/d"],
    ["user:hunter2pw@host/db"],
    ["host=one,two password=hunter2pw"],
    ["https://u:hunter2pw@h/d"],
  ])("a Postgres address %s is refused without being repeated", (url) => {
    const problems = readProblems({ options: { "postgres-url": url, destination: "file:///b" } });
    expect(problems).toMatchSnapshot();
    expect(problems).not.toContain("hunter2pw");
  });

  test.each([
    ["s3:///prefix"],
    ["s3://AKIA:hunter2pw@bucket"],
    ["gs://bucket"],
    ["bucket/prefix"],
    ["file://relative/folder"],
    ["s3://bucket?region=eu"],
  ])("a destination %s is refused with what to write", (destination) => {
    const problems = readProblems({ options: { "postgres-url": "postgres://h/d", destination } });
    expect(problems).toMatchSnapshot();
    expect(problems).not.toContain("hunter2pw");
  });

  test.each(["2026-02-30", "2026-13-01", "20 Nov 2026", "2026-11-20T25:00", "1763600000"])(
    "%s is no time",
    (before) => {
      const options = { before, destination: "file:///b", "target-postgres-url": "postgres://h/d" };
      expect(readProblems({ command: "restore", options })).toBe(
        "The configuration has a problem:\n" +
          "  --before is no time. Write it in UTC, such as 2026-11-20 or 2026-11-20T02:00:00Z.",
      );
    },
  );

  test("an endpoint with a path, a flag that is neither, and half a key pair", () => {
    const yaml = `destination:
  url: s3://bucket
  endpoint: https://s3.example.com/bucket
  access-key-id: AKIA
`;
    const options = { "postgres-url": "postgres://h/d", "s3-path-style": "maybe" };
    expect(readProblems({ yaml, options })).toMatchInlineSnapshot(`
      "The configuration has 3 problems:
        lifeboat.yml:1:1: destination needs access-key-id and secret-access-key together, or neither.
        lifeboat.yml:3:3: destination.endpoint is no address of a service. Write https://host or http://host:port, without a path.
        --s3-path-style must be true or false."
    `);
  });
});

describe("what is missing", () => {
  test("a backup of nothing to nowhere", () => {
    expect(readProblems({})).toMatchInlineSnapshot(`
      "The configuration has 2 problems:
        Nothing is to be backed up. Give --postgres-url or --clickhouse-url, or stores in lifeboat.yml.
        --destination is missing. Give it, or destination in lifeboat.yml."
    `);
    expect(readProblems({ shell: "action" })).toMatchInlineSnapshot(`
      "The configuration has 2 problems:
        Nothing is to be backed up. Give the input postgres-url or the input clickhouse-url, or stores in lifeboat.yml.
        Input destination is missing. Give it, or destination in lifeboat.yml."
    `);
  });

  test("a restore or drill without a target", () => {
    const options = { destination: "file:///b" };
    expect(readProblems({ command: "restore", options })).toMatchInlineSnapshot(`
      "The configuration has a problem:
        No target is given. Give --target-postgres-url or --target-clickhouse-url."
    `);
    expect(readProblems({ command: "drill", options })).toMatchInlineSnapshot(`
      "The configuration has a problem:
        No target is given. Give --target-postgres-url or --target-clickhouse-url, or drill.targets in lifeboat.yml."
    `);
  });

  test("variables are named, empty ones too", () => {
    expect(readProblems({ yaml: SOUND })).toMatchInlineSnapshot(`
      "The configuration has a problem:
        lifeboat.yml:4:5: stores.postgres.url needs the environment variable DATABASE_URL, which is not set or empty."
    `);
    expect(readProblems({ yaml: SOUND, env: { DATABASE_URL: "" } })).toBe(readProblems({ yaml: SOUND }));
  });

  test("a store without a url", () => {
    const yaml = "destination: s3://b\nstores:\n  postgres: {}\n";
    expect(readProblems({ yaml })).toMatchInlineSnapshot(`
      "The configuration has a problem:
        lifeboat.yml:3:3: stores.postgres needs a url, or the option postgres-url."
    `);
  });

  test("what is misspelt is not reported as missing as well", () => {
    const yaml = SOUND.replace("destination:", "destinaton:");
    expect(readProblems({ yaml, env: FULL_ENV })).toMatchInlineSnapshot(`
      "The configuration has a problem:
        lifeboat.yml:1:1: destinaton is no known key. Did you mean destination?"
    `);
  });
});

describe("options", () => {
  test("a command that does not exist", () => {
    expect(readProblems({ command: "bakup" })).toMatchInlineSnapshot(`
      "The configuration has a problem:
        Command bakup is none of backup, plan, finish, list, status, copy, prune, pin, unpin, restore, drill, doctor, verify, rekey, policy. Did you mean backup?"
    `);
    expect(readProblems({ command: "bakup", shell: "action" })).toMatchInlineSnapshot(`
      "The configuration has a problem:
        Input command is none of backup, plan, finish, list, status, copy, prune, pin, unpin, restore, drill, doctor, verify, rekey, policy. Did you mean backup?"
    `);
  });

  test("an option that does not exist, and one that means nothing to the command", () => {
    const options = { destnation: "file:///b", replace: "app", json: "true" };
    expect(readProblems({ yaml: SOUND, env: FULL_ENV, options, shell: "action" })).toMatchInlineSnapshot(`
      "The configuration has 3 problems:
        Input destnation is no known option. Did you mean destination?
        Input replace means nothing to backup; it is for restore. Leave it out.
        Input json is no known option."
    `);
  });

  test("a store that the file does not know", () => {
    expect(readProblems({ yaml: SOUND, env: FULL_ENV, options: { store: "postgre" } }))
      .toMatchInlineSnapshot(`
      "The configuration has a problem:
        --store names postgre, which is no store. Did you mean postgres?"
    `);
  });

  test("a backup by id and by time", () => {
    const options = {
      backup: "20261120T021704Z-7f3a",
      before: "2026-11-20",
      destination: "file:///b",
      "target-postgres-url": "postgres://h/d",
    };
    expect(readProblems({ command: "restore", options })).toMatchInlineSnapshot(`
      "The configuration has a problem:
        --before does not go with the option backup. Give one of them."
    `);
  });

  test("an address that could be that of several stores", () => {
    const yaml = `destination: s3://b
stores:
  one: { kind: postgres }
  two: { kind: postgres }
`;
    const options = { "target-postgres-url": "postgres://h/d" };
    expect(readProblems({ command: "restore", yaml, options })).toMatchInlineSnapshot(`
      "The configuration has a problem:
        --target-postgres-url fits several stores (one, two). Choose one with the option store."
    `);
  });
});
