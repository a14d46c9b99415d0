import { describe, expect, test } from "vitest";
import { AppError } from "../../../../src/errors.ts";
import { Redactor, Secret } from "../../../../src/sys/secret.ts";
import {
  clientConfig,
  libpqEnv,
  parsePostgresUrl,
  urlOfDatabase,
} from "../../../../src/stores/postgres/connection.ts";
import type { PostgresConnection } from "../../../../src/stores/postgres/connection.ts";

function parse(url: string, redactor = new Redactor()): PostgresConnection {
  return parsePostgresUrl("postgres", new Secret(url), redactor);
}

function failureOf(url: string): AppError {
  try {
    parse(url);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error("it was read");
}

describe("a connection URL", () => {
  test("is read in all its parts, percent-encoding decoded", () => {
    const connection = parse("postgresql://us%40er:p%2Fa%3Ass@db.example:6000/my%20app?sslmode=require");
    expect(connection).toMatchObject({
      host: "db.example",
      port: 6000,
      user: "us@er",
      database: "my app",
      sslMode: "require",
    });
    expect(connection.password?.reveal()).toBe("p/a:ss");
  });

  test("has libpq's defaults: port 5432, the user's database, TLS where it is offered", () => {
    expect(parse("postgres://app@[::1]")).toMatchObject({
      host: "::1",
      port: 5432,
      database: "app",
      password: undefined,
      sslMode: "prefer",
    });
  });

  test.each([
    ["not a url at all", /cannot be read/],
    ["mysql://app:hunter22@db/app", /begins with mysql/],
    ["postgres://db.example/app", /no user/],
    ["postgres://app:hunter22@db/app?sslmode=maybe", /unknown sslmode/],
    ["postgres://app:hunter22@db/app?sslmode=verify-ca", /certificate authority/],
    ["postgres://app:hunter22%zz@db/app", /percent-encoded/],
    ["postgres://app:hunter22/x@db/app", /cannot be read/],
  ])("that makes no sense is refused without being quoted: %s", (url, message) => {
    const error = failureOf(url);
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toMatch(message);
    expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toContain("hunter22");
  });

  test("is known to the redactor, and so are its password's forms", () => {
    const redactor = new Redactor();
    parse("postgres://app:pl%40nted@db/app", redactor);
    expect(redactor.redact("pl@nted pl%40nted postgres://app:pl%40nted@db/app")).toBe("*** *** ***");
  });

  test("leads to another database of the same server", () => {
    const url = urlOfDatabase(new Secret("postgres://app:x%40y@db:6000/app?sslmode=require"), "other one");
    expect(url.reveal()).toBe("postgres://app:x%40y@db:6000/other%20one?sslmode=require");
  });
});

describe("encryption means what libpq means", () => {
  const tlsOf = (query: string): unknown => clientConfig(parse(`postgres://app@db/app?${query}`), true).ssl;

  test("require verifies nothing", () => {
    expect(tlsOf("sslmode=require")).toEqual({ rejectUnauthorized: false });
  });

  test("verify-full verifies the certificate and the host's name", () => {
    expect(tlsOf("sslmode=verify-full")).toEqual({ rejectUnauthorized: true });
  });

  test("verify-ca verifies the certificate alone", () => {
    expect(tlsOf("sslmode=verify-ca&sslrootcert=system")).toMatchObject({
      rejectUnauthorized: true,
      checkServerIdentity: expect.any(Function) as unknown,
    });
  });

  test("an authority that cannot be read is named", () => {
    expect(() => tlsOf("sslmode=verify-full&sslrootcert=/nowhere/ca.pem")).toThrow(/\/nowhere\/ca\.pem/);
  });
});

test("an idle connection is kept open through firewalls that forget one after minutes", () => {
  const config = clientConfig(parse("postgres://app@db/app"), false);
  expect(config).toMatchObject({ keepAlive: true });
  expect(config.keepAliveInitialDelayMillis).toBeLessThan(4 * 60_000); // Azure's limit, the shortest
  expect(config.keepAliveInitialDelayMillis).toBeGreaterThan(0); // 0 leaves the system's two hours
});

test("libpq's tools get the whole connection through their environment, the operator's options first", () => {
  const env = libpqEnv(parse("postgres://app:secret@db:6000/shop?sslmode=require&options=endpoint%3Dx"));
  expect(env).toMatchObject({
    PGHOST: "db",
    PGPORT: "6000",
    PGUSER: "app",
    PGPASSWORD: "secret",
    PGDATABASE: "shop",
    PGSSLMODE: "require",
  });
  expect(env["PGOPTIONS"]).toMatch(/^endpoint=x .*-c statement_timeout=0/);
});
