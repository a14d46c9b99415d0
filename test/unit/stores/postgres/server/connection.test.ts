import { chmod, writeFile } from "node:fs/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { AppError } from "../../../../../src/errors.ts";
import {
  clientConfig,
  connectionTo,
  describeHost,
  parsePostgresAddress,
  addressOf,
} from "../../../../../src/stores/postgres/server/connection.ts";
import type { PostgresConnection } from "../../../../../src/stores/postgres/server/connection.ts";
import { PROVIDER_AUTHORITIES } from "../../../../../src/presets/authorities.ts";
import { Scratch } from "../../../../../src/sys/scratch.ts";
import { Redactor, Secret } from "../../../../../src/sys/secret.ts";

const PEM = PROVIDER_AUTHORITIES[0]?.pem ?? "";

function parse(url: string, redactor = new Redactor(), passwordFile?: string): PostgresConnection {
  return parsePostgresAddress("postgres", { url: new Secret(url), passwordFile }, redactor);
}

function failureOf(url: string, passwordFile?: string): AppError {
  try {
    parse(url, new Redactor(), passwordFile);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error("it was read");
}

async function scratchFile(content: string, mode = 0o600): Promise<string> {
  const scratch = await Scratch.create();
  onTestFinished(() => scratch.remove());
  await writeFile(scratch.file("given"), content);
  await chmod(scratch.file("given"), mode);
  return scratch.file("given");
}

describe("an address", () => {
  const PARTS = {
    host: "db.example",
    port: 6000,
    user: "us@er",
    database: "my app",
    tls: { mode: "require" },
  };

  test.each([
    ["a URI, decoded", "postgresql://us%40er:p%2Fa%3Ass@db.example:6000/my%20app?sslmode=require"],
    [
      "a URI with all in its query",
      "postgres:///?host=db.example&port=6000&user=us%40er&password=p/a:ss&dbname=my%20app&ssl=true",
    ],
    ["keywords", `host=db.example port=6000 user=us@er password='p/a:ss' dbname = 'my app' sslmode=require`],
    [
      "keywords with escapes",
      String.raw`host=db.example port='6000' user=us@er password=p\/a:ss dbname=my\ app sslmode=require`,
    ],
  ])("is read as %s", (_, text) => {
    const connection = parse(text);
    expect(connection).toMatchObject(PARTS);
    expect(connection.password?.reveal()).toBe("p/a:ss");
  });

  test("has libpq's defaults: port 5432, the user's database, TLS where it is offered", () => {
    expect(parse("postgres://app@[::1]")).toMatchObject({
      host: "::1",
      port: 5432,
      database: "app",
      password: undefined,
      tls: { mode: "prefer", authorities: undefined },
    });
  });

  test.each([
    ["postgres://app:hunter22@%2Fvar%2Frun%2Fpostgresql/shop"],
    ["postgres://app:hunter22@/shop?host=/var/run/postgresql"],
    ["host=/var/run/postgresql user=app password=hunter22 dbname=shop"],
  ])("leads through a Unix socket: %s", (text) => {
    expect(parse(text)).toMatchObject({ host: "/var/run/postgresql", database: "shop", user: "app" });
    expect(parse(addressOf(parse(text)).url).parameters).toEqual(parse(text).parameters);
  });

  test.each([
    ["not a url at all", /cannot be read/],
    ["mysql://app:hunter22@db/app", /begins with mysql/],
    ["postgres://db.example/app", /no user/],
    ["postgres://app:hunter22@db/app?sslmode=maybe", /unknown sslmode/],
    ["postgres://app:hunter22@db/app?sslmode=verify-ca", /certificate authority/],
    ["postgres://app:hunter22@db/app?sslmode=verify-ca&sslrootcert=system", /certificate authority/],
    ["postgres://app:hunter22@db/app?sslmod=verify-full", /unknown sslmod\. Did you mean sslmode/],
    ["postgres://app:hunter22@db/app?sslcert=/nowhere", /sslcert and sslkey/],
    ["postgres://app:hunter22@db/app?service=prod", /service, which is not supported/],
    ["postgres://app:hunter22%zz@db/app", /percent-encoded/],
    ["postgres://app:hunter22/x@db/app", /cannot be read/],
    ["postgres://app:hunter22@db:99999/app", /port/],
    ["postgres://app:hunter22@one,two/app", /several hosts/],
    ["postgres://app:hunter22@one:5432,two:5433/app", /several hosts/],
    ["host=one,two user=app password=hunter22", /several hosts/],
    ["host=db user=app password='hunter22", /cannot be read/],
    ["host=db password=hunter22", /no user/],
  ])("that makes no sense is refused without being quoted: %s", (url, message) => {
    const error = failureOf(url);
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toMatch(message);
    expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toContain("hunter22");
  });

  test("may hold what other programs put there", () => {
    const url = "postgres://app@db/app?schema=public&pgbouncer=true&connection_limit=1&application_name=me";
    expect(parse(url)).toMatchObject({ host: "db", database: "app" });
  });

  test("is known to the redactor, and so are its password's forms", () => {
    const redactor = new Redactor();
    parse("postgres://app:pl%40nted@db/app", redactor);
    expect(redactor.redact("pl@nted pl%40nted postgres://app:pl%40nted@db/app")).toBe("*** *** ***");
  });

  test("leads to another database of the same server, and gives commands a URI", () => {
    const other = connectionTo(parse("postgres://app:x%40y@db:6000/app?sslmode=require"), "other one");
    expect(other.database).toBe("other one");
    expect(addressOf(other).url).toBe("postgresql://app:x%40y@db:6000/other%20one?sslmode=require");
  });

  test("is spoken of by its host, and its port where that is another", () => {
    const spoken = ["db", "db:5432", "db:6000", "[::1]:6000"].map((host) =>
      describeHost(parse(`postgres://app@${host}/app`)),
    );
    expect(spoken).toEqual(["db", "db", "db:6000", "[::1]:6000"]);
  });
});

describe("a password-file", () => {
  test("gives the password, without the line end, and the redactor knows it", async () => {
    const redactor = new Redactor();
    const connection = parse("postgres://app@db/app", redactor, await scratchFile("pl@nted word\n"));
    expect(connection.password?.reveal()).toBe("pl@nted word");
    expect(redactor.redact("pl@nted word")).toBe("***");
    expect(addressOf(connection).url).toBe("postgresql://app:pl%40nted%20word@db/app");
  });

  test.each([
    ["that others can read", "planted", 0o644, /can be read by other users/],
    ["that its group can read", "planted", 0o640, /can be read by other users/],
    ["that is empty", "\n", 0o600, /is empty/],
  ])("%s is refused", async (_, content, mode, message) => {
    const error = failureOf("postgres://app@db/app", await scratchFile(content, mode));
    expect(error.message).toMatch(message);
    expect(`${error.message} ${error.hint}`).not.toContain("planted");
  });

  test("that is not there is named", () => {
    expect(failureOf("postgres://app@db/app", "/nowhere/password").message).toContain("/nowhere/password");
  });
});

describe("encryption means what libpq means", () => {
  const tlsOf = (query: string, host = "db"): unknown =>
    clientConfig(parse(`postgres://app@${host}/app?${query}`), true).ssl;

  test("require verifies nothing", () => {
    expect(tlsOf("sslmode=require")).toEqual({ rejectUnauthorized: false });
  });

  test("verify-full verifies the certificate and the host's name, by the authorities that all trust", () => {
    const tls = tlsOf("sslmode=verify-full") as { ca: string };
    expect(tls).toEqual({ rejectUnauthorized: true, ca: expect.any(String) as unknown });
    expect(tls.ca.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(100);
    expect(tls.ca).not.toContain(PEM);
  });

  test("a provider's own authority vouches for its hosts", () => {
    const tls = tlsOf("sslmode=verify-full", "aws-0-eu-west-1.pooler.supabase.com") as { ca: string };
    expect(tls.ca).toContain(PEM);
    expect(tlsOf("sslmode=verify-ca", "db.abc.supabase.co")).toMatchObject({ ca: PEM });
  });

  test("an authority is given as a file or as its text", async () => {
    const file = await scratchFile(PEM, 0o644);
    for (const given of [file, PEM]) {
      expect(tlsOf(`sslmode=verify-ca&sslrootcert=${encodeURIComponent(given)}`)).toEqual({
        rejectUnauthorized: true,
        ca: PEM,
        checkServerIdentity: expect.any(Function) as unknown,
      });
      expect(tlsOf(`sslmode=require&sslrootcert=${encodeURIComponent(given)}`)).toMatchObject({ ca: PEM });
    }
  });

  test("an authority that cannot be read, or is none, is named", async () => {
    expect(() => tlsOf("sslmode=verify-full&sslrootcert=/nowhere/ca.pem")).toThrow(/\/nowhere\/ca\.pem/);
    const file = await scratchFile("no certificate", 0o644);
    expect(() => tlsOf(`sslmode=verify-full&sslrootcert=${file}`)).toThrow(/holds no certificate/);
  });
});

test("an idle connection is kept open through firewalls that forget one after minutes", () => {
  const config = clientConfig(parse("postgres://app@db/app"), false);
  expect(config).toMatchObject({ keepAlive: true });
  expect(config.keepAliveInitialDelayMillis).toBeLessThan(4 * 60_000); // Azure's limit, the shortest
  expect(config.keepAliveInitialDelayMillis).toBeGreaterThan(0); // 0 leaves the system's two hours
});
