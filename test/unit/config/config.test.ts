import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { locateConfigFile } from "../../../src/config/config.ts";
import { parseAs, readProblems } from "./raw-input.ts";

const SHOP = `name: shop
destination:
  url: s3://bucket/prefix
  endpoint: \${S3_ENDPOINT:-http://127.0.0.1:9000}
  region: eu-west-1
  path-style: true
  access-key-id: AKIAEXAMPLE
  secret-access-key: \${S3_SECRET}
stores:
  postgres:
    url: \${DATABASE_URL}
    exclude-schemas: [audit, "\${EXTRA_SCHEMA:-scratch}"]
    preset: supabase
    keep-schemas: [storage]
  events:
    kind: clickhouse
    url: \${CLICKHOUSE_URL}
    databases: [app]
objectives: { rpo: 24h, rto: 90m }
drill:
  targets:
    postgres: \${DRILL_POSTGRES_URL}
    events: { url: "\${DRILL_CLICKHOUSE_URL}" }
  steps:
    - run: npm run migrate -- "\${HOME}"
      timeout: 90s
      env: { KEY: "\${ENCRYPTION_KEY}", MODE: production }
      working-directory: app
    - run: [node, check.js, "\${MODE:-all}"]
      name: check
    - sql: { file: checks.sql }
      store: events
`;
const S3_ENV = { S3_SECRET: "s3-secret-value" };
const SOURCE_ENV = {
  ...S3_ENV,
  DATABASE_URL: "postgresql://backup:p%40ssword@db:5432/app",
  CLICKHOUSE_URL: "https://backup:ch-password@ch:8443",
};
const DRILL_ENV = {
  ...S3_ENV,
  DRILL_POSTGRES_URL: "postgres://postgres:drill-password@localhost/postgres",
  DRILL_CLICKHOUSE_URL: "http://localhost:8123",
  ENCRYPTION_KEY: "0123456789abcdef",
};
const DESTINATION = { destination: "file:///backups" };

function reveal(secrets: { reveal(): string }[]): string[] {
  return secrets.map((secret) => secret.reveal());
}

describe("backup", () => {
  test("needs no file", () => {
    const config = parseAs("backup", { options: { ...DESTINATION, "postgres-url": "postgres://u:pw@h/d" } });
    expect(config).toMatchObject({
      name: "lifeboat",
      destinations: [{ config: { url: "file:///backups" } }],
      stores: [{ name: "postgres", kind: "postgres", excludeSchemas: [] }],
      full: false,
      json: false,
    });
    expect(config.stores[0]?.url.reveal()).toBe("postgres://u:pw@h/d");
  });

  test("takes everything from the file, and needs nothing that is the drill's", () => {
    const config = parseAs("backup", { yaml: SHOP, env: SOURCE_ENV });
    expect(config).toMatchObject({
      name: "shop",
      destinations: [
        {
          config: {
            url: "s3://bucket/prefix",
            endpoint: "http://127.0.0.1:9000",
            region: "eu-west-1",
            pathStyle: true,
            accessKeyId: "AKIAEXAMPLE",
          },
        },
      ],
      stores: [
        {
          name: "postgres",
          kind: "postgres",
          excludeSchemas: ["audit", "scratch"],
          preset: "supabase",
          keepSchemas: ["storage"],
        },
        { name: "events", kind: "clickhouse", databases: ["app"] },
      ],
    });
  });

  test("needs the addresses of the chosen stores only", () => {
    const { CLICKHOUSE_URL: _, ...env } = SOURCE_ENV;
    const config = parseAs("backup", { yaml: SHOP, env, options: { store: "postgres" } });
    expect(config.stores.map(({ name }) => name)).toEqual(["postgres"]);
  });

  test("an address given as an option goes to the only store of its kind", () => {
    const options = { "clickhouse-url": "http://localhost:8123" };
    const config = parseAs("backup", { yaml: SHOP, env: SOURCE_ENV, options });
    expect(config.stores.map(({ name, url }) => [name, url.reveal()])).toEqual([
      ["postgres", SOURCE_ENV.DATABASE_URL],
      ["events", "http://localhost:8123"],
    ]);
  });
});

