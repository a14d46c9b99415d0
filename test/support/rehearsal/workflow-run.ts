import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { evaluate, evaluateCondition, evaluateFlag, evaluateText, evaluateTexts } from "./expressions.ts";
import type { Contexts, Progress } from "./expressions.ts";
import { readInputs } from "./inputs.ts";
import { JobRun } from "./job-run.ts";
import type { JobResult, Outcome } from "./job-run.ts";
import { expandMatrix } from "./matrix.ts";
import type { Combination } from "./matrix.ts";
import { EVERYTHING, FORK, limitPermissions, readPermissions } from "./permissions.ts";
import type { TokenPermissions } from "./permissions.ts";
import { LIFEBOAT, LIFEBOAT_FILES } from "./repository.ts";
import type { Repository, Trigger } from "./repository.ts";
import { readWorkflow } from "./workflow-file.ts";
import type { Concurrency, Job, Workflow } from "./workflow-file.ts";

const SHA = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

export interface RunResult {
  conclusion: Outcome;
  /** By id; those of a called workflow as `caller/called`, those of a matrix with their values: `shard (1, a)`. */
  jobs: Record<string, JobResult>;
}

/** A workflow file, and what it is carried out with. */
interface Scope {
  workflow: Workflow;
  /** Of the repository whose workflow it is. */
  files: string;
  inputs: Record<string, unknown>;
  secrets: Record<string, string>;
  permissions: TokenPermissions;
  /** What stands before the ids of its jobs. */
  prefix: string;
}

/** One run of a workflow of a repository. */
export class WorkflowRun {
  readonly finished: Promise<RunResult>;
  readonly number: number;
  readonly #repository: Repository;
  readonly #trigger: Trigger;
  readonly #jobs = new Map<string, JobRun>();
  readonly #results: Record<string, JobResult> = {};
  readonly #artifacts = new Map<string, string>();
  #isCancelled = false;
  #watchers: (() => void)[] = [];

  constructor(repository: Repository, path: string, trigger: Trigger, number: number) {
    this.#repository = repository;
    this.#trigger = trigger;
    this.number = number;
    this.finished = this.#run(path);
    this.finished.catch(() => {}); // told to whoever asks for it
  }

