import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { findTextFile } from "../sys/text-file.ts";
import { readCompose } from "./compose.ts";
import type { ComposeService } from "./compose.ts";

/** What a repository says of the product in it, without anything being run. */
export interface RepositoryFacts {
  /** Of the repository at its host, or of its folder. */
  name: string;
  /** `owner/repository` on GitHub, when the remote `origin` is there. */
  slug?: string;
  services: ComposeService[];
  /** Of `.env.example` and its like, with the example's values. */
  variables: Readonly<Record<string, string>>;
  /** Of package.json. */
  scripts: Readonly<Record<string, string>>;
  /** The command that installs exactly what the lock file says, when there is one. */
  install?: string;
  /** Files and folders that tell of a tool, of `TELLING_PATHS`. */
  present: ReadonlySet<string>;
}

const COMPOSE_FILES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const EXAMPLE_FILES = [".env.example", ".env.sample", ".env.template", "env.example"];
const INSTALLS: Readonly<Record<string, string>> = {
  "package-lock.json": "npm ci",
  "pnpm-lock.yaml": "corepack enable && pnpm install --frozen-lockfile",
  "yarn.lock": "corepack enable && yarn install --immutable",
};
const TELLING_PATHS = ["prisma", "drizzle.config.ts"] as const;

/**
 * Looks at the root of a repository. Files that are not there say nothing.
 *
 * @throws AppError CONFIG_INVALID when a file cannot be read, or is no YAML or JSON
 */
export async function lookAtRepository(root: string): Promise<RepositoryFacts> {
  const names = new Set(await readdir(root));
  const read = async (candidates: readonly string[]): Promise<string> => {
    const found = candidates.find((candidate) => names.has(candidate));
    return (found !== undefined && (await findTextFile(join(root, found)))) || "";
  };
  const [compose, example, packageText, gitConfig] = await Promise.all([
    read(COMPOSE_FILES),
    read(EXAMPLE_FILES),
    read(["package.json"]),
    findTextFile(join(root, ".git", "config")),
  ]);
  const slug = findSlug(gitConfig ?? "");
  const lock = Object.keys(INSTALLS).find((name) => names.has(name));
  const install = lock === undefined ? undefined : INSTALLS[lock];
  return {
    name: slug?.split("/")[1] ?? basename(resolve(root)),
    ...(slug !== undefined && { slug }),
    services: readCompose(compose),
    variables: parseEnv(example) as Record<string, string>,
    scripts: readScripts(packageText),
    ...(install !== undefined && { install }),
    present: new Set(TELLING_PATHS.filter((path) => names.has(path))),
  };
}

/** `owner/repository` of the remote `origin`, when that is on GitHub. */
function findSlug(gitConfig: string): string | undefined {
  const origin = /\[remote "origin"\][^[]*?\burl\s*=\s*(\S+)/.exec(gitConfig)?.[1] ?? "";
  return /github\.com[:/]([^/\s]+\/[^/\s]+?)(?:\.git)?\/?$/.exec(origin)?.[1];
}

function readScripts(packageText: string): Record<string, string> {
  if (packageText === "") return {};
  try {
    const { scripts } = JSON.parse(packageText) as { scripts?: Record<string, string> };
    return scripts ?? {};
  } catch {
    return {}; // A package.json that npm could not read either says nothing.
  }
}
