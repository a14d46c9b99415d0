import * as core from "@actions/core";
import { locateConfigFile, parseConfig } from "../config/config.ts";
import type { Config, RawInput } from "../config/config.ts";
import { listOptions } from "../config/options.ts";
import { findTextFile, readTextFile } from "../sys/text-file.ts";
import { Secret, secretForms } from "../sys/secret.ts";

/**
 * Reads the step's inputs and the configuration file. Secrets are masked in every form before anything can be
 * printed.
 *
 * @throws AppError CONFIG_INVALID with every problem
 */
export async function readConfig(env: Readonly<Record<string, string | undefined>>): Promise<Config> {
  const options: Record<string, string | undefined> = {};
  for (const { name, option } of listOptions("action")) {
    options[name] = core.getInput(name);
    if ("secret" in option) mask(new Secret(options[name]));
  }
  const { path, isRequired } = locateConfigFile(options, env);
  const text = isRequired ? await readTextFile(path, "configuration file") : await findTextFile(path);
  const raw: RawInput = {
    shell: "action",
    command: options["command"] ?? "",
    options,
    env,
    ...(text !== undefined && { file: { path, text } }),
  };
  const config = parseConfig(raw);
  config.secrets.forEach(mask);
  return config;
}

function mask(secret: Secret): void {
  for (const form of secretForms(secret.reveal())) core.setSecret(form);
}