  cancel(): void {
    this.#isCancelled = true;
    for (const job of this.#jobs.values()) job.cancel();
  }

  /** The job, as soon as its machine works. @throws Error when the run ends without it */
  async startedJob(id: string): Promise<JobRun> {
    let hasEnded = false;
    const ended = this.finished.finally(() => (hasEnded = true));
    for (;;) {
      const job = this.#jobs.get(id);
      if (job) return job;
      if (hasEnded) throw new Error(`The run has ended without a job ${id}: ${JSON.stringify(await ended)}`);
      await Promise.race([ended, new Promise<void>((resolve) => this.#watchers.push(resolve))]);
    }
  }

  async #run(path: string): Promise<RunResult> {
    const { files, secrets = {} } = this.#repository.settings;
    const workflow = await readWorkflow(path, await readFile(join(files, path), "utf8"));
    const { event, payload, inputs = {}, fromFork } = this.#trigger;
    const asked = workflow.on[event];
    if (asked === undefined) throw new Error(`${path} is not started by ${event}.`);
    const crons = workflow.on.schedule?.map(({ cron }) => cron) ?? [];
    if (event === "schedule" && !crons.includes(String(payload?.["schedule"])))
      throw new Error(`${path} has no such schedule.`);
    const scope: Scope = {
      workflow,
      files,
      inputs: readInputs(workflow.on.workflow_dispatch?.inputs ?? {}, inputs, path),
      secrets: { ...(fromFork ? {} : secrets), GITHUB_TOKEN: `ghs_${"0".repeat(36)}` },
      permissions: fromFork ? FORK : EVERYTHING,
      prefix: "",
    };
    const conclusion = await this.#inTurn(workflow.concurrency, this.#contexts(scope), () =>
      this.#runScope(scope),
    );
    return { conclusion: conclusion?.result ?? "cancelled", jobs: this.#results };
  }

  /** Runs all jobs of a workflow. */
  async #runScope(scope: Scope): Promise<{ result: Outcome; outputs: Record<string, string> }> {
    const { jobs } = scope.workflow;
    const started = new Map<string, Promise<JobResult>>();
    const start = (id: string): Promise<JobResult> => {
      const already = started.get(id);
      if (already) return already;
      const job = jobs[id];
      if (!job) throw new Error(`There is no job ${id}.`);
      const running = (async () => {
        const needs = await Promise.all(job.needs.map(async (need) => [need, await start(need)] as const));
        return await this.#runJob(id, job, Object.fromEntries(needs), scope);
      })();
      started.set(id, running);
      return running;
    };
    const settled = await Promise.allSettled(Object.keys(jobs).map(start));
    const failed = settled.find((each) => each.status === "rejected");
    if (failed) throw failed.reason;
    const results = Object.fromEntries(
      await Promise.all([...started].map(async ([id, job]) => [id, await job] as const)),
    );
    const contexts = {
      ...this.#contexts(scope),
      jobs: Object.fromEntries(
        Object.entries(results).map(([id, { result, outputs }]) => [id, { result, outputs }]),
      ),
    };
    const outputs = Object.entries(scope.workflow.on.workflow_call?.outputs ?? {});
    return {
      result: this.#isCancelled ? "cancelled" : summarise(Object.values(results)),
      outputs: Object.fromEntries(outputs.map(([name, { value }]) => [name, evaluateText(value, contexts)])),
    };
  }

  async #runJob(id: string, job: Job, needs: Record<string, JobResult>, scope: Scope): Promise<JobResult> {
    const key = `${scope.prefix}${id}`;
    const contexts = { ...this.#contexts(scope), needs, strategy: {}, matrix: {} };
    const progress = this.#isCancelled ? "cancelled" : judge(Object.values(needs));
    if (!evaluateCondition(job.if, contexts, progress))
      return this.#keep(key, conclude(key, this.#isCancelled ? "cancelled" : "skipped"));
    if (!job.strategy) return await this.#runVariation(key, job, contexts, scope);
    const matrix = evaluateDeep(job.strategy.matrix, contexts) as Combination;
    const combinations = expandMatrix(matrix);
    const most = Number(evaluate(job.strategy["max-parallel"] ?? combinations.length, contexts));
    const failsFast = evaluateFlag(job.strategy["fail-fast"], contexts);
    const queue = [...combinations.entries()];
    const results: JobResult[] = [];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [index, combination] = next;
        const name = `${key} (${Object.values(combination).map(String).join(", ")})`;
        if (failsFast && results.some(({ result }) => result === "failure")) {
          results.push(this.#keep(name, conclude(name, "cancelled")));
          continue;
        }
        const strategy = { "job-index": index, "job-total": combinations.length, "fail-fast": failsFast };
        const own = { ...contexts, strategy, matrix: combination };
        results.push(await this.#runVariation(name, job, own, scope));
        if (failsFast && results.at(-1)?.result === "failure")
          for (const [other, run] of this.#jobs) if (other.startsWith(`${key} (`)) run.cancel();
      }
    };
    await Promise.all(Array.from({ length: Math.min(most, combinations.length) }, work));
    const outputs = Object.assign({}, ...results.map((each) => each.outputs)) as Record<string, string>;
    return { ...conclude(key, summarise(results)), outputs };
  }

  async #runVariation(key: string, job: Job, contexts: Contexts, scope: Scope): Promise<JobResult> {
    const done = await this.#inTurn(job.concurrency, contexts, async () =>
      job.uses === undefined
        ? await this.#runOnMachine(key, job, contexts, scope)
        : await this.#call(key, job.uses, job, contexts, scope),
    );
    const result = done ?? conclude(key, "cancelled");
    if (result.result === "failure" && evaluateFlag(job["continue-on-error"], contexts))
      return this.#keep(key, { ...result, result: "success" });
    return this.#keep(key, result);
  }

  async #runOnMachine(key: string, job: Job, contexts: Contexts, scope: Scope): Promise<JobResult> {
    const { workflow, files } = scope;
    const { settings, name } = this.#repository;
    const environment = job.environment && evaluateText(job.environment.name, contexts);
    const own = environment === undefined ? {} : (settings.environments?.[environment] ?? {});
    if (own.isApproved === false) return conclude(key, "failure");
    const secrets = { ...scope.secrets, ...own.secrets };
    const run = new JobRun(key, job, {
      contexts: { ...contexts, secrets, vars: { ...settings.vars, ...own.vars }, github: this.#github(key) },
      env: workflow.env,
      defaults: workflow.defaults,
      permissions: this.#grant(key, job, scope),
      repository: { name, files: settings.files },
      artifacts: this.#artifacts,
      assumeRole:
        settings.assumeRole ??
        (() => {
          throw new Error("Not authorized to perform sts:AssumeRoleWithWebIdentity");
        }),
      runnerVariables: settings.runnerVariables ?? {},
      locateAction: (uses, workspace) => this.#repository.locate(uses, files, workspace),
      secrets: Object.values(secrets),
      grace: this.#repository.grace,
    });
    this.#jobs.set(key, run);
    for (const tell of this.#watchers.splice(0)) tell();
    try {
      return await run.run();
    } finally {
      this.#jobs.delete(key);
    }
  }

  /** Calls a reusable workflow. */
  async #call(key: string, uses: string, job: Job, contexts: Contexts, scope: Scope): Promise<JobResult> {
    const path = this.#repository.locate(uses, scope.files, scope.files);
    if (path === undefined) throw new Error(`The rehearsal has no workflow ${uses}.`);
    const workflow = await readWorkflow(uses, await readFile(path, "utf8"));
    const definition = workflow.on.workflow_call;
    if (!definition) throw new Error(`${uses} cannot be called.`);
    const given = Object.fromEntries(
      Object.entries(job.with).map(([name, value]) => [name, evaluate(value, contexts)]),
    );
    const isOwn = uses.split("@")[0]?.startsWith(`${LIFEBOAT}/`);
    const { result, outputs } = await this.#runScope({
      workflow,
      files: isOwn ? LIFEBOAT_FILES : scope.files,
      inputs: readInputs(definition.inputs, given, uses),
      secrets: this.#passSecrets(uses, job, definition.secrets, contexts, scope),
      permissions: this.#grant(key, job, scope),
      prefix: `${key}/`,
    });
    return { ...conclude(key, result), outputs };
  }

  #passSecrets(
    uses: string,
    { secrets }: Job,
    defined: Readonly<Record<string, { required: boolean }>>,
    contexts: Contexts,
    scope: Scope,
  ): Record<string, string> {
    if (secrets === "inherit") return scope.secrets;
    for (const name of Object.keys(secrets))
      if (!(name in defined)) throw new Error(`${uses} takes no secret ${name}.`);
    for (const [name, { required }] of Object.entries(defined))
      if (required && !(name in secrets)) throw new Error(`${uses} needs the secret ${name}.`);
    const { GITHUB_TOKEN = "" } = scope.secrets;
    return { ...evaluateTexts(secrets, contexts), GITHUB_TOKEN };
  }

  #grant(key: string, job: Job, { workflow, permissions }: Scope): TokenPermissions {
    const asked = job.permissions ?? workflow.permissions;
    const isLenient = this.#trigger.fromFork === true;
    if (asked === undefined) return permissions;
    return limitPermissions(readPermissions(asked), permissions, { job: key, isLenient });
  }

  async #inTurn<T>(
    concurrency: Concurrency | undefined,
    contexts: Contexts,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    if (!concurrency) return await work();
    const group = evaluateText(concurrency.group, contexts);
    const cancels = evaluateFlag(concurrency["cancel-in-progress"], contexts);
    if (!(await this.#repository.concurrency.enter(group, cancels, this))) return undefined;
    try {
      return await work();
    } finally {
      this.#repository.concurrency.leave(group);
    }
  }

  #contexts({ inputs, secrets }: Scope): Contexts {
    return { github: this.#github(""), inputs, secrets, vars: this.#repository.settings.vars ?? {} };
  }

  #github(job: string): Record<string, unknown> {
    const { name } = this.#repository;
    const { event, payload = {}, inputs } = this.#trigger;
    const isPullRequest = event === "pull_request";
    return {
      job,
      actor: "someone",
      repository: name,
      repository_owner: name.split("/")[0],
      event_name: event,
      event: { repository: { full_name: name }, ...payload, ...(inputs && { inputs }) },
      ref: isPullRequest ? "refs/pull/1/merge" : "refs/heads/main",
      ref_name: isPullRequest ? "1/merge" : "main",
      sha: SHA,
      run_id: String(1000 + this.number),
      run_number: String(this.number),
      run_attempt: "1",
      server_url: "https://github.com",
      api_url: "https://api.github.com",
    };
  }

  #keep(key: string, result: JobResult): JobResult {
    this.#results[key] = result;
    return result;
  }
}

/** A job that had no machine. */
function conclude(name: string, result: Outcome): JobResult {
  return { name, result, outputs: {}, steps: [], annotations: [], timeoutMinutes: 0, orphans: [] };
}

function judge(needs: readonly JobResult[]): Progress {
  if (needs.some(({ result }) => result === "cancelled")) return "cancelled";
  return needs.every(({ result }) => result === "success") ? "success" : "failure";
}

function summarise(results: readonly JobResult[]): Outcome {
  if (results.some(({ result }) => result === "failure")) return "failure";
  if (results.some(({ result }) => result === "cancelled")) return "cancelled";
  return results.every(({ result }) => result === "skipped") ? "skipped" : "success";
}

function evaluateDeep(value: unknown, contexts: Contexts): unknown {
  if (Array.isArray(value)) return value.map((each) => evaluateDeep(each, contexts));
  if (typeof value !== "object" || value === null) return evaluate(value, contexts);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, evaluateDeep(each, contexts)]),
  );
}
