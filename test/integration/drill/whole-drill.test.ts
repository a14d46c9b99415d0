import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderSummary } from "../../../src/report/summary.ts";
import { CALL_STEPS, DrillSite, expectReasons, findStep, keepSteps } from "../../support/drill-site.ts";
import type { DrillFile } from "../../support/drill-site.ts";
import { FAULTY_SERVER, fillLlmProxy } from "../../support/llm-proxy.ts";
import type { Fault } from "../../support/faulty-apps/main.ts";

let site: DrillSite;
beforeAll(async () => {
  site = await DrillSite.create(fillLlmProxy);
});
afterAll(() => site[Symbol.asyncDispose]());

test("the example application is proven down to the logged row, and the summary says by what", async () => {
  const result = await site.drill();
  expect(result.record).toMatchObject({ verdict: "proven", reasons: [] });
  expect(result.record.steps.map(({ name, outcome }) => [name, outcome])).toEqual([
    ["migrations", "passed"],
    ["what the migrations changed", "passed"],
    ["provider keys", "passed"],
    ["requests of known API keys", "passed"],
    ["the log holds half a year", "passed"],
    ["an API key for the drill", "passed"],
    ["application", "passed"],
    ["chat through the application", "passed"],
  ]);
  const summary = renderSummary(result);
  for (const line of [
    `✅ proven: backup ${result.record.backupId}`,
    "| postgres | 4 | 37 | 16 | 0 |",
    "| clickhouse | 2 | 50,002 | 4 | 0 |",
    "10 of 10 secrets decrypted;",
    "Under the key with one bit flipped, 0 of 10 could be decrypted.",
    "0 of 20 ids in clickhouse are unknown to postgres.",
    "The key decrypted from the restored row is the one that reached the upstream.",
    "The application answered 200 with what the upstream said.",
    "The call was logged in clickhouse within ",
  ]) {
    expect(summary).toContain(line);
  }
});

describe("unproven, and for the right reason, is", () => {
  const wrongKey = randomBytes(32).toString("base64");

  test("a drill under a wrong ENCRYPTION_KEY", async () => {
    const result = await site.drill({
      env: { ENCRYPTION_KEY: wrongKey },
      options: { store: "postgres" },
      edit: (file) => keepSteps(file, ["provider keys"]),
    });
    expectReasons(
      result,
      "unproven",
      /^Step "provider keys" failed: 10 of 10 secrets could not be decrypted; .* not the one they were encrypted under\.$/,
    );
  });

  test("an application under a wrong ENCRYPTION_KEY, where the drill has the right one", async () => {
    const result = await site.drill({
      edit: (file) => {
        keepSteps(file, CALL_STEPS);
        findStep(file, "application").env!["ENCRYPTION_KEY"] = wrongKey;
      },
    });
    expectReasons(
      result,
      "unproven",
      /did not reach the upstream; it answered status 400: .*NO_PROVIDER_KEY/,
    );
  });

  test.each<[Fault, RegExp]>([
    ["swallows-decryption", /did not reach the upstream; it answered status 400: .*NO_PROVIDER_KEY/],
    ["from-memory", /did not reach the upstream; it answered status 200: .*As always\./],
    ["logs-nothing", /: The call was not logged in clickhouse within 2 s\.$/],
    ["sends-another-key", /: The upstream got another key than the one decrypted from the restored row\.$/],
  ])("an application that %s", async (fault, reason) => {
    const result = await site.drill({ edit: (file) => startFaulty(file, fault) });
    expectReasons(result, "unproven", reason);
    expect(result.record.steps.map(({ outcome }) => outcome)).toEqual([
      "passed",
      "passed",
      "passed",
      "failed",
    ]);
  });

  test("a drill whose migrations fail, which then tries nothing else", async () => {
    const result = await site.drill({
      edit: (file) => {
        keepSteps(file, ["migrations", ...CALL_STEPS]);
        findStep(file, "migrations").run = "echo 'column exists already' >&2; exit 3";
      },
    });
    expectReasons(
      result,
      "unproven",
      /^Step "migrations" failed: bash exited with status 3\. It said:\ncolumn exists already$/,
    );
    expect(result.record.steps.map(({ outcome }) => outcome)).toEqual([
      "failed",
      ...CALL_STEPS.map(() => "unproven"),
    ]);
  });

  test("the newest backup when it is older than the objective allows", async () => {
    const result = await site.drill({
      options: { store: "postgres" },
      edit: (file) => {
        keepSteps(file, []);
        file.objectives = { rpo: "0.001s" }; // no backup is as young as that when a drill begins
      },
    });
    expectReasons(result, "unproven", /^The newest backup is .* old; the objective \(RPO\) is 0\.0 s/);
  });

  test("a drill that has no target for one of the stores", async () => {
    const result = await site.drill({
      edit: (file) => {
        keepSteps(file, []);
        delete file.drill.targets["clickhouse"];
      },
    });
    expectReasons(
      result,
      "unproven",
      /^Store clickhouse was not restored: no drill target was given for it\.$/,
    );
  });

  test("a drill that has a target for none of the stores", async () => {
    const result = await site.drill({
      options: { store: "postgres" },
      edit: (file) => {
        keepSteps(file, []);
        delete file.drill.targets["postgres"];
      },
    });
    expectReasons(
      result,
      "unproven",
      /^Store postgres was not restored: no drill target was given for it\.$/,
      /^Nothing was compared: no store was restored\.$/,
    );
  });
});

/** Starts a faulty application in place of the example. */
function startFaulty(file: DrillFile, fault: Fault): void {
  keepSteps(file, CALL_STEPS);
  const application = findStep(file, "application");
  application.start = application.start!.replace("examples/llm-proxy/server.ts", FAULTY_SERVER);
  application.env!["FAULT"] = fault;
  findStep(file, "chat through the application").logged!.within = "2s";
}
