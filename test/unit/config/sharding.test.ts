import { expect, test } from "vitest";
import { parseAs, readProblems } from "./raw-input.ts";

const ID = "20261120T021704Z-7f3a";
const SOURCE = { destination: "file:///backups", "postgres-url": "postgres://u:pw@h/d" };
const KEYED = "keys: { ENCRYPTION_KEY: '${ENCRYPTION_KEY}' }";

test("a plan, a shard of it, and the end", () => {
  expect(parseAs("plan", { options: SOURCE })).toMatchObject({ count: 4, full: false });
  expect(parseAs("plan", { options: { ...SOURCE, shards: "256", full: "true" } })).toMatchObject({
    count: 256,
    full: true,
  });
  const shard = parseAs("backup", { options: { ...SOURCE, backup: ID, shard: "2/3" } });
  expect(shard).toMatchObject({ shard: "2/3", backupId: ID, stores: [{ name: "postgres" }] });
  // It needs no database and none of its passwords.
  const { destination } = SOURCE;
  expect(parseAs("finish", { options: { destination, backup: ID } })).toMatchObject({ backupId: ID });
});

test("application keys are what plan needs, and shards and finish do not", () => {
  expect(readProblems({ command: "plan", yaml: KEYED, options: SOURCE })).toContain("ENCRYPTION_KEY");
  const options = { ...SOURCE, backup: ID, shard: "2/3" };
  expect(parseAs("backup", { yaml: KEYED, options })).toMatchObject({ shard: "2/3" });
  const { destination } = SOURCE;
  expect(parseAs("finish", { yaml: KEYED, options: { destination, backup: ID } })).toBeDefined();
});

test("what does not fit is told all at once", () => {
  expect(readProblems({ options: { ...SOURCE, shard: "2", full: "true" } })).toMatchInlineSnapshot(`
    "The configuration has 3 problems:
      --shard is no shard. Write it as plan does, such as 2/3.
      --backup is missing. Give the id that plan printed.
      --full is decided by plan. Give it there."
  `);
  expect(readProblems({ options: { ...SOURCE, backup: ID } })).toMatchInlineSnapshot(`
    "The configuration has a problem:
      --backup goes with the option shard only. Leave it out, or give both."
  `);
  const { destination } = SOURCE;
  expect(readProblems({ command: "finish", options: { destination } })).toMatchInlineSnapshot(`
    "The configuration has a problem:
      --backup is missing. Give the id that plan printed."
  `);
  expect(readProblems({ command: "finish", options: { destination, backup: "../other" } }))
    .toMatchInlineSnapshot(`
    "The configuration has a problem:
      --backup is no id of a backup, such as 20261120T021704Z-7f3a."
  `);
  for (const shards of ["0", "257", "1.5", "many"]) {
    expect(readProblems({ command: "plan", options: { ...SOURCE, shards } })).toBe(
      "The configuration has a problem:\n  --shards is not a number from 1 to 256.",
    );
  }
});
