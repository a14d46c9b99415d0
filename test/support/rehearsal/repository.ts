import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConcurrencyGroups } from "./concurrency.ts";
import type { AssumeRole } from "./identity.ts";
import { RUNNER_GRACE } from "./step-process.ts";
import type { Grace } from "./step-process.ts";
import { WorkflowRun } from "./workflow-run.ts";

/** This repository, as others name it. */
export const LIFEBOAT = "OWNER/lifeboat";
export const LIFEBOAT_FILES = fileURLToPath(new URL("../../..", import.meta.url));

export interface Values {
  secrets?: Readonly<Record<string, string>>;
  vars?: Readonly<Record<string, string>>;
}

export interface RepositorySettings extends Values {
  /** OWNER/NAME. */
  name?: string;
  /** The folder with its files, workflows included. */
  files: string;
  /** What jobs that name them get beside, and whether a person lets them run; all others are open and empty. */
  environments?: Readonly<Record<string, Values & { isApproved?: boolean }>>;
  /** @throws Error as AWS refuses; every role is refused when absent */
  assumeRole?: AssumeRole;
  /** What its runners have in their environment, such as where S3 is instead of at AWS. */
  runnerVariables?: Readonly<Record<string, string>>;
  grace?: Grace;
}

/** What happened on GitHub. */
export interface Trigger {
  event: "schedule" | "workflow_dispatch" | "pull_request" | "push";
  /** What the event tells, such as the `schedule` that was due. */
  payload?: Readonly<Record<string, unknown>>;
  inputs?: Readonly<Record<string, string | boolean | number>>;
  /** Of a fork: such a pull request gets no secrets, and a token that may only read. */
  fromFork?: boolean;
}

/** A repository on GitHub whose workflows are carried out here. */
export class Repository implements AsyncDisposable {
  readonly name: string;
  readonly settings: RepositorySettings;
  readonly concurrency = new ConcurrencyGroups();
  readonly #runs: WorkflowRun[] = [];

  constructor(settings: RepositorySettings) {
    this.settings = settings;
    this.name = settings.name ?? "someone/product";
  }

  get grace(): Grace {
    return this.settings.grace ?? RUNNER_GRACE;
  }

  /** @param workflow - path below the repository */
  start(workflow: string, trigger: Trigger): WorkflowRun {
    const run = new WorkflowRun(this, workflow, trigger, this.#runs.length + 1);
    this.#runs.push(run);
    return run;
  }

  /**
   * The file or folder that `uses` names, below this repository or below lifeboat's; undefined when it is neither.
   *
   * @param own - files of the repository of the workflow that says so
   * @param here - what `./` stands for
   */
  locate(uses: string, own: string, here: string): string | undefined {
    if (uses.startsWith("./")) return join(here, uses);
    if (uses.startsWith("$/")) return join(own, uses.slice(2));
    const [path = ""] = uses.split("@");
    if (path === LIFEBOAT || path.startsWith(`${LIFEBOAT}/`))
      return join(LIFEBOAT_FILES, path.slice(LIFEBOAT.length));
    return undefined;
  }

  /** Cancels what still runs, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of this.#runs) run.cancel();
    await Promise.allSettled(this.#runs.map(({ finished }) => finished));
  }
}
