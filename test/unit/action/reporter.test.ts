import { afterEach, expect, test, vi } from "vitest";
import { WorkflowReporter } from "../../../src/action/reporter.ts";
import { systemClock } from "../../../src/sys/clock.ts";

let output = "";
vi.spyOn(process.stdout, "write").mockImplementation((text) => {
  output += String(text);
  return true;
});
afterEach(() => {
  output = "";
});

/** The lines that a runner carries out: `::` first on a line, or the older `##[` anywhere. */
function listCommands(): string[] {
  return output
    .split(/\r\n|[\r\n]/)
    .filter((line) => line.trimStart().startsWith("::") || line.includes("##["));
}

test.each([
  ["the first of a line", "::set-output name=verdict::proven"],
  ["after blanks", "  \t::add-mask::a"],
  ["on a line of its own", "3 rows:\n::stop-commands::x\r\n::error::y\r::warning::z"],
  ["of the older form, anywhere", "log ##[set-output name=verdict]proven"],
])("what a program or a row says is no command of the workflow: %s", (_, said) => {
  const reporter = new WorkflowReporter(systemClock);
  reporter.info(said);
  reporter.progress({ label: said, done: 1, unit: "tables" });
  expect(listCommands()).toEqual([]);
  expect(output.replaceAll("\u200b", "")).toContain(said);
});

test("other text comes as it is, and groups are commands still", async () => {
  const reporter = new WorkflowReporter(systemClock);
  await reporter.phase("Send", () => Promise.resolve(reporter.info("std::vector, 1 # [x] a::b")));
  expect(output).toBe("::group::Send\nstd::vector, 1 # [x] a::b\n::endgroup::\n");
});
