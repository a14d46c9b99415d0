import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { VERSION } from "../../src/version.ts";
import { findActionFaults } from "../support/rehearsal/action-file.ts";
import { findWorkflowFaults } from "../support/rehearsal/workflow-file.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FILES = [".github/workflows", "examples/workflows"].flatMap((folder) =>
  readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
);

interface Job {
  permissions?: Record<string, string>;
  uses?: string;
  "timeout-minutes"?: unknown;
  steps?: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}

interface Workflow {
  on: Record<string, unknown>;
  permissions?: unknown;
  jobs: Record<string, Job>;
}

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** What the project asks of a workflow beyond what GitHub does, as far as this one lacks it. */
function findLacks(text: string): string[] {
  const { on, permissions, jobs } = parse(text) as Workflow;
  const lacks: string[] = [];
  const ask = (holds: boolean, lack: string): void => void (holds || lacks.push(lack));
  ask(!("pull_request_target" in on), "pull_request_target gives secrets to strangers' code");
  ask(JSON.stringify(permissions) === "{}", "permissions: {} at the top");
  for (const [id, job] of Object.entries(jobs)) {
    ask(job.permissions !== undefined, `${id}: permissions of its own`);
    ask(job.uses !== undefined || job["timeout-minutes"] !== undefined, `${id}: timeout-minutes`);
    for (const { run = "", uses, with: inputs } of job.steps ?? []) {
      ask(!run.includes("${{"), `${id}: values by env instead of in the script: ${run}`);
      ask(
        !uses?.startsWith("actions/checkout@") || inputs?.["persist-credentials"] === false,
        `${id}: persist-credentials: false`,
      );
    }
  }
  for (const [line] of text.matchAll(/^ +[a-z-]+: (?:read|write)\b.*$/gm))
    ask(/ # \w/.test(line), `what for: ${line.trim()}`);
  for (const [, uses = ""] of text.matchAll(/\buses: (.+)$/gm))
    ask(isPinned(uses), `a commit and its version: ${uses}`);
  return lacks;
}

/** By its commit, with the version as a comment; lifeboat's own by what it is released as. */
function isPinned(uses: string): boolean {
  if (/^(\.|\$)\//.test(uses)) return true;
  if (uses.startsWith("OWNER/lifeboat")) return uses.includes(`@v${VERSION} #`);
  return /^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(uses);
}

describe.each(FILES)("%s", (path) => {
  test("is a workflow to GitHub's own parser", async () => {
    expect(await findWorkflowFaults(basename(path), read(path))).toEqual([]);
  });

  test("pins what it uses, limits rights and time, and keeps values out of scripts", () => {
    expect(findLacks(read(path))).toEqual([]);
  });
});

test("one commit is one version of an action, in all workflows", () => {
  const versions = FILES.flatMap((path) => [
    ...read(path).matchAll(/uses: ([\w./-]+)@([0-9a-f]{40}) # (\S+)/g),
  ]);
  const byAction = new Map<string, Set<string>>();
  for (const [, action = "", commit = "", version = ""] of versions)
    byAction.set(action, (byAction.get(action) ?? new Set()).add(`${commit} ${version}`));
  expect([...byAction].filter(([, pins]) => pins.size > 1)).toEqual([]);
});

test("action.yml is an action to GitHub's own parser, and a key that it does not know is found", () => {
  const text = read("action.yml");
  expect(findActionFaults(text)).toEqual([]);
  expect(findActionFaults(text.replace("  post:", "  afterwards:")).join()).toContain("afterwards");
});

test.each([
  ["permissions: {} at the top", (text: string) => text.replace("permissions: {}\n", "")],
  ["look: permissions of its own", (text: string) => text.replace(/^ {4}permissions:\n(?: {6}.*\n)+/m, "")],
  ["look: timeout-minutes", (text: string) => text.replace(/^.*timeout-minutes.*\n/m, "")],
  [
    "look: persist-credentials: false",
    (text: string) => text.replace("credentials: false", "credentials: true"),
  ],
  ["what for: contents: read", (text: string) => text.replace("read # to read lifeboat.yml", "read")],
  [
    "a commit and its version: actions/checkout@v7",
    (text: string) => text.replace(/checkout@.*/, "checkout@v7"),
  ],
  [
    "look: values by env instead of in the script: echo ${{ inputs.rpo }}",
    (text: string) => text.replace("uses: $/", "run: echo ${{ inputs.rpo }}"),
  ],
  [
    "pull_request_target gives secrets to strangers' code",
    (text: string) => text.replace("on:\n", "on:\n  pull_request_target:\n"),
  ],
])("a workflow is found to lack: %s", (lack, spoil) => {
  const text = read(".github/workflows/freshness.yml");
  expect(spoil(text)).not.toBe(text);
  expect(findLacks(spoil(text))).toEqual([lack]);
});