describe("status", () => {
  test("needs no password, knows the stores of the file, and takes objectives from options first", () => {
    const yaml = SHOP.replace("rto: 90m", "rto: 90m, drill-every: 8d");
    const env = { S3_SECRET: "planted" };
    const config = parseAs("status", { yaml, env, options: { rpo: "2d" } });
    expect(config.stores).toEqual(["postgres", "events"]);
    expect(config.objectives).toEqual({ rpoHours: 48, rtoMinutes: 90, drillEveryHours: 192 });
    expect(parseAs("status", { yaml, env, options: { store: "events" } }).stores).toEqual(["events"]);
  });
});

describe("drill", () => {
  test("does not need the passwords of production", () => {
    const config = parseAs("drill", { yaml: SHOP, env: DRILL_ENV });
    expect(config.targets.map(({ store, kind, url }) => [store, kind, url.reveal()])).toEqual([
      ["postgres", "postgres", DRILL_ENV.DRILL_POSTGRES_URL],
      ["events", "clickhouse", DRILL_ENV.DRILL_CLICKHOUSE_URL],
    ]);
    expect(config).toMatchObject({
      selection: {},
      objectives: { rpoHours: 24, rtoMinutes: 90 },
      keep: false,
      reportDir: "lifeboat-report",
    });
  });

  test("performs the steps as they are written, with what the environment gives them", () => {
    const { steps } = parseAs("drill", { yaml: SHOP, env: DRILL_ENV });
    expect(steps).toMatchObject([
      {
        kind: "run",
        name: 'npm run migrate -- "${HOME}"',
        command: 'npm run migrate -- "${HOME}"',
        workingDirectory: "app",
        timeoutMs: 90_000,
      },
      { kind: "run", name: "check", command: ["node", "check.js", "all"], timeoutMs: 600_000 },
      { kind: "sql", name: "checks.sql", store: "events", sql: { file: "checks.sql" }, timeoutMs: 600_000 },
    ]);
    const [first] = steps;
    expect(first?.kind === "run" && first.env["KEY"]?.reveal()).toBe("0123456789abcdef");
  });

  test("an option takes the place of one target of the file", () => {
    const options = { "target-postgres-url": "postgres://other/db" };
    const { DRILL_POSTGRES_URL: _, ...env } = DRILL_ENV;
    const config = parseAs("drill", { yaml: SHOP, env, options });
    expect(Object.fromEntries(config.targets.map(({ store, url }) => [store, url.reveal()]))).toEqual({
      postgres: "postgres://other/db",
      events: "http://localhost:8123",
    });
  });

  test("only the chosen stores", () => {
    const config = parseAs("drill", { yaml: SHOP, env: DRILL_ENV, options: { store: "events" } });
    expect(config.only).toEqual(["events"]);
    expect(config.targets.map(({ store }) => store)).toEqual(["events"]);
  });
});

describe("doctor", () => {
  test("needs what a backup needs, and takes the targets of drills as far as their addresses are given", () => {
    expect(readProblems({ command: "doctor", yaml: SHOP, env: S3_ENV })).toMatch(
      /DATABASE_URL, which is not set.*CLICKHOUSE_URL, which is not set/s,
    );
    const keyed = `${SHOP}keys: { ENCRYPTION_KEY: "\${ENCRYPTION_KEY}" }\n`;
    expect(readProblems({ command: "doctor", yaml: keyed, env: SOURCE_ENV })).toContain("ENCRYPTION_KEY");
    parseAs("doctor", { yaml: keyed, env: SOURCE_ENV, options: { role: "drill" } });
    const without = parseAs("doctor", { yaml: SHOP, env: SOURCE_ENV });
    expect(without.stores.map(({ name }) => name)).toEqual(["postgres", "events"]);
    expect(without.targets).toEqual([]);
    const both = parseAs("doctor", { yaml: SHOP, env: { ...SOURCE_ENV, ...DRILL_ENV } });
    expect(both.targets.map(({ store, kind }) => [store, kind])).toEqual([
      ["postgres", "postgres"],
      ["events", "clickhouse"],
    ]);
  });
});

