import type { DrillRecord } from "../drill/record.ts";

interface Suite {
  name: string;
  cases: Case[];
}

interface Case {
  name: string;
  seconds?: number;
  /** Why it failed; absent when it passed. */
  failure?: string;
  /** Why it shows nothing. */
  skipped?: string;
}

/**
 * A drill as JUnit XML, for what gathers test reports: a suite for each store (its tables, then each kind of what
 * else it holds), one for the steps, one for the controls, and one for the verdict.
 */
export function renderJunit(record: DrillRecord): string {
  const suites = [
    ...record.comparisons.map(describeComparison),
    { name: "steps", cases: record.steps.map(describeStep) },
    { name: "controls", cases: (record.controls ?? []).map(describeControl) },
    { name: "verdict", cases: [describeVerdict(record)] },
  ];
  const lines = suites.filter(({ cases }) => cases.length > 0).flatMap(renderSuite);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="lifeboat drill">',
    ...lines,
    "</testsuites>",
    "",
  ].join("\n");
}

/** Differences of tables come under "tables", which stands there without any too. */
function describeComparison({ store, differences }: DrillRecord["comparisons"][number]): Suite {
  const groups = new Map<string, string[]>([["tables", []]]);
  for (const { kind, name, expected, found } of differences) {
    const group = ["rows", "content", "table"].includes(kind) ? "tables" : kind;
    const line = `${kind} of ${name}: expected ${expected}, found ${found}`;
    groups.set(group, [...(groups.get(group) ?? []), line]);
  }
  if (groups.size === 1) groups.set("schema objects", []);
  return {
    name: store,
    cases: [...groups].map(([name, lines]) => ({
      name,
      ...(lines.length > 0 && { failure: lines.join("\n") }),
    })),
  };
}

function describeStep({ name, outcome, seconds, reason }: DrillRecord["steps"][number]): Case {
  return { name, seconds, ...(outcome !== "passed" && { failure: reason }) };
}

function describeControl(control: NonNullable<DrillRecord["controls"]>[number]): Case {
  const { name, outcome, seconds, reason } = control;
  return {
    name,
    seconds,
    ...(outcome === "missed" && { failure: reason }),
    ...(outcome === "not applicable" && { skipped: reason }),
  };
}

function describeVerdict({ verdict, reasons, restoreSeconds }: DrillRecord): Case {
  return {
    name: "proven",
    seconds: restoreSeconds,
    ...(verdict !== "proven" && { failure: reasons.join("\n") }),
  };
}

function renderSuite({ name, cases }: Suite): string[] {
  const count = (isOne: (one: Case) => boolean): number => cases.filter(isOne).length;
  const failures = count(({ failure }) => failure !== undefined);
  const skipped = count((one) => one.skipped !== undefined);
  const head = `name="${escapeXml(name)}" tests="${cases.length}" failures="${failures}" skipped="${skipped}"`;
  return [`  <testsuite ${head}>`, ...cases.map((one) => renderCase(name, one)), "  </testsuite>"];
}

function renderCase(suite: string, { name, seconds = 0, failure, skipped }: Case): string {
  const open = `    <testcase classname="${escapeXml(suite)}" name="${escapeXml(name)}" time="${seconds}"`;
  const [first = ""] = (failure ?? "").split("\n");
  if (failure !== undefined) {
    return `${open}><failure message="${escapeXml(first)}">${escapeXml(failure)}</failure></testcase>`;
  }
  return skipped === undefined
    ? `${open}/>`
    : `${open}><skipped message="${escapeXml(skipped)}"/></testcase>`;
}

/** Also drops what XML 1.0 cannot hold at all, such as the colours of a tool's output. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
