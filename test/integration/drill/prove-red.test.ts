import { expect, test } from "vitest";
import { fillProduct } from "../../../demo/product.ts";
import type { DrillResult } from "../../../src/commands/drill.ts";
import { CALL_STEPS, DrillSite, keepSteps } from "../../support/drill-site.ts";
import { fillLlmProxy } from "../../support/llm-proxy.ts";

const PROVE_RED = { "prove-red": "true" };

function listOutcomes({ record }: DrillResult): Record<string, string> {
  expect(record).toMatchObject({ verdict: "proven", reasons: [] });
  return Object.fromEntries((record.controls ?? []).map(({ name, outcome }) => [name, outcome]));
}

test("every damage to a copy of both stores is noticed", async () => {
  await using site = await DrillSite.create(fillProduct);
  const result = await site.drill({ edit: (file) => keepSteps(file, []), options: PROVE_RED });
  expect(listOutcomes(result)).toEqual({
    "postgres: a row removed": "caught",
    "postgres: a value changed": "caught",
    "postgres: a table emptied": "caught",
    "postgres: a policy dropped": "caught",
    "postgres: an index dropped": "caught",
    "postgres: a sequence moved": "caught",
    "clickhouse: a row removed": "caught",
    "clickhouse: a row's values changed": "caught",
    "clickhouse: a table emptied": "caught",
    "every key with one bit flipped": "not applicable",
    "the upstream silent": "not applicable",
  });
});

test("a wrong key and a silent upstream are noticed by the steps that they are about", async () => {
  await using site = await DrillSite.create(fillLlmProxy);
  const result = await site.drill({ edit: (file) => keepSteps(file, CALL_STEPS), options: PROVE_RED });
  expect(listOutcomes(result)).toMatchObject({
    "every key with one bit flipped": "caught",
    "the upstream silent": "caught",
  });
  expect(result.record.controls?.slice(-2).map(({ reason }) => reason)).toEqual([
    expect.stringContaining('Step "provider keys": '),
    expect.stringContaining("The application did not reach the upstream"),
  ]);
});