describe("restore", () => {
  test("never writes into the drill's targets unless they are given as options", () => {
    expect(readProblems({ command: "restore", yaml: SHOP, env: DRILL_ENV })).toContain("No target is given");
  });

  test("takes backup, targets and the databases that may be replaced", () => {
    const options = {
      ...DESTINATION,
      backup: "20261120T021704Z-7f3a",
      store: "main",
      "target-postgres-url": "postgres://h/d",
      replace: "app, default\nother",
    };
    expect(parseAs("restore", { options })).toMatchObject({
      selection: { id: "20261120T021704Z-7f3a" },
      targets: [{ store: "main", kind: "postgres" }],
      replace: ["app", "default", "other"],
    });
  });

  test.each([
    ["2026-11-20", "2026-11-20T00:00:00.000Z"],
    ["2026-11-20T02:00", "2026-11-20T02:00:00.000Z"],
    ["2026-11-20 02:00:30Z", "2026-11-20T02:00:30.000Z"],
    ["2026-11-20T02:00:00+02:00", "2026-11-20T00:00:00.000Z"],
  ])("before %s is %s", (before, expected) => {
    const options = { ...DESTINATION, "target-postgres-url": "postgres://h/d", before };
    expect(parseAs("restore", { options }).selection.before?.toISOString()).toBe(expected);
  });
});

describe("precedence", () => {
  const yaml = "name: file\ndestination: s3://file\n";

  test("an option goes before its variable, that before the file, that before the default", () => {
    const env = { LIFEBOAT_NAME: "variable" };
    expect(parseAs("list", { yaml, env, options: { name: "option" } }).name).toBe("option");
    expect(parseAs("list", { yaml, env, options: { name: "" } }).name).toBe("variable");
    expect(parseAs("list", { yaml }).name).toBe("file");
    expect(parseAs("list", { yaml: "destination: s3://file" }).name).toBe("lifeboat");
  });

  test("a destination given as an option has no use for the file's endpoint and keys", () => {
    const options = { destination: "s3://other", "s3-region": "us-east-1", "s3-path-style": "TRUE" };
    expect(parseAs("list", { yaml: SHOP, options }).destinations[0]!.config).toEqual({
      url: "s3://other",
      region: "us-east-1",
      pathStyle: true,
    });
  });

  test("a destination that is not worked on needs none of its variables", () => {
    const several = `destinations:
  a: { url: "s3://\${A_BUCKET}", access-key-id: "\${A_ID}", secret-access-key: "\${A_KEY}" }
  b: { url: s3://b, access-key-id: "\${B_ID}", secret-access-key: "\${B_KEY}" }
  c: { url: s3://c, kms-key: "\${C_KMS}" }
`;
    const ofB = { B_ID: "id", B_KEY: "b-secret" };
    const { destinations } = parseAs("list", { yaml: several, options: { from: "b" }, env: ofB });
    expect(destinations.map(({ name, config }) => [name, config.url])).toEqual([["b", "s3://b"]]);

    const copied = { yaml: several, options: { from: "b", to: "c" }, env: { ...ofB, C_KMS: "key" } };
    expect(parseAs("copy", copied).to.map(({ name }) => name)).toEqual(["c"]);
    const needed = readProblems({ ...copied, command: "copy", options: { to: "c" } });
    expect(needed).toContain("needs the environment variable A_KEY");
    expect(readProblems({ yaml: several, command: "prune" })).toContain("C_KMS");
  });

  test("variables of options that mean nothing to the command are left alone", () => {
    const env = { LIFEBOAT_POSTGRES_URL: "postgres://production/app" };
    expect(parseAs("list", { yaml, env }).secrets).toEqual([]);
  });

  test("the file is looked for where option or variable say, and need not be there by default", () => {
    expect(locateConfigFile({ config: "a.yml" }, { LIFEBOAT_CONFIG: "b.yml" })).toEqual({
      path: "a.yml",
      isRequired: true,
    });
    expect(locateConfigFile({}, { LIFEBOAT_CONFIG: "b.yml" }).path).toBe("b.yml");
    expect(locateConfigFile({}, {})).toEqual({ path: "lifeboat.yml", isRequired: false });
  });
});

