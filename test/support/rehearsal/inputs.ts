import type { InputDefinitions } from "./workflow-file.ts";

type Value = string | number | boolean;

/**
 * The inputs of a workflow, each of its type, with defaults.
 *
 * @param given - values as a person or a caller gives them
 * @throws Error on an input that is missing, unknown or of another type
 */
export function readInputs(
  defined: InputDefinitions,
  given: Readonly<Record<string, unknown>>,
  workflow: string,
): Record<string, Value> {
  for (const name of Object.keys(given))
    if (!(name in defined)) throw new Error(`${workflow} has no input ${name}.`);
  return Object.fromEntries(
    Object.entries(defined).map(([name, { type, required, default: fallback, options }]) => {
      const value = given[name] ?? fallback;
      if (value === undefined && required) throw new Error(`${workflow} needs the input ${name}.`);
      if (type === "boolean" || type === "number") {
        const known = value ?? (type === "boolean" ? false : 0);
        if (typeof known !== type) throw new Error(`The input ${name} of ${workflow} is a ${type}.`);
        return [name, known as Value];
      }
      const text = `${(value ?? (type === "choice" ? options?.[0] : undefined) ?? "") as Value}`;
      if (type === "choice" && !options?.includes(text))
        throw new Error(`The input ${name} of ${workflow} cannot be ${text}.`);
      return [name, text];
    }),
  );
}
