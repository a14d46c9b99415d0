import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Scratch } from "../../../src/sys/scratch.ts";
import { listDescendants, readCommandLine } from "../../support/processes.ts";
import type { JobRun } from "../../support/rehearsal/job-run.ts";
import { Repository } from "../../support/rehearsal/repository.ts";
import type { RepositorySettings, Trigger } from "../../support/rehearsal/repository.ts";
import type { RunResult, WorkflowRun } from "../../support/rehearsal/workflow-run.ts";
import { until } from "../../support/until.ts";

/** For a step that ends when it is told to, but leaves a process behind that holds its output open. */
const PATIENT = { afterInterrupt: 600_000, afterTerminate: 600_000, afterExit: 300 };
/** For a step that ends when it is killed only. */
const IMPATIENT = { afterInterrupt: 300, afterTerminate: 300, afterExit: 300 };

/** A repository with these files, for one test; `ci.yml` stands for a workflow that a push starts. */
async function createRepository(
  files: Record<string, string>,
  settings: Partial<RepositorySettings> = {},
): Promise<{ start: (trigger?: Partial<Trigger>) => WorkflowRun }> {
  const scratch = await Scratch.create();
  const folder = scratch.file("repository");
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const repository = new Repository({ files: folder, ...settings });
  onTestFinished(async () => {
    await repository[Symbol.asyncDispose]();
    await scratch.remove();
  });
  return { start: (trigger = {}) => repository.start("ci.yml", { event: "push", ...trigger }) };
}

async function rehearse(
  workflow: string,
  settings: Partial<RepositorySettings> = {},
  trigger: Partial<Trigger> = {},
): Promise<RunResult> {
  const { start } = await createRepository({ "ci.yml": workflow }, settings);
  return await start(trigger).finished;
}

/** A workflow of one job. */
const job = (steps: string, rest = ""): string => `
on: push
jobs:
  only:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
${rest}
    steps:
${steps.replaceAll(/^/gm, "      ")}`;

/** The job, and the process that its running step has started, as soon as it has. */
async function waitForChild(run: WorkflowRun, name: RegExp): Promise<{ jobRun: JobRun; pid: number }> {
  const jobRun = await run.startedJob("only");
  const pid = await until(() =>
    listDescendants(jobRun.process?.pid ?? -1).find((each) => name.test(readCommandLine(each) ?? "")),
  );
  return { jobRun, pid };
}

const outcomes = (result: RunResult, id = "only"): string[] =>
  result.jobs[id]!.steps.map(({ name, outcome }) => `${name}: ${outcome}`);

test("a value goes from a step's output through a job's to another job, and into the environment and the path", async () => {
  const result = await rehearse(
    `
on: push
env: { GREETING: hello }
jobs:
  first:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    outputs:
      words: \${{ steps.say.outputs.words }}
    env: { WHO: "\${{ format('{0}s', vars.WHO) }}" }
    steps:
      - id: say
        run: |
          echo "words=$GREETING $WHO" >> "$GITHUB_OUTPUT"
          printf 'LINES<<END\\none\\ntwo\\nEND\\n' >> "$GITHUB_ENV"
          mkdir tools; printf '#!/bin/sh\\necho found' > tools/finder; chmod +x tools/finder
          echo "$PWD/tools" >> "$GITHUB_PATH"
          echo "## Said" >> "$GITHUB_STEP_SUMMARY"
      - name: look
        run: finder; echo "$LINES"; echo "$FROM_ENV"
        env: { FROM_ENV: "\${{ env.GREETING }} again" }
  second:
    needs: first
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: test "$WORDS" = "hello worlds"
        env: { WORDS: "\${{ needs.first.outputs.words }}" }
`,
    { vars: { WHO: "world" } },
  );
  expect(result.conclusion).toBe("success");
  const [say, look] = result.jobs["first"]!.steps;
  expect(say?.summary).toBe("## Said\n");
  expect(look?.log).toBe("found\none\ntwo\nhello again\n");
});

test("conditions decide what runs after a failure, and continue-on-error lets the job go on", async () => {
  const result = await rehearse(
    job(`- name: allowed
  id: allowed
  continue-on-error: true
  run: exit 3
- name: goes on
  if: steps.allowed.outcome == 'failure'
  run: "true"
- name: fails in a pipe
  shell: bash
  run: false | cat
- name: implied success
  run: "true"
- name: after a failure
  if: failure() && github.event_name == 'push'
  run: "true"
- name: in any case
  if: \${{ always() }}
  run: "true"
- name: on cancel
  if: cancelled()
  run: "true"`),
  );
  expect(outcomes(result)).toEqual([
    "allowed: failure",
    "goes on: success",
    "fails in a pipe: failure",
    "implied success: skipped",
    "after a failure: success",
    "in any case: success",
    "on cancel: skipped",
  ]);
  expect(result.conclusion).toBe("failure");
});