describe("variables", () => {
  const nameOf = (name: string, env = {}): string =>
    parseAs("list", { yaml: `name: ${JSON.stringify(name)}`, env, options: DESTINATION }).name;

  test("are replaced, have defaults, and can be escaped", () => {
    expect(nameOf("a-${X}-${Y:-two}", { X: "one" })).toBe("a-one-two");
    expect(nameOf("${X:-two}", { X: "" })).toBe("two");
    expect(
      readProblems({ yaml: 'name: "$${X}"', command: "list", options: DESTINATION, env: { X: "y" } }),
    ).toContain("name may hold letters");
  });

  test("cannot change the structure of the file", () => {
    const yaml = "name: shop\ndestination: ${X}\n";
    const env = { X: "file:///b\nname: evil" };
    expect(parseAs("list", { yaml, env }).name).toBe("shop");
  });

  test("are not looked for in what has a mark of its own", () => {
    const yaml = 'name: "a${b"\n';
    expect(readProblems({ yaml, command: "list", options: DESTINATION })).toMatchInlineSnapshot(`
      "The configuration has a problem:
        lifeboat.yml:1:1: name has a \${ that begins no variable, or holds one in its default. Write \${NAME} or \${NAME:-default}; $\${ stands for \${ itself."
    `);
  });
});

test("a variable inside a default is refused: what was meant as a secret would be a text that stands in the file", () => {
  for (const env of [{ OTHER: "planted-passphrase-of-length" }, { SECRET: "x", OTHER: "y" }]) {
    const yaml = 'encryption: { passphrase: "${SECRET:-${OTHER}}" }';
    const given = { yaml, options: { ...DESTINATION, "postgres-url": "postgres://u:pw@h/d" }, env };
    expect(readProblems(given)).toContain(
      "encryption.passphrase has a ${ that begins no variable, or holds one",
    );
  }
});

describe("secrets", () => {
  test("are collected with the passwords inside addresses", () => {
    const config = parseAs("backup", {
      yaml: SHOP,
      env: { ...SOURCE_ENV, AWS_SESSION_TOKEN: "session-token" },
    });
    expect([...new Set(reveal(config.secrets))].sort()).toEqual(
      [
        SOURCE_ENV.DATABASE_URL,
        "p%40ssword",
        "p@ssword",
        SOURCE_ENV.CLICKHOUSE_URL,
        "ch-password",
        "s3-secret-value",
        "session-token",
      ].sort(),
    );
  });

  test("include what a step's variables took from the environment, and not what the file says", () => {
    const secrets = reveal(parseAs("drill", { yaml: SHOP, env: DRILL_ENV }).secrets);
    expect(secrets).toContain("0123456789abcdef");
    expect(secrets).not.toContain("production");
  });

  test("are not shown when a configuration is printed", () => {
    const config = parseAs("drill", { yaml: SHOP, env: DRILL_ENV });
    for (const text of [inspect(config, { depth: 9 }), JSON.stringify(config)]) {
      expect(text).not.toMatch(/drill-password|s3-secret-value|0123456789abcdef/);
    }
  });

  test("are in no problem, wherever they stand", () => {
    const secret = "hunter2-planted";
    const places = [
      `name: { a: ${secret} }`,
      `name: "${secret} !"`,
      `destination: ${secret}://x`.replace("-", ""),
      `destination: { url: "s3://k:${secret}@b", secret-access-key: ${secret} }`,
      `stores: { postgres: "${secret}" }`,
      `stores: { postgres: { url: "${secret}", kind: ${secret} } }`,
      `objectives: { rpo: ${secret} }`,
      `drill: { steps: [{ run: x, timeout: ${secret} }] }`,
      `"${secret}`,
      `name: *${secret}`,
      `name: [${secret}`,
      `name: { ${secret}: ${secret}: }`,
    ];
    for (const yaml of places) expect(readProblems({ yaml })).not.toContain(secret);
    const env = { X: secret };
    for (const place of ["name", "destination", "objectives.rpo"]) {
      const [section = "", key] = place.split(".");
      const yaml = key ? `${section}: { ${key}: "\${X} " }` : `${section}: "\${X} "`;
      expect(readProblems({ yaml, env })).not.toContain(secret);
    }
  });
});
