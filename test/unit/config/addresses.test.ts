import { describe, expect, test } from "vitest";
import { parseConninfo } from "../../../src/conninfo.ts";
import { parseAs, readProblems } from "./raw-input.ts";

const ENV = { DB_PASSWORD: "pl@nted/word", DB_URL: "postgres://backup@db.example/shop" };

function storeOf(yaml: string): { url: { reveal(): string }; passwordFile?: string } {
  const file = `destination: file:///b\nstores:\n  postgres:\n${yaml.replace(/^/gm, "    ")}`;
  const [store] = parseAs("backup", { yaml: file, env: ENV }).stores;
  if (store?.kind !== "postgres") throw new Error("there is one");
  return store;
}

function problemsOf(yaml: string, kind = "postgres"): string {
  const file = `destination: file:///b\nstores:\n  ${kind}:\n${yaml.replace(/^/gm, "    ")}`;
  return readProblems({ command: "backup", yaml: file, env: ENV });
}

describe("a Postgres store in parts", () => {
  test("is its host, and what goes with it", () => {
    const { url } = storeOf(
      "host: db.example\nport: 6000\nuser: back up\npassword: ${DB_PASSWORD}\ndatabase: shop\nsslmode: verify-full\nca: /ca.pem",
    );
    expect(Object.fromEntries(parseConninfo(url.reveal()) as Map<string, string>)).toEqual({
      host: "db.example",
      port: "6000",
      user: "back up",
      password: "pl@nted/word",
      dbname: "shop",
      sslmode: "verify-full",
      sslrootcert: "/ca.pem",
    });
  });

  test("may complete an address", () => {
    const store = storeOf("url: ${DB_URL}\npassword-file: /run/secrets/db\nsslmode: require");
    expect(store.url.reveal()).toBe("postgresql://backup@db.example/shop?sslmode=require");
    expect(store.passwordFile).toBe("/run/secrets/db");
  });

  test("has its password masked in every form, by itself too", () => {
    const file =
      "destination: file:///b\nstores: { postgres: { host: db, user: u, password: '${DB_PASSWORD}' } }";
    const { secrets } = parseAs("backup", { yaml: file, env: ENV });
    expect(secrets.map((secret) => secret.reveal())).toContain("pl@nted/word");
  });

  test.each([
    ["what the address says already", "url: postgres://u@h/d\nuser: other", /user is in the address as well/],
    [
      "two passwords",
      "host: h\nuser: u\npassword: x\npassword-file: /y",
      /password-file stands beside a password/,
    ],
    ["a port that is none", "host: h\nuser: u\nport: 99999", /port is no number/],
    ["a part alone", "user: u", /needs a url/],
    [
      "a variable that is not set",
      "host: h\nuser: u\npassword: ${ABSENT}",
      /needs the environment variable ABSENT/,
    ],
  ])("is refused with %s", (_, yaml, message) => {
    expect(problemsOf(yaml)).toMatch(message);
  });

  test("means nothing for ClickHouse", () => {
    expect(problemsOf("url: http://h:8123\nhost: h", "clickhouse")).toMatch(
      /host means nothing for clickhouse/,
    );
  });
});

test("libpq's keywords and values are an address", () => {
  const options = { destination: "file:///b", "postgres-url": "host=db user=u password='planted word'" };
  const { stores, secrets } = parseAs("backup", { options });
  expect(stores[0]?.url.reveal()).toBe(options["postgres-url"]);
  expect(secrets.map((secret) => secret.reveal())).toContain("planted word");
});

test.each([
  ["postgres", "postgres://u:pl@nted/wo#rd@db:5432/shop"],
  ["postgres", "postgres://u:pl@nted?word@db/shop"],
  ["clickhouse", "http://u:12/pl@ch:8123/logs"],
  ["clickhouse", "http://u:12?pl@ch:8123/logs"],
])("a password of %s that is not URL-encoded is told as such, and no part of it is printed", (kind, url) => {
  const problems = readProblems({ options: { destination: "file:///b", [`${kind}-url`]: url } });
  expect(problems).toMatch(/holds an @ behind its host\. Write .*-encoded/);
  expect(problems).not.toMatch(/pl@|nted|wo#rd|12/);
});

test("an address without a password is no secret, so that errors can say where they looked", () => {
  const secretsOf = (url: string): string[] =>
    parseAs("backup", { options: { destination: "file:///b", "clickhouse-url": url } }).secrets.map(
      (secret) => secret.reveal(),
    );
  expect(secretsOf("http://ch:8123")).toEqual([]);
  expect(secretsOf("http://ch:8123/?password=x")).toEqual(["http://ch:8123/?password=x"]);
});

test("a drill's target in parts is a target, and one without any is not", () => {
  const yaml = (target: string): string =>
    `destination: file:///b\nstores: { postgres: {} }\ndrill: { targets: { postgres: ${target} } }`;
  const { targets } = parseAs("drill", { yaml: yaml("{ host: h, user: u, password-file: /p }"), env: ENV });
  expect(targets).toMatchObject([{ store: "postgres", passwordFile: "/p" }]);
  expect(targets[0]?.url.reveal()).toBe("postgresql://u@h/");
  expect(readProblems({ command: "drill", yaml: yaml("{ user: u }") })).toMatch(/needs a url, or a host/);
});
