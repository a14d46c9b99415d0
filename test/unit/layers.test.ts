import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { expect, test } from "vitest";

// The rules about layers need no types, and loading those takes seconds.
const eslint = new ESLint({ overrideConfig: [tseslint.configs.disableTypeChecked] });

async function lint(filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath });
  return (result?.messages ?? [])
    .filter(({ ruleId }) => ruleId?.includes("no-restricted-"))
    .map(({ message }) => message);
}

test.each([
  ["src/stores/store.ts", `import { keys } from "../destinations/keys.ts"; keys();`, "A store streams"],
  ["src/stores/postgres/dump.ts", `import { s3 } from "../../destinations/s3.ts"; s3();`, "A store streams"],
  [
    "src/stores/postgres/dump.ts",
    `import { backup } from "../../commands/backup.ts"; backup();`,
    "A store streams",
  ],
  [
    "src/destinations/retry.ts",
    `import type { Store } from "../stores/store.ts"; export type A = Store;`,
    "A destination holds",
  ],
  ["src/notify/send.ts", `import { keys } from "../destinations/keys.ts"; keys();`, "A notice is made"],
  ["src/drill/verdict.ts", `import { keys } from "../destinations/keys.ts"; keys();`, "A drill judges"],
  [
    "src/commands/backup.ts",
    `import { openS3 } from "../destinations/s3.ts"; openS3();`,
    "Commands work with the contracts",
  ],
  ["src/commands/backup.ts", `await import("../destinations/s3.ts");`, "Commands work with the contracts"],
  [
    "src/config/config.ts",
    `import { readFile } from "node:fs/promises"; readFile("x");`,
    "This folder is pure",
  ],
  [
    "src/backup/manifest.ts",
    `import { systemClock } from "../sys/clock.ts"; systemClock.now();`,
    "This folder is pure",
  ],
  ["src/action/main.ts", `import { run } from "../cli/main.ts"; run();`, "The two shells"],
  ["src/wire/run.ts", `import { run } from "../cli/main.ts"; run();`, "The wiring serves both shells"],
  ["src/sys/secret.ts", `import { run } from "../commands/backup.ts"; run();`, "src/sys is the floor"],
  ["src/stores/store.ts", `import { spawn } from "node:child_process"; spawn("x");`, "Processes are started"],
  ["src/stores/store.ts", `await import("child_process");`, "Processes are started"],
  ["src/sys/clock.ts", `import { spawn } from "node:child_process"; spawn("x");`, "Processes are started"],
  ["src/commands/list.ts", `import { S3Client } from "@aws-sdk/client-s3"; new S3Client();`, "The AWS SDK"],
  ["src/cli/main.ts", `import * as core from "@actions/core"; core.info("x");`, "Only src/action"],
  ["src/commands/list.ts", `Date.now();`, "Time comes from the Clock"],
  ["src/commands/list.ts", `new Date();`, "Time comes from the Clock"],
  ["src/commands/list.ts", `setTimeout(() => {}, 1);`, "Time comes from the Clock"],
  ["src/wire/run.ts", `console.log(process.env["X"]);`, "The environment and the exit status"],
  ["src/commands/list.ts", `process.exitCode = 1;`, "The environment and the exit status"],
])("lint refuses in %s: %s", async (file, code, reason) => {
  const messages = await lint(file, code);
  expect(messages).toHaveLength(1);
  expect(messages[0]).toContain(reason);
});

test.each([
  ["src/sys/exec.ts", `import { spawn } from "node:child_process"; setTimeout(() => spawn("x"), 1);`],
  ["src/sys/clock.ts", `new Date(); setTimeout(() => {}, 1);`],
  ["src/destinations/s3.ts", `import { S3Client } from "@aws-sdk/client-s3"; new S3Client();`],
  ["src/action/main.ts", `import * as core from "@actions/core"; core.info(process.env["X"]);`],
  ["src/config/config.ts", `import { Secret } from "../sys/secret.ts"; new Secret("x");`],
  ["src/backup/manifest.ts", `new Date(0);`],
  ["src/commands/list.ts", `import { manifestKey } from "../destinations/keys.ts"; manifestKey("x");`],
])("lint allows in %s: %s", async (file, code) => {
  expect(await lint(file, code)).toEqual([]);
});
