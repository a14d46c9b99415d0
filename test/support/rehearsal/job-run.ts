import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";
import { readLog } from "../workflow-commands.ts";
import type { Annotation, StepLog } from "../workflow-commands.ts";
import { readAction } from "./action-file.ts";
import type { Action } from "./action-file.ts";
import { evaluate, evaluateCondition, evaluateFlag, evaluateText, evaluateTexts } from "./expressions.ts";
import type { Contexts, Progress } from "./expressions.ts";
import { IdentityServices } from "./identity.ts";
import type { AssumeRole } from "./identity.ts";
import { Machine } from "./machine.ts";
import { startServiceContainer } from "./service-containers.ts";
import type { RunningService } from "./service-containers.ts";
import { findStandIn } from "./stand-ins.ts";
import type { StandInJob } from "./stand-ins.ts";
import type { Grace } from "./step-process.ts";
import type { Job, Step } from "./workflow-file.ts";

export type Outcome = Progress | "skipped";

export interface StepResult extends StepLog {
  id: string;
  name: string;
  /** What came of it, and what that means for the job: `continue-on-error` makes a success of a failure. */
  outcome: Outcome;
  conclusion: Outcome;
  /** Null when a signal ended it, or when it was no process. */
  status: number | null;
  outputs: Record<string, string>;
  summary: string;
}

export interface JobResult {
  name: string;
  result: Outcome;
  outputs: Record<string, string>;
  steps: StepResult[];
  /** Of the job itself, apart from those of its steps. */
  annotations: Annotation[];
  timeoutMinutes: number;
  environment?: string;
  /** Command lines of what its steps left running. */
  orphans: string[];
}

/** What a job is given by its run. */
export interface JobSetting extends Omit<StandInJob, "machine"> {
  /** github, inputs, vars, needs, strategy, matrix and secrets. */
  contexts: Contexts;
  /** Of the workflow. */
  env: Readonly<Record<string, unknown>>;
  defaults: Job["defaults"];
  /** Finds the folder of an action; undefined for a foreign one. */
  locateAction: (uses: string, workspace: string) => string | undefined;
  assumeRole: AssumeRole;
  runnerVariables: Readonly<Record<string, string>>;
  /** What no log may show. */
  secrets: readonly string[];
  grace: Grace;
}

interface Post {
  name: string;
  run: () => Promise<void>;
}

/** One job on a machine of its own. */
export class JobRun {
  readonly #job: Job;
  readonly #name: string;
  readonly #setting: JobSetting;
  readonly #steps: StepResult[] = [];
  readonly #posts: Post[] = [];
  readonly #masks = new Set<string>();
  readonly #annotations: Annotation[] = [];
  readonly #services: Record<string, RunningService> = {};
  #progress: Progress = "success";
  #machine: Machine | undefined;
  #ending: Promise<void> | undefined;
  #contexts: Contexts;

  constructor(name: string, job: Job, setting: JobSetting) {
    this.#name = name;
    this.#job = job;
    this.#setting = setting;
    this.#contexts = setting.contexts;
    for (const secret of setting.secrets) this.#mask(secret);
  }

  /** The process of the step that runs now. */
  get process(): Machine["running"] {
    return this.#machine?.running;
  }

  /** Ends the running step as a runner does; what is left of the job runs as its conditions say. */
  cancel(): void {
    this.#progress = "cancelled";
    this.#ending ??= this.#machine?.endRunning();
  }

  /** As if the minutes of `timeout-minutes` had passed. */
  reachTimeout(): void {
    const minutes = this.#timeoutMinutes();
    const message = `The job has exceeded the maximum execution time of ${minutes}m0s`;
    this.#annotations.push({ level: "error", title: "", message });
    this.cancel();
  }

