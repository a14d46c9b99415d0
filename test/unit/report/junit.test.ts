import { expect, test } from "vitest";
import { renderJunit } from "../../../src/report/junit.ts";
import { buildDrillRecord } from "../../support/builders.ts";

const comparison = {
  store: "app",
  differences: [],
  tablesCompared: 2,
  contentsCompared: 2,
  rowsCompared: 23,
  schemaObjectsCompared: 1,
  notProven: [],
};
const step = { kind: "run", seconds: 1.5, reason: "", details: [] };

test("a proven drill has no failure", () => {
  const steps = [{ ...step, name: "migrate", outcome: "passed" as const }];
  const controls = [
    { name: "a row removed", outcome: "caught" as const, seconds: 2, reason: "rows of t" },
    { name: "a policy dropped", outcome: "not applicable" as const, seconds: 0, reason: "There is none." },
  ];
  expect(renderJunit(buildDrillRecord({ comparisons: [comparison], steps, controls })))
    .toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="lifeboat drill">
      <testsuite name="app" tests="2" failures="0" skipped="0">
        <testcase classname="app" name="tables" time="0"/>
        <testcase classname="app" name="schema objects" time="0"/>
      </testsuite>
      <testsuite name="steps" tests="1" failures="0" skipped="0">
        <testcase classname="steps" name="migrate" time="1.5"/>
      </testsuite>
      <testsuite name="controls" tests="2" failures="0" skipped="1">
        <testcase classname="controls" name="a row removed" time="2"/>
        <testcase classname="controls" name="a policy dropped" time="0"><skipped message="There is none."/></testcase>
      </testsuite>
      <testsuite name="verdict" tests="1" failures="0" skipped="0">
        <testcase classname="verdict" name="proven" time="75"/>
      </testsuite>
    </testsuites>
    "
  `);
});

test("a drill that went badly fails in the places that it went badly in", () => {
  const differences = [
    { store: "app", kind: "rows", name: "public.t", expected: "3 rows", found: "2 rows" },
    { store: "app", kind: "content", name: "public.u", expected: "digest 1", found: "digest 2" },
    { store: "app", kind: "policy", name: "public.t.p", expected: "ab", found: "nothing" },
  ];
  const record = buildDrillRecord({
    verdict: "differs",
    reasons: ["One thing.", "Another."],
    comparisons: [{ ...comparison, differences }],
    steps: [{ ...step, name: 'say "<hello>" & go', outcome: "failed", reason: "\u001b[31mno\u001b[0m <b>" }],
    controls: [{ name: "a row removed", outcome: "missed", seconds: 2, reason: "It agreed." }],
  });
  expect(renderJunit(record)).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="lifeboat drill">
      <testsuite name="app" tests="2" failures="2" skipped="0">
        <testcase classname="app" name="tables" time="0"><failure message="rows of public.t: expected 3 rows, found 2 rows">rows of public.t: expected 3 rows, found 2 rows
    content of public.u: expected digest 1, found digest 2</failure></testcase>
        <testcase classname="app" name="policy" time="0"><failure message="policy of public.t.p: expected ab, found nothing">policy of public.t.p: expected ab, found nothing</failure></testcase>
      </testsuite>
      <testsuite name="steps" tests="1" failures="1" skipped="0">
        <testcase classname="steps" name="say &#34;&#60;hello&#62;&#34; &#38; go" time="1.5"><failure message="[31mno[0m &#60;b&#62;">[31mno[0m &#60;b&#62;</failure></testcase>
      </testsuite>
      <testsuite name="controls" tests="1" failures="1" skipped="0">
        <testcase classname="controls" name="a row removed" time="2"><failure message="It agreed.">It agreed.</failure></testcase>
      </testsuite>
      <testsuite name="verdict" tests="1" failures="1" skipped="0">
        <testcase classname="verdict" name="proven" time="75"><failure message="One thing.">One thing.
    Another.</failure></testcase>
      </testsuite>
    </testsuites>
    "
  `);
});
