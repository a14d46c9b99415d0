import { describe, expect, test } from "vitest";
import { parseAs, readProblems } from "./raw-input.ts";

const DESTINATION = { destination: "file:///backups" };

function readPolicy(text: string): unknown {
  return parseAs("prune", { options: DESTINATION, yaml: text }).destinations[0]!.policy;
}

describe("retention", () => {
  test("reads rules, rules of single stores and the time zone", () => {
    const policy = readPolicy(`stores: { postgres: {}, clickhouse: {} }
retention:
  last: 3
  daily: 7
  weekly: 8
  monthly: 12
  yearly: 2
  within: 14d
  time-zone: Europe/Berlin
  stores:
    clickhouse: { daily: 7 }
`);
    expect(policy).toEqual({
      rule: { last: 3, daily: 7, weekly: 8, monthly: 12, yearly: 2, withinMs: 14 * 86_400_000 },
      stores: { clickhouse: { daily: 7 } },
      timeZone: "Europe/Berlin",
    });
  });

  test("keeps everything where it says nothing", () => {
    expect(readPolicy("name: shop\n")).toEqual({ rule: {}, stores: {}, timeZone: "UTC" });
  });

  test("tells every problem at once", () => {
    const text = `stores: { postgres: {} }
retention:
  daily: -1
  within: soon
  time-zone: Europe/Berlinn
  stores:
    postgrs: { weekly: 2 }
`;
    expect(readProblems({ command: "prune", options: DESTINATION, yaml: text })).toMatchInlineSnapshot(`
      "The configuration has 4 problems:
        lifeboat.yml:3:3: retention.daily must be a whole number, 0 or above.
        lifeboat.yml:4:3: retention.within is no duration. Write a number above 0 and a unit, such as 90s, 10m, 24h or 7d.
        lifeboat.yml:5:3: retention.time-zone is no time zone. Write a name such as Europe/Berlin or UTC.
        lifeboat.yml:7:5: retention.stores.postgrs names postgrs, which is no store. Did you mean postgres?"
    `);
  });
});

test("a pin needs a backup and a note, an unpin a backup", () => {
  expect(readProblems({ command: "pin", options: DESTINATION })).toMatchInlineSnapshot(`
    "The configuration has 2 problems:
      --backup is missing. Give it.
      --note is missing. Give it."
  `);
  expect(readProblems({ command: "unpin", options: DESTINATION })).toMatchInlineSnapshot(`
    "The configuration has a problem:
      --backup is missing. Give it."
  `);
  const options = { ...DESTINATION, backup: "20261120T021704Z-7f3a", note: "before the migration" };
  expect(parseAs("pin", { options })).toMatchObject({
    backupId: "20261120T021704Z-7f3a",
    note: "before the migration",
  });
});
