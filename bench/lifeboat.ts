import { fileURLToPath } from "node:url";
import { runTool, toolEnvironment } from "../src/sys/exec.ts";
import { Scratch } from "../src/sys/scratch.ts";
import { Redactor } from "../src/sys/secret.ts";
import { CACHE_DIR } from "../local-services/local-services.ts";
import { measure } from "./measure.ts";
import type { Result } from "./section.ts";

/** The command line that is shipped, bundled anew: what dist/cli.cjs is once it was committed. */
export interface Lifeboat extends AsyncDisposable {
  /** Measures one call of it. */
  run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Result>;
  /** Measures one backup, and what it sent. */
  backUp(env: Readonly<Record<string, string>>): Promise<Result>;
}

export async function buildLifeboat(): Promise<Lifeboat> {
  const bundle = await Scratch.create();
  const script = fileURLToPath(new URL("../scripts/build.mjs", import.meta.url));
  const toolEnv = toolEnvironment(process.env);
  await runTool(
    { file: process.execPath, args: [script, bundle.path], env: toolEnv },
    { signal: new AbortController().signal, redactor: new Redactor() },
  );
  // Its tool cache is <cache home>/lifeboat; the tests' cache is used, so that nothing is fetched twice.
  const call = (args: readonly string[], env: Readonly<Record<string, string>>) =>
    measure({
      file: process.execPath,
      args: [bundle.file("cli.cjs"), ...args],
      env: { ...toolEnv, XDG_CACHE_HOME: CACHE_DIR, ...env },
    });
  return {
    run: async (args, env) => (await call(args, env)).cost,
    backUp: async (env) => {
      const { cost, stdout } = await call(["backup", "--json"], env);
      return { ...cost, bytes: (JSON.parse(stdout) as { sentBytes: number }).sentBytes };
    },
    [Symbol.asyncDispose]: () => bundle.remove(),
  };
}
