import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { createMemoryFolder } from "./test/support/memory-folder.ts";

const GITHUB_PACKAGES = /@actions\/(workflow-parser|expressions)\/dist\/.*\.js$/;

/** They import JSON as bundlers do, not as Node does, so Vite loads them; and they name source maps that they lack. */
const githubPackages = {
  deps: { inline: [GITHUB_PACKAGES] },
  plugin: {
    name: "github-packages",
    load: (id: string) =>
      GITHUB_PACKAGES.test(id)
        ? readFileSync(id, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "")
        : undefined,
  },
};

/**
 * Limits end what hangs, and nothing else: a test waits for a state, however slow the machine. So they are set here
 * alone, far beyond what the slowest test takes.
 */
const LIMIT_MS = 15 * 60_000;
const limits = { testTimeout: LIMIT_MS, hookTimeout: LIMIT_MS };

/** Modules keep no state, and what a test changes of its process it puts back: so each file need not load all of them anew. */
const isolate = false;

// Of this process, and so of all that the tests start.
const temporary = process.env["TMPDIR"] ?? createMemoryFolder();
if (temporary !== undefined) process.env["TMPDIR"] = temporary;

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [githubPackages.plugin],
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          ...limits,
          isolate,
          server: { deps: githubPackages.deps },
        },
      },
      {
        plugins: [githubPackages.plugin],
        test: {
          name: "services",
          include: ["test/{contract,integration,e2e}/**/*.test.ts"],
          globalSetup: "test/support/global-setup.ts",
          ...limits,
          isolate,
          server: { deps: githubPackages.deps },
        },
      },
    ],
    maxWorkers: 2, // the databases need their share of the machine
  },
});
