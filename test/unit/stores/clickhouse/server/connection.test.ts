import { describe, expect, test } from "vitest";
import { addressOf, parseConnection } from "../../../../../src/stores/clickhouse/server/connection.ts";
import { Redactor, Secret } from "../../../../../src/sys/secret.ts";

describe("a ClickHouse address", () => {
  test.each([
    ["https://u:p%40ss%2Fw@h.example:9443/db", "https://h.example:9443", "u", "p@ss/w", "db"],
    ["clickhouses://u:p@h", "https://h:8443", "u", "p", undefined],
    ["clickhouse://h/%D0%B1", "http://h:8123", "default", "", "б"],
    ["https://u:secret@h:443/", "https://h:443", "u", "secret", undefined],
    ["http://u:p@[::1]/?database=x", "http://[::1]:8123", "u", "p", "x"],
  ])("%s", (url, endpoint, user, password, database) => {
    const connection = parseConnection(new Secret(url), new Redactor());
    expect(connection).toMatchObject({ endpoint, user, database });
    expect(connection.password.reveal()).toBe(password);
  });

  test.each(["not a url pass-word", "postgres://u:pass-word@h/db", "http://u:pass-word%@h/"])(
    "%s is refused without being repeated",
    (url) => {
      expect(() => parseConnection(new Secret(url), new Redactor())).toThrow(
        expect.objectContaining({
          code: "CONFIG_INVALID",
          message: expect.not.stringContaining("pass-word"),
        }),
      );
    },
  );

  test("its password is removed from text in each form it travels in", () => {
    const redactor = new Redactor();
    parseConnection(new Secret("http://me:p%40ss%20word@h"), redactor);
    const header = Buffer.from("me:p@ss word").toString("base64");
    expect(redactor.redact(`p@ss word p%40ss%20word ${header}`)).not.toMatch(/ss word|ss%20word|bWU6/);
  });

  test("one without a login stays readable in errors, and one with a login does not", () => {
    const redactor = new Redactor();
    const plain = parseConnection(new Secret("http://h:8123"), redactor);
    expect(redactor.redact(`${plain.endpoint} cannot be reached`)).toBe("http://h:8123 cannot be reached");
    parseConnection(new Secret("http://me:password@h:8123"), redactor);
    expect(redactor.redact("http://me:password@h:8123")).toBe("***");
  });

  test("another database takes the place of its own", () => {
    const connection = parseConnection(new Secret("http://me:p%40ss@h:1/one"), new Redactor());
    expect(addressOf(connection, "two & more").url).toBe("http://me:p%40ss@h:1/two%20%26%20more");
  });
});
