import { expect, test } from "vitest";
import { renderResult } from "../../../src/cli/render.ts";
import { bad, good, warning } from "../../../src/finding.ts";

test("a doctor says the answer first, then each finding with the line that mends it", () => {
  const text = renderResult({
    command: "doctor",
    verdict: "bad",
    subjects: [
      { kind: "destination", name: "file:///backups", findings: [good("connection", "It is there")] },
      {
        kind: "store",
        name: "app",
        findings: [
          bad(
            "rights",
            "The role app may not read a.\nNor b.",
            "GRANT SELECT ON a TO app;\nGRANT SELECT ON b TO app;",
          ),
          warning("clock", "The server's clock is 9 minutes ahead.", "Set the clock of this machine."),
        ],
      },
    ],
  });
  expect(text).toMatchInlineSnapshot(`
    "A backup or a drill would fail: mend what is marked ✗.
    destination file:///backups
      ✓ connection: It is there
    store app
      ✗ rights: The role app may not read a.
            Nor b.
          → GRANT SELECT ON a TO app;
            GRANT SELECT ON b TO app;
      ! clock: The server's clock is 9 minutes ahead.
          → Set the clock of this machine.
    "
  `);
});