test("a matrix from a job's output runs once for each combination", async () => {
  const result = await rehearse(`
on: push
jobs:
  plan:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    outputs: { shards: "\${{ steps.plan.outputs.shards }}" }
    steps:
      - id: plan
        run: echo 'shards=[{"n":1,"name":"a"},{"n":2,"name":"b"}]' >> "$GITHUB_OUTPUT"
  shard:
    needs: plan
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    strategy:
      fail-fast: false
      matrix: { include: "\${{ fromJSON(needs.plan.outputs.shards) }}" }
    steps:
      - run: test "$NAME" = a
        env: { NAME: "\${{ matrix.name }}" }
  finish:
    needs: shard
    if: always()
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: test "$RESULT" = failure
        env: { RESULT: "\${{ needs.shard.result }}" }
`);
  expect(
    Object.entries(result.jobs)
      .map(([id, { result: how }]) => `${id}: ${how}`)
      .sort(),
  ).toEqual(["finish: success", "plan: success", "shard (1, a): success", "shard (2, b): failure"]);
});

test("no log shows a secret or what a step asked to be masked", async () => {
  const result = await rehearse(
    job(`- run: |
    echo "$PASSWORD" | sed 's/^/it is /'
    echo '::add-mask::derived'
    echo "a derived form"
  env: { PASSWORD: "\${{ secrets.PASSWORD }}" }`),
    { secrets: { PASSWORD: "planted-password" } },
  );
  expect(result.jobs["only"]!.steps[0]?.log).toBe("it is ***\na *** form\n");
});

test("a fork's pull request has no secrets and a token that may only read", async () => {
  const workflow = `
on: pull_request
jobs:
  only:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: { contents: read, id-token: write }
    steps:
      - run: test -z "$PASSWORD"
        env: { PASSWORD: "\${{ secrets.PASSWORD }}" }
      - run: test -z "$ACTIONS_ID_TOKEN_REQUEST_URL"
`;
  const settings = { secrets: { PASSWORD: "p" } };
  const fork = await rehearse(workflow, settings, { event: "pull_request", fromFork: true });
  expect(fork.jobs["only"]!.steps.map(({ outcome }) => outcome)).toEqual(["success", "success"]);
  const own = await rehearse(workflow.replaceAll("test -z", "test -n"), settings, { event: "pull_request" });
  expect(own.jobs["only"]!.steps.map(({ outcome }) => outcome)).toEqual(["success", "success"]);
});

test("a job takes on a role by a token of its own, and by no other", async () => {
  const script = `- run: |
    ask() { curl -s "$AWS_ENDPOINT_URL_STS" -d Action=AssumeRoleWithWebIdentity -d RoleArn=backup -d "WebIdentityToken=$1"; }
    answer=$(curl -s -H "authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com")
    echo "given: $(ask "$(sed 's/.*:"//; s/".*//' <<<"$answer")" | grep -o 'key-of-[a-z]*')"
    echo "made up: $(ask made-up | grep -o '<Code>.*</Code>')"
    echo "for others: $(curl -s -o /dev/null -w '%{http_code}' "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com")"
`;
  const assumeRole = (role: string) => ({
    accessKeyId: `key-of-${role}`,
    secretAccessKey: "s",
    sessionToken: "t",
  });
  const { jobs } = await rehearse(job(script), { assumeRole });
  expect(jobs["only"]!.steps[0]?.log).toBe(
    "given: key-of-backup\nmade up: <Code>InvalidIdentityToken</Code>\nfor others: 403\n",
  );
});

const CALLED = `
on:
  workflow_call:
    inputs:
      level: { type: number, required: true }
      loud: { type: boolean, default: true }
    secrets:
      KEY: { required: true }
    outputs:
      heard: { value: "\${{ jobs.inner.outputs.heard }}" }
jobs:
  inner:
    runs-on: ubuntu-24.04
    timeout-minutes: \${{ inputs.level }}
    permissions: { contents: read }
    outputs: { heard: "\${{ steps.hear.outputs.heard }}" }
    steps:
      - id: hear
        if: inputs.loud
        run: echo "heard=\${#KEY} at $LEVEL" >> "$GITHUB_OUTPUT"
        env: { KEY: "\${{ secrets.KEY }}", LEVEL: "\${{ inputs.level }}" }
`;
const caller = (rest: string): string => `
on: push
jobs:
  outer:
    uses: ./called.yml
    ${rest.replaceAll("\n", "\n    ")}
  after:
    needs: outer
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: test "$HEARD" = "3 at 7"
        env: { HEARD: "\${{ needs.outer.outputs.heard }}" }
`;

test.each([
  [
    "is called with inputs of its types and the secrets it names",
    "with: { level: 7 }\nsecrets: { KEY: abc }",
    undefined,
  ],
  [
    "refuses an input that it does not have",
    "with: { level: 7, size: 2 }\nsecrets: { KEY: abc }",
    /no input size/,
  ],
  [
    "refuses a value of another type",
    'with: { level: "7" }\nsecrets: { KEY: abc }',
    /level of .* is a number/,
  ],
  ["needs its secrets", "with: { level: 7 }", /needs the secret KEY/],
  [
    "gets no more rights than its caller",
    "with: { level: 7 }\nsecrets: { KEY: abc }\npermissions: {}",
    /asks for contents: read, and its caller has none/,
  ],
])("a reusable workflow %s", async (_, rest, refusal) => {
  const { start } = await createRepository({ "ci.yml": caller(rest), "called.yml": CALLED });
  const { finished } = start();
  if (refusal) return void (await expect(finished).rejects.toThrow(refusal));
  const { conclusion, jobs } = await finished;
  expect(conclusion).toBe("success");
  expect(jobs["outer/inner"]).toMatchObject({ result: "success", timeoutMinutes: 7 });
});