  async run(): Promise<JobResult> {
    const { grace, permissions, assumeRole, runnerVariables } = this.#setting;
    await using machine = await Machine.create(grace);
    await using identity = await IdentityServices.start(permissions, assumeRole);
    this.#machine = machine;
    Object.assign(machine.variables, runnerVariables, identity.variables);
    await writeFile(machine.file("event.json"), JSON.stringify(this.#github()["event"]));
    this.#contexts = { ...this.#contexts, ...(await this.#prepare()) };
    let orphans: string[] = [];
    try {
      if (this.#progress === "success") await this.#startServices();
      for (const [index, step] of this.#job.steps.entries()) await this.#runStep(step, index);
    } catch (error) {
      this.#fail(String(error));
    } finally {
      for (const { name, run } of this.#posts.reverse()) {
        await run().catch((error: unknown) => this.#fail(`Post ${name}: ${String(error)}`));
      }
      orphans = await machine.killOrphans();
      await Promise.all(Object.values(this.#services).map((service) => service.stop()));
    }
    await this.#ending;
    const { environment } = this.#job;
    return {
      name: this.#name,
      result: this.#progress,
      outputs: evaluateTexts(this.#job.outputs, this.#stepContexts({})),
      steps: this.#steps,
      annotations: this.#annotations,
      timeoutMinutes: this.#timeoutMinutes(),
      orphans,
      ...(environment && { environment: evaluateText(environment.name, this.#setting.contexts) }),
    };
  }

  #github(): Record<string, unknown> {
    return this.#contexts["github"] as Record<string, unknown>;
  }

  #timeoutMinutes(): number {
    const minutes = evaluate(this.#job["timeout-minutes"], this.#setting.contexts);
    if (typeof minutes !== "number" || !(minutes > 0))
      throw new Error(`${String(minutes)} is no time limit.`);
    return minutes;
  }

  async #prepare(): Promise<Contexts> {
    const machine = this.#machine!;
    const runner = {
      name: "rehearsal",
      os: "Linux",
      arch: "X64",
      environment: "github-hosted",
      temp: machine.temp,
      tool_cache: machine.toolCache,
    };
    const github = {
      ...this.#github(),
      workspace: machine.workspace,
      event_path: machine.file("event.json"),
    };
    Object.assign(machine.variables, {
      CI: "true",
      GITHUB_ACTIONS: "true",
      ...variables("GITHUB_", github),
      ...variables("RUNNER_", runner),
    });
    return { runner, github };
  }

  async #startServices(): Promise<void> {
    for (const [id, { image, env, ports }] of Object.entries(this.#job.services)) {
      const contexts = this.#contexts;
      const request = {
        image: evaluateText(image, contexts),
        env: evaluateTexts(env, contexts),
        ports: ports.map((port) => evaluateText(port, contexts)),
      };
      // A service without an image is not started.
      if (request.image !== "") this.#services[id] = await startServiceContainer(request);
    }
  }

  /** @param env - of the workflow, the job and the step, evaluated so far */
  #stepContexts(env: Readonly<Record<string, string>>): Contexts {
    const steps = this.#steps.filter(({ id }) => id !== "");
    return {
      ...this.#contexts,
      env: { ...this.#machine!.env, ...env },
      job: {
        status: this.#progress,
        services: Object.fromEntries(
          Object.entries(this.#services).map(([id, { ports }]) => [id, { id, ports, network: "rehearsal" }]),
        ),
      },
      steps: Object.fromEntries(
        steps.map(({ id, outputs, outcome, conclusion }) => [id, { outputs, outcome, conclusion }]),
      ),
    };
  }

  /** Variables of the workflow and of the job; those that steps have set win over both. */
  #outerEnv(): Record<string, string> {
    const own = this.#machine!.env;
    const workflow = evaluateTexts(this.#setting.env, this.#stepContexts({}));
    const job = evaluateTexts(this.#job.env, this.#stepContexts(workflow));
    return Object.fromEntries(Object.entries({ ...workflow, ...job }).filter(([name]) => !(name in own)));
  }

  async #runStep(step: Step, index: number): Promise<void> {
    const outer = this.#outerEnv();
    const outerContexts = this.#stepContexts(outer);
    const result: StepResult = {
      id: step.id ?? "",
      name: evaluateText(step.name ?? step.uses ?? `Run ${step.run?.split("\n")[0]}`, outerContexts),
      outcome: "skipped",
      conclusion: "skipped",
      status: null,
      outputs: {},
      summary: "",
      ...readLog(""),
    };
    try {
      if (evaluateCondition(step.if, outerContexts, this.#progress)) {
        const env = { ...outer, ...evaluateTexts(step.env, outerContexts) };
        result.outcome = "success";
        await this.#perform(step, { env, index, result });
      }
    } catch (error) {
      result.outcome = "failure";
      const message = error instanceof Error ? error.message : String(error);
      Object.assign(result, this.#readLog(`${result.raw}\n::error::${message.replaceAll("\n", "%0A")}`));
    }
    result.conclusion = result.outcome;
    if (result.outcome === "failure" && evaluateFlag(step["continue-on-error"], outerContexts))
      result.conclusion = "success";
    if (result.conclusion === "failure" && this.#progress === "success") this.#progress = "failure";
    this.#steps.push(result);
  }

  async #perform(
    step: Step,
    { env, index, result }: { env: Record<string, string>; index: number; result: StepResult },
  ): Promise<void> {
    const machine = this.#machine!;
    const contexts = this.#stepContexts(env);
    const inputs = evaluateTexts(step.with, contexts);
    if (step.run !== undefined) {
      await this.#runScript(step, index, { env, contexts, result });
      return;
    }
    const uses = step.uses ?? "";
    const folder = this.#setting.locateAction(uses, machine.workspace);
    if (folder !== undefined) {
      await this.#runAction(await readAction(folder), { inputs, env, contexts, result });
      return;
    }
    const done = await findStandIn(uses, inputs)(inputs, { ...this.#setting, machine });
    for (const mask of done.masks ?? []) this.#mask(mask);
    Object.assign(machine.env, done.env);
    result.outputs = done.outputs ?? {};
    Object.assign(result, this.#readLog(done.log ?? ""));
  }

  async #runScript(
    step: Step,
    index: number,
    { env, contexts, result }: { env: Record<string, string>; contexts: Contexts; result: StepResult },
  ): Promise<void> {
    const machine = this.#machine!;
    const script = machine.file(`script-${index}.sh`);
    await writeFile(script, evaluateText(step.run, contexts));
    const run = { ...this.#setting.defaults?.run, ...this.#job.defaults?.run };
    const shell = step.shell ?? run.shell;
    if (shell !== undefined && shell !== "bash") throw new Error(`The rehearsal knows bash, not ${shell}.`);
    const folder = evaluateText(step["working-directory"] ?? run["working-directory"] ?? ".", contexts);
    await this.#runProcess(result, {
      file: "bash",
      args: [...(shell === "bash" ? ["--noprofile", "--norc", "-eo", "pipefail"] : ["-e"]), script],
      env,
      cwd: join(machine.workspace, folder),
    });
  }

  async #runAction(
    action: Action,
    {
      inputs,
      env,
      contexts,
      result,
    }: {
      inputs: Record<string, string>;
      env: Record<string, string>;
      contexts: Contexts;
      result: StepResult;
    },
  ): Promise<void> {
    const { workspace: cwd } = this.#machine!;
    const whole = { ...env, ...action.readInputs(inputs, contexts) };
    const state: Record<string, string> = {};
    const { post } = action;
    if (post !== undefined) {
      const run = async (): Promise<void> => {
        const name = `Post ${result.name}`;
        const own: StepResult = { ...result, ...readLog(""), id: "", name };
        this.#ending = undefined; // the post part has a grace of its own
        const states = Object.entries(state).map(([key, value]) => [`STATE_${key}`, value]);
        const command = {
          file: process.execPath,
          args: ["--require", inject("compileCache"), post],
          env: { ...whole, ...(Object.fromEntries(states) as Record<string, string>) },
          cwd,
        };
        await this.#runProcess(own, command);
        this.#steps.push({ ...own, conclusion: own.outcome });
        if (own.outcome === "failure" && this.#progress === "success") this.#progress = "failure";
      };
      this.#posts.push({ name: result.name, run });
    }
    const left = await this.#runProcess(result, {
      file: process.execPath,
      args: ["--require", inject("compileCache"), action.main],
      env: whole,
      cwd,
    });
    Object.assign(state, left.state);
    const unknown = Object.keys(result.outputs).filter((name) => !action.outputs.includes(name));
    if (unknown.length > 0) throw new Error(`action.yml names no output ${unknown.join(", ")}.`);
  }

  async #runProcess(
    result: StepResult,
    command: Parameters<Machine["run"]>[0],
  ): Promise<Awaited<ReturnType<Machine["run"]>>["left"]> {
    const before = this.#progress;
    const { status, output, left } = await this.#machine!.run(command);
    await this.#ending;
    const isCancelled = before !== this.#progress; // nothing else changes it meanwhile
    result.status = status;
    result.outcome = isCancelled ? "cancelled" : status === 0 ? "success" : "failure";
    result.outputs = left.outputs;
    result.summary = left.summary;
    Object.assign(result, this.#readLog(output));
    return left;
  }

  #readLog(output: string): StepLog {
    const read = readLog(output);
    for (const mask of read.masks) this.#mask(mask);
    return { ...read, log: [...this.#masks].reduce((log, mask) => log.replaceAll(mask, "***"), read.log) };
  }

  /** A secret of several lines is masked line by line as well. */
  #mask(secret: string): void {
    for (const form of [secret, ...secret.split("\n")]) if (form.trim() !== "") this.#masks.add(form);
  }

  #fail(message: string): void {
    this.#annotations.push({ level: "error", title: "", message });
    if (this.#progress === "success") this.#progress = "failure";
  }
}

function variables(prefix: string, values: Record<string, unknown>): Record<string, string> {
  const texts = Object.entries(values).flatMap(([name, value]): [string, string][] =>
    typeof value === "string" && name !== "token" ? [[`${prefix}${name.toUpperCase()}`, value]] : [],
  );
  return Object.fromEntries(texts);
}
