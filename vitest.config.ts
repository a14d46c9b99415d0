import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

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

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [githubPackages.plugin],
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          isolate: false, // each file would load what the others have loaded: half of the time
          ...limits,
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
          server: { deps: githubPackages.deps },
        },
      },
    ],
    maxWorkers: 2, // the databases need their share of the machine
  },
});