test.each([
  [
    "a key that GitHub does not know",
    job("- run: x\n  timeout-minuts: 3"),
    /Unexpected value 'timeout-minuts'/,
  ],
  [
    "a key that the rehearsal does not know",
    job("- run: x", "    container: node:20"),
    /Unrecognized key: "container"/,
  ],
  ["a context that does not exist", job("- run: echo ${{ secret.X }}"), /Unrecognized named-value: 'secret'/],
  ["no time limit", job("- run: x").replace(/.*timeout.*/, ""), /job only has no timeout-minutes/],
  ["a foreign action without a stand-in", job("- uses: some/action@v1"), /no stand-in for some\/action@v1/],
  [
    "an input that a stand-in does not know",
    job("- uses: actions/checkout@v7\n  with: { lfs: true }"),
    /input lfs/,
  ],
  [
    "a service that nothing here can be",
    job("- run: x", "    services: { db: { image: 'mysql:8' } }"),
    /no server for mysql:8/,
  ],
])("a rehearsal fails on %s", async (_, workflow, message) => {
  const { start } = await createRepository({ "ci.yml": workflow });
  const told = await start().finished.then(
    ({ jobs }) => {
      const { annotations, steps, result } = jobs["only"]!;
      expect(result).toBe("failure");
      return [annotations, ...steps.map((step) => step.annotations)]
        .flat()
        .map((each) => each.message)
        .join();
    },
    (error: Error) => error.message,
  );
  expect(told).toMatch(message);
});

test("on cancel the running step is interrupted, and only what asks for it runs after that", async () => {
  const workflow = job(`- name: long
  run: |
    trap 'echo interrupted > ../left; exit 130' INT
    sleep 6000 & wait
- name: next
  run: "true"
- name: clean
  if: cancelled()
  run: cat ../left`);
  const { start } = await createRepository({ "ci.yml": workflow }, { grace: PATIENT });
  const run = start();
  const { pid } = await waitForChild(run, /^sleep 6000/);
  run.cancel();
  const result = await run.finished;
  expect(outcomes(result)).toEqual(["long: cancelled", "next: skipped", "clean: success"]);
  expect(result.jobs["only"]!.steps[2]?.log).toBe("interrupted\n");
  expect(result.conclusion).toBe("cancelled");
  expect(result.jobs["only"]!.orphans).toEqual(["sleep 6000"]);
  expect(readCommandLine(pid)).toBeUndefined();
});

test("at the time limit a step that ignores signals is killed with all it started", async () => {
  const { start } = await createRepository(
    { "ci.yml": job(`- name: stubborn\n  run: |\n    trap '' INT TERM\n    sleep 6000`) },
    { grace: IMPATIENT },
  );
  const run = start();
  const { pid, jobRun } = await waitForChild(run, /^sleep 6000/);
  jobRun.reachTimeout();
  const { conclusion, jobs } = await run.finished;
  expect(conclusion).toBe("cancelled");
  expect(outcomes({ conclusion, jobs })).toEqual(["stubborn: cancelled"]);
  expect(jobs["only"]!.annotations[0]?.message).toContain("maximum execution time of 5m0s");
  expect(readCommandLine(pid)).toBeUndefined();
});

test("of one concurrency group one run works, one waits, and a newer one takes the place of the one that waits", async () => {
  const scratch = await Scratch.create();
  onTestFinished(() => scratch.remove());
  const log = scratch.file("turns");
  const { start } = await createRepository(
    {
      "ci.yml": `concurrency: { group: "backup-\${{ github.ref }}" }${job(`- run: |
    echo "start $GITHUB_RUN_NUMBER" >> "$LOG"
    while [ ! -e "$LOG.go" ]; do sleep 0.02; done
    echo "end $GITHUB_RUN_NUMBER" >> "$LOG"
  env: { LOG: "\${{ vars.LOG }}" }`)}`,
    },
    { vars: { LOG: log } },
  );
  const runs = [start()];
  await until(() => existsSync(log));
  runs.push(start(), start());
  await expect(runs[1]!.finished).resolves.toMatchObject({ conclusion: "cancelled", jobs: {} });
  await writeFile(`${log}.go`, "");
  const results = await Promise.all(runs.map(({ finished }) => finished));
  expect(results.map(({ conclusion }) => conclusion)).toEqual(["success", "cancelled", "success"]);
  expect(await readFile(log, "utf8")).toBe("start 1\nend 1\nstart 3\nend 3\n");
});
