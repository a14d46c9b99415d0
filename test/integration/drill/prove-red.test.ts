import { expect, test } from "vitest";
import { fillProduct } from "../../../demo/product.ts";
import { CALL_STEPS, DrillSite, keepSteps } from "../../support/drill-site.ts";

test("every damage to a copy of both stores is noticed, a wrong key and a silent upstream by the steps that they are about", async () => {
  await using site = await DrillSite.create(fillProduct);
  const { record } = await site.drill({
    edit: (file) => keepSteps(file, CALL_STEPS),
    options: { "prove-red": "true" },
  });
  expect(record).toMatchObject({ verdict: "proven", reasons: [] });
  const { controls = [] } = record;
  expect(Object.fromEntries(controls.map(({ name, outcome }) => [name, outcome]))).toEqual({
    "postgres: a row removed": "caught",
    "postgres: a value changed": "caught",
    "postgres: a table emptied": "caught",
    "postgres: a policy dropped": "caught",
    "postgres: an index dropped": "caught",
    "postgres: a sequence moved": "caught",
    "clickhouse: a row removed": "caught",
    "clickhouse: a row's values changed": "caught",
    "clickhouse: a table emptied": "caught",
    "every key with one bit flipped": "caught",
    "the upstream silent": "caught",
  });
  expect(controls.slice(-2).map(({ reason }) => reason)).toEqual([
    expect.stringContaining('Step "provider keys": '),
    expect.stringContaining("The application did not reach the upstream"),
  ]);
});
