import { describe, expect, inject, test } from "vitest";
import { createClickHouseStore } from "../../../src/stores/clickhouse/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { AppError } from "../../../src/errors.ts";
import { startTestRun } from "../../support/run-context.ts";

const PASSWORD = "planted p@ss/word";

async function explain(url: string, databases?: string[]): Promise<AppError> {
  const store = createClickHouseStore(
    { name: "clickhouse", url: new Secret(url), databases },
    startTestRun(),
  );
  try {
    await store.check();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  } finally {
    await store.close();
  }
  throw new Error("nothing was refused");
}

describe("a store that cannot be backed up says why:", () => {
  const { host } = new URL(inject("clickhouseUrl"));
  const password = encodeURIComponent(PASSWORD);
  test.each<[string, string, string[] | undefined, string, RegExp]>([
    ["wrong password", `http://lifeboat:${password}@${host}`, undefined, "STORE_LOGIN_REFUSED", /password/],
    ["nothing listens", `http://lifeboat:${password}@127.0.0.1:1`, undefined, "STORE_UNREACHABLE", /port/],
    [
      "no such host",
      `http://lifeboat:${password}@no-such-host.invalid`,
      undefined,
      "STORE_UNREACHABLE",
      /host/,
    ],
    ["a database that is not there", inject("clickhouseUrl"), ["nowhere"], "STORE_UNREACHABLE", /names/],
    [
      "a database in the address that is not there",
      `${inject("clickhouseUrl")}/nowhere`,
      undefined,
      "STORE_UNREACHABLE",
      /name/,
    ],
  ])("%s", async (_, url, databases, code, hint) => {
    const error = await explain(url, databases);
    expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) });
    const everything = `${error.message} ${error.hint} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
    for (const form of [PASSWORD, password, new URL(inject("clickhouseUrl")).password]) {
      expect(everything).not.toContain(form);
    }
  });
});
