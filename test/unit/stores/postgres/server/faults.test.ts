import { describe, expect, test } from "vitest";
import { parsePostgresAddress } from "../../../../../src/stores/postgres/server/connection.ts";
import type { PostgresConnection } from "../../../../../src/stores/postgres/server/connection.ts";
import { explainConnectFault, explainQueryFault } from "../../../../../src/stores/postgres/server/faults.ts";
import { refuseTransactionPooler } from "../../../../../src/stores/postgres/server/poolers.ts";
import { parseServerVersion } from "../../../../../src/stores/postgres/server/server.ts";
import { explainToolFault } from "../../../../../src/stores/postgres/server/tool-faults.ts";
import { AppError } from "../../../../../src/errors.ts";
import { Redactor, Secret } from "../../../../../src/sys/secret.ts";

const SUPABASE_DIRECT = "postgres://postgres:hunter22@db.abcdefgh.supabase.co:5432/postgres";

function connectionTo(url: string, redactor = new Redactor()): PostgresConnection {
  return parsePostgresAddress("postgres", { url: new Secret(url) }, redactor);
}

function errorWith(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

describe("what a failed connection means", () => {
  const connection = connectionTo("postgres://app:hunter22@db.example/shop");
  test.each([
    ["ENOTFOUND", "getaddrinfo ENOTFOUND", "STORE_UNREACHABLE", /host db\.example is not known/, false],
    ["ECONNREFUSED", "connect ECONNREFUSED", "STORE_UNREACHABLE", /Nothing accepts connections/, true],
    ["28P01", "password authentication failed", "STORE_LOGIN_REFUSED", /refused the login of app/, false],
    ["3D000", "database does not exist", "STORE_UNREACHABLE", /no database shop/, false],
    ["57P03", "the database system is starting up", "STORE_UNREACHABLE", /takes no connection now/, true],
    ["SELF_SIGNED_CERT_IN_CHAIN", "self-signed", "STORE_UNREACHABLE", /certificate of db\.example/, false],
    ["XX000", "Tenant or user not found", "STORE_LOGIN_REFUSED", /no such tenant/, false],
    ["", "timeout expired", "STORE_UNREACHABLE", /timeout expired/, true],
  ])("%s: %s", (code, message, expectedCode, text, transient) => {
    const fault = explainConnectFault(errorWith(code, message), connection, new Redactor());
    expect(fault.code).toBe(expectedCode);
    expect(fault.message).toMatch(text);
    expect(fault.transient).toBe(transient);
  });

  test("an unencrypted connection that the server refuses is told to use sslmode=require", () => {
    const error = errorWith("28000", "no pg_hba.conf entry for host, no encryption");
    expect(explainConnectFault(error, connection, new Redactor()).hint).toMatch(/sslmode=require/);
  });

  test.each(["ENOTFOUND", "ENETUNREACH"])("Supabase's IPv6-only host gets the session pooler: %s", (code) => {
    const direct = connectionTo(SUPABASE_DIRECT);
    const fault = explainConnectFault(errorWith(code, code), direct, new Redactor());
    expect(fault.message).toMatch(/only an IPv6 address/);
    expect(fault.hint).toMatch(/session pooler.*5432/);
  });

  test("the server's words are redacted", () => {
    const redactor = new Redactor();
    const secretive = connectionTo("postgres://app:hunter22@db.example/shop", redactor);
    expect(explainConnectFault(errorWith("", "got hunter22"), secretive, redactor).message).not.toContain(
      "hunter22",
    );
  });
});

test.each([
  "postgres://p.abc:x@aws-0-eu-west-1.pooler.supabase.com:6543/postgres",
  "postgres://p:x@db.abc.supabase.co:6543/postgres",
])("the transaction pooler is refused by name: %s", (url) => {
  expect(() => refuseTransactionPooler(connectionTo(url))).toThrow(/transaction pooler/);
  expect(() => refuseTransactionPooler(connectionTo(url.replace("6543", "5432")))).not.toThrow();
});

test("Neon's pooled host is refused with the direct one", () => {
  const url = "postgres://app:hunter22@ep-cool-name-123-pooler.eu-central-1.aws.neon.tech/shop";
  expect(() => refuseTransactionPooler(connectionTo(url))).toThrow(
    expect.objectContaining({
      code: "STORE_UNSUPPORTED",
      hint: expect.stringContaining("ep-cool-name-123.eu-central-1.aws.neon.tech") as unknown,
    }),
  );
  expect(() => refuseTransactionPooler(connectionTo(url.replace("-pooler", "")))).not.toThrow();
});

test("Supabase's advice names the project and the pooler as far as the address does", () => {
  const hintOf = (url: string): string => {
    try {
      refuseTransactionPooler(connectionTo(url));
    } catch (error) {
      return (error as AppError).hint;
    }
    return "";
  };
  expect(hintOf("postgres://postgres:x@db.abcdefgh.supabase.co:6543/postgres")).toMatch(
    /port 5432, user postgres\.abcdefgh\. The dashboard shows/,
  );
  expect(hintOf("postgres://postgres.abc:x@aws-1-eu-west-1.pooler.supabase.com:6543/postgres")).toMatch(
    /host aws-1-eu-west-1\.pooler\.supabase\.com, port 5432/,
  );
});

test("an RDS certificate that is not accepted comes with the way to Amazon's authorities", () => {
  const rds = connectionTo("postgres://app@db.abc.eu-west-1.rds.amazonaws.com/shop?sslmode=verify-full");
  const fault = explainConnectFault(
    errorWith("SELF_SIGNED_CERT_IN_CHAIN", "self-signed"),
    rds,
    new Redactor(),
  );
  expect(fault.hint).toContain("https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem");
});

test("a statement that is not permitted is a matter of rights, a cut connection may be tried again", () => {
  const denied = explainQueryFault(errorWith("42501", "permission denied"), "Reading x", new Redactor());
  const cut = explainQueryFault(errorWith("57P01", "terminating connection"), "Reading x", new Redactor());
  expect([denied.code, denied.transient]).toEqual(["STORE_RIGHTS_MISSING", false]);
  expect([cut.code, cut.transient]).toEqual(["STORE_FAILED", true]);
});

describe("a server's version", () => {
  test.each([
    ["17.10 (Debian 17.10-1.pgdg13+1)", "17.10", 17],
    ["18beta2", "18beta2", 18],
    ["14.0", "14.0", 14],
  ])("%s", (text, version, major) => {
    expect(parseServerVersion(text)).toEqual({ version, major });
  });

  test.each(["13.21", "9.6.24"])("%s is too old", (text) => {
    expect(() => parseServerVersion(text)).toThrow(expect.objectContaining({ code: "STORE_UNSUPPORTED" }));
  });
});

test("a tool started by a loader is named by its own name, with advice on what it said", () => {
  const failed = new AppError("TOOL_FAILED", "ld-linux-x86-64.so.2 exited with status 1. It said: …", {
    hint: "?",
  });
  const said = 'pg_restore: error: extension "vector" is not available';
  const fault = explainToolFault(failed, "pg_restore", said);
  expect(fault).toMatchObject({
    code: "TOOL_FAILED",
    message: `pg_restore exited with status 1. It said:\n${said}`,
    hint: expect.stringContaining("offers the extension") as unknown,
  });
});
