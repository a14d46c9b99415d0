import { describe, expect, test } from "vitest";
import { parseAs, readProblems } from "./raw-input.ts";

const GIVEN = { destination: "file:///backups", "target-postgres-url": "postgres://u:pw@h/d" };

test("what is restored, and where", () => {
  const config = parseAs("restore", {
    options: {
      ...GIVEN,
      table: "public.a, public.b",
      schema: "audit",
      "schema-only": "true",
      "create-db": "true",
    },
  });
  expect(config).toMatchObject({
    scope: { tables: ["public.a", "public.b"], schemas: ["audit"], content: "structure" },
    placement: { create: true },
    allowMissing: [],
    stream: false,
  });
  expect(parseAs("restore", { options: { ...GIVEN, "schema-only": "false" } }).scope).toBeUndefined();
  expect(
    parseAs("restore", {
      options: {
        ...GIVEN,
        "replace-db": "d",
        "maintenance-db": "admin",
        jobs: "8",
        "allow-missing": "extension a\nindex b",
      },
    }),
  ).toMatchObject({
    placement: { replace: "d", maintenanceDatabase: "admin" },
    jobs: 8,
    allowMissing: ["extension a", "index b"],
  });
});

test("users and their rights are restored when asked, and of ClickHouse alone", () => {
  const given = { destination: "file:///backups", "target-clickhouse-url": "https://u:pw@h" };
  expect(parseAs("restore", { options: { ...given, access: "true" } })).toMatchObject({ access: true });
  expect(parseAs("restore", { options: given })).toMatchObject({ access: false });
  expect(readProblems({ command: "restore", options: { ...GIVEN, access: "true" } })).toContain(
    "--access means nothing for postgres; it is for clickhouse.",
  );
});

test("other names for databases", () => {
  const config = parseAs("restore", {
    options: {
      destination: "file:///backups",
      "target-clickhouse-url": "http://h:8123",
      "into-database": "shop=shop_restored, audit = audit_restored",
    },
  });
  expect(config.placement.databaseNames).toEqual(
    new Map([
      ["shop", "shop_restored"],
      ["audit", "audit_restored"],
    ]),
  );
});

test("commands around it are lines or steps, with their own values", () => {
  const config = parseAs("restore", {
    options: GIVEN,
    env: { TOKEN: "t0ken-value" },
    yaml: `restore:
  before: ["systemctl stop \${APP}"]
  after:
    - run: [npm, run, migrate]
      timeout: 90s
      env: { TOKEN: "\${TOKEN}" }
`,
  });
  expect(config.before).toEqual([
    {
      kind: "run",
      name: "systemctl stop ${APP}",
      timeoutMs: 600_000,
      command: "systemctl stop ${APP}",
      env: {},
    },
  ]);
  expect(config.after).toMatchObject([{ command: ["npm", "run", "migrate"], timeoutMs: 90_000 }]);
  expect(config.secrets.map((secret) => secret.reveal())).toContain("t0ken-value");
});

describe("problems", () => {
  test.each([
    [
      { "schema-only": "true", "data-only": "true" },
      "--data-only does not go with --schema-only. Give one of them.",
    ],
    [{ "replace-db": "d", table: "a.b" }, "--replace-db does not go with --table. Give one of them."],
    [{ jobs: "0" }, "--jobs must be a whole number from 1 to 64."],
    [
      { partition: "202601", table: "a.b" },
      "--partition means nothing for postgres; it is for clickhouse. Leave it out.",
    ],
    [
      { "into-database": "a=b" },
      "--into-database means nothing for postgres; it is for clickhouse. Leave it out.",
    ],
    [{ "schema-only": "perhaps" }, "--schema-only must be true or false."],
  ])("%j: %s", (options, problem) => {
    expect(readProblems({ command: "restore", options: { ...GIVEN, ...options } })).toContain(problem);
  });

  test.each([
    ["shop", "must be pairs of names, such as shop=shop_restored."],
    ["a=b=c", "must be pairs of names, such as shop=shop_restored."],
    ["=b", "must be pairs of names, such as shop=shop_restored."],
    ["a=b, a=c", "names a twice. Give each database one name of its own."],
    ["a=b, c=b", "names b twice. Give each database one name of its own."],
    ["a=a", "names a twice. Give each database one name of its own."],
    ["a=b, b=c", "names b twice. Give each database one name of its own."],
  ])("databases under other names: %s", (given, problem) => {
    const options = {
      destination: "file:///backups",
      "target-clickhouse-url": "http://h:8123",
      "into-database": given,
    };
    expect(readProblems({ command: "restore", options })).toContain(`--into-database ${problem}`);
  });

  test("rights under other names of databases", () => {
    const options = {
      destination: "file:///backups",
      "target-clickhouse-url": "http://h:8123",
      "into-database": "a=b",
      access: "true",
    };
    const problems = readProblems({ command: "restore", options });
    expect(problems).toContain("--into-database does not go with --access. Give one of them.");
  });

  test("an option of another kind of store", () => {
    const options = {
      destination: "file:///backups",
      "target-clickhouse-url": "http://h:8123",
      "create-db": "true",
      partition: "202601",
    };
    const problems = readProblems({ command: "restore", options });
    expect(problems).toContain("--create-db means nothing for clickhouse; it is for postgres.");
    expect(problems).toContain("--partition needs the tables it is about. Give --table.");
  });
});
