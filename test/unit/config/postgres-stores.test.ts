import { describe, expect, test } from "vitest";
import type { Config, DrillConfig } from "../../../src/config/config.ts";
import { parseAs, readProblems } from "./raw-input.ts";

function yaml(stores: string): string {
  return `destination: file:///backups\nstores:\n${stores}`;
}

function parse<C extends Config["command"]>(
  command: C,
  stores: string,
  options: Record<string, string> = {},
): Extract<Config, { command: C }> {
  return parseAs(command, { options, yaml: yaml(stores) });
}

function problemsOf(stores: string, options: Record<string, string> = {}, command = "backup"): string {
  return readProblems({ command, options, yaml: yaml(stores) });
}

const URL = "url: postgres://u:p@h:5432/main";

describe("what is backed up of a Postgres", () => {
  test("is read from its store", () => {
    const [store] = parse(
      "backup",
      `  postgres:
    ${URL}
    schemas: [app, "log_*"]
    exclude-schemas: [app_old]
    tables: [public.users]
    exclude-tables: ['"my.schema"."Invoice ""lines"""']
    exclude-data: ["log_*.events"]
    content: all
    large-objects: false
    globals: true
    format: directory
    compression: gzip
    compression-level: 9
    jobs: 8
    scratch-dir: /mnt/scratch
    digest:
      depth: sample
      above: 20GB
      one-in: 50
      tables: { public.audit: counts }`,
    ).stores;
    expect(store).toMatchObject({
      excludeSchemas: ["app_old"],
      scope: {
        schemas: ["app", "log_*"],
        tables: ["public.users"],
        excludeTables: ['"my.schema"."Invoice ""lines"""'],
        excludeData: ["log_*.events"],
        content: "all",
        largeObjects: false,
      },
      globals: true,
      dump: { format: "directory", compression: "gzip", level: 9, jobs: 8, scratchDir: "/mnt/scratch" },
      digest: {
        depth: "sample",
        aboveBytes: 20_000_000_000,
        oneIn: 50,
        tables: [{ pattern: "public.audit", depth: "counts" }],
      },
    });
  });

  test("says nothing where the file says nothing", () => {
    expect(Object.keys(parse("backup", `  postgres: { ${URL} }`).stores[0] ?? {}).sort()).toEqual([
      "excludeSchemas",
      "kind",
      "name",
      "url",
    ]);
  });

  test("takes the format from the option first", () => {
    const stores = `  postgres: { ${URL}, format: plain }`;
    expect(parse("backup", stores, { "postgres-format": "custom" }).stores).toMatchObject([
      { dump: { format: "custom" } },
    ]);
  });

  test.each([
    [`{ ${URL}, tables: [users] }`, "stores.postgres.tables[0] is no schema.table."],
    [`{ ${URL}, schemas: ["a.b"] }`, "stores.postgres.schemas[0] is no name of a schema."],
    [`{ ${URL}, compression: gzip, compression-level: 12 }`, "compression-level may be 9 at most."],
    [`{ ${URL}, compression: none, compression-level: 1 }`, "compression-level goes with no compression."],
    [`{ ${URL}, jobs: 4 }`, "jobs means nothing but for format: directory."],
    [`{ ${URL}, digest: { above: 20 GB } }`, "above means nothing without depth: sample or counts."],
    [`{ ${URL}, digest: { depth: counts, above: big } }`, "above is no size."],
    [`{ ${URL}, digest: { depth: sample, tables: { users: full } } }`, "users is no schema.table."],
    [`{ ${URL}, databases: [app, "x y"] }`, "databases[1] cannot be part of a store's name."],
  ])("%s is refused", (store, problem) => {
    expect(problemsOf(`  postgres: ${store}`)).toContain(problem);
  });

  test("means nothing for ClickHouse", () => {
    expect(problemsOf("  clickhouse: { url: https://u:p@h:8443, format: plain, globals: true }")).toMatch(
      /clickhouse\.format means nothing.*clickhouse\.globals means nothing/s,
    );
  });
});

describe("several databases of one server", () => {
  const stores = `  postgres:\n    ${URL}\n    databases: [app, crm]\n    format: plain`;

  test("are stores of their own", () => {
    const config = parse("backup", stores);
    expect(config.stores).toMatchObject([
      { name: "postgres-app", dump: { format: "plain" } },
      { name: "postgres-crm", dump: { format: "plain" } },
    ]);
    const urls = config.stores.map(({ url }) => url.reveal());
    expect(urls.map((url) => new globalThis.URL(url).pathname)).toEqual(["/app", "/crm"]);
    expect(urls.every((url) => url.includes("u:p@h"))).toBe(true);
  });

  test("can be chosen one by one, or by the entry that names them", () => {
    const chosen = (store: string): string[] =>
      parse("backup", stores, { store }).stores.map(({ name }) => name);
    expect(chosen("postgres-crm")).toEqual(["postgres-crm"]);
    expect(chosen("postgres")).toEqual(["postgres-app", "postgres-crm"]);
    expect(problemsOf(stores, { store: "postgres-shop" })).toContain(
      "names postgres-shop, which is no store.",
    );
  });

  test("share the target of a drill, in the file and as an option", () => {
    const targets = `${stores}\ndrill:\n  targets: { postgres: "postgres://u:p@drill/x", postgres-crm: "postgres://u:p@other/x" }`;
    const listed = ({ targets: all }: DrillConfig): string[][] =>
      all.map(({ store, url }) => [store, new globalThis.URL(url.reveal()).hostname]).sort();
    expect(listed(parse("drill", targets))).toEqual([
      ["postgres-app", "drill"],
      ["postgres-crm", "other"],
    ]);
    const option = { "target-postgres-url": "postgres://u:p@drill/x" };
    expect(listed(parse("drill", stores, option))).toEqual([
      ["postgres-app", "drill"],
      ["postgres-crm", "drill"],
    ]);
  });

  test("are restored one at a time", () => {
    const option = { "target-postgres-url": "postgres://u:p@h/copy" };
    expect(problemsOf(stores, option, "restore")).toContain(
      "fits several stores (postgres-app, postgres-crm).",
    );
    const config = parse("restore", stores, { ...option, store: "postgres-crm" });
    expect(config.targets.map(({ store }) => store)).toEqual(["postgres-crm"]);
  });
});
