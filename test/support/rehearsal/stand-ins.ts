import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Machine } from "./machine.ts";

/** What a foreign action needs of the job that uses it. */
export interface StandInJob {
  machine: Machine;
  /** Of the job's token. */
  permissions: Readonly<Record<string, string>>;
  repository: {
    /** OWNER/NAME. */
    name: string;
    files: string;
  };
  /** Folders by the names of artifacts, for the whole run. */
  artifacts: Map<string, string>;
}

export interface StandInResult {
  env?: Record<string, string>;
  outputs?: Record<string, string>;
  masks?: string[];
  log?: string;
}

/** Does what workflows rely on an action for. @throws Error when the action would fail */
type StandIn = (
  inputs: Readonly<Record<string, string>>,
  job: StandInJob,
) => Promise<StandInResult> | StandInResult;

/** The foreign actions that a rehearsal knows, and the inputs that each stand-in understands. */
const STAND_INS: Readonly<Record<string, { inputs: readonly string[]; run: StandIn }>> = {
  "actions/checkout": {
    inputs: ["persist-credentials", "path", "repository", "ref", "fetch-depth"],
    run: async ({ path = ".", repository }, job) => {
      requirePermission(job, "contents", "read");
      if (repository && repository !== job.repository.name)
        throw new Error(`The rehearsal has no files of ${repository}.`);
      await job.machine.checkOut(job.repository.files, path);
      return {};
    },
  },
  "actions/setup-node": {
    inputs: ["node-version", "node-version-file", "cache", "package-manager-cache"],
    run: () => ({ log: `Node.js is that of this machine, ${process.version}` }),
  },
  "actions/cache": {
    inputs: ["path", "key", "restore-keys"],
    run: () => ({ outputs: { "cache-hit": "false" } }),
  },
  "actions/upload-artifact": {
    inputs: ["name", "path", "retention-days", "if-no-files-found"],
    run: async (inputs, { machine, artifacts }) => {
      const { name = "artifact", path = "", "if-no-files-found": absent = "warn" } = inputs;
      if (artifacts.has(name)) throw new Error(`There is an artifact ${name} already.`);
      const source = join(machine.workspace, path);
      const isThere = await readdir(source).then(
        () => true,
        () => false,
      );
      if (!isThere && absent === "error") throw new Error(`No files were found at ${path}.`);
      if (!isThere) return { log: `Nothing at ${path}` };
      const folder = machine.file(`artifact-${artifacts.size}`);
      await cp(source, folder, { recursive: true });
      artifacts.set(name, folder);
      return {};
    },
  },
  "actions/download-artifact": {
    inputs: ["name", "pattern", "path", "merge-multiple"],
    run: async ({ name, pattern = "*", path = ".", "merge-multiple": merge }, { machine, artifacts }) => {
      if (name !== undefined && !artifacts.has(name)) throw new Error(`There is no artifact ${name}.`);
      if (!/^[^*]*\*$/.test(pattern)) throw new Error("The stand-in knows patterns that end in * only.");
      const prefix = pattern.slice(0, -1);
      for (const [candidate, folder] of artifacts) {
        if (name === undefined ? !candidate.startsWith(prefix) : candidate !== name) continue;
        const isFlat = name !== undefined || merge === "true";
        const target = join(machine.workspace, path, isFlat ? "." : candidate);
        await mkdir(target, { recursive: true });
        await cp(folder, target, { recursive: true });
      }
      return {};
    },
  },
};

/** @throws Error when there is no stand-in for the action, or it does not know one of the inputs */
export function findStandIn(uses: string, inputs: Readonly<Record<string, string>>): StandIn {
  const name = uses.replace(/@.*$/, "");
  const found = STAND_INS[name];
  if (!found) throw new Error(`The rehearsal has no stand-in for ${uses}.`);
  const unknown = Object.keys(inputs).filter((input) => !found.inputs.includes(input));
  if (unknown.length > 0)
    throw new Error(`The stand-in for ${name} does not know its input ${unknown.join(", ")}.`);
  return found.run;
}

function requirePermission({ permissions }: StandInJob, scope: string, level: "read" | "write"): void {
  const granted = permissions[scope] ?? permissions["*"] ?? "none";
  if (granted === "write" || granted === level) return;
  throw new Error(`The job's permissions hold no ${scope}: ${level}.`);
}
