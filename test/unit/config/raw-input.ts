import type { Config, RawInput } from "../../../src/config/config.ts";
import { parseConfig } from "../../../src/config/config.ts";
import { AppError } from "../../../src/errors.ts";

/** What a shell would read, with the rest as in a first backup without a file. */
export function buildRawInput(given: Partial<Omit<RawInput, "file">> & { yaml?: string }): RawInput {
  const { yaml, ...rest } = given;
  return {
    shell: "cli",
    command: "backup",
    options: {},
    env: {},
    ...rest,
    ...(yaml !== undefined && { file: { path: "lifeboat.yml", text: yaml } }),
  };
}

/** The configuration of one command. */
export function parseAs<C extends Config["command"]>(
  command: C,
  given: Parameters<typeof buildRawInput>[0],
): Extract<Config, { command: C }> {
  return parseConfig(buildRawInput({ ...given, command })) as Extract<Config, { command: C }>;
}

/** The whole text of the problems. */
export function readProblems(given: Parameters<typeof buildRawInput>[0]): string {
  try {
    parseConfig(buildRawInput(given));
  } catch (error) {
    if (error instanceof AppError && error.code === "CONFIG_INVALID") return error.message;
    throw error;
  }
  throw new Error("No problem was found.");
}
