import { Secret } from "../sys/secret.ts";
import type { Sources } from "./sources.ts";

/** An application's key by its name, and every value that was given for it: the present one first. */
export interface ApplicationKeyConfig {
  name: string;
  candidates: readonly Secret[];
}

/** @param isNeeded - whether the command must have each key: else those whose variables are not set are left out */
export function readKeys(sources: Sources, isNeeded: boolean): ApplicationKeyConfig[] {
  const candidates = new Map<string, Secret[]>();
  const add = (name: string, text: string): void => {
    const secret = new Secret(text);
    sources.secrets.push(secret);
    candidates.set(name, [...(candidates.get(name) ?? []), secret]);
  };
  for (const [name, value] of Object.entries(sources.content.keys ?? {})) {
    const paths = Array.isArray(value) ? value.map((_, index) => ["keys", name, index]) : [["keys", name]];
    for (const [index, path] of paths.entries()) {
      // The first is the one in use; older ones matter to older backups only.
      const given = sources.text(path, isNeeded && index === 0);
      if (given) add(name, given.text);
    }
  }
  for (const item of sources.list("key")) {
    const [, name = "", variable = ""] = /^([^=\s]+)=([A-Za-z_][A-Za-z0-9_]*)$/.exec(item) ?? [];
    const place = sources.optionPlace("key");
    if (name === "") {
      sources.problems.add(
        place,
        "is not NAME=VARIABLE: the key's name, and the variable that holds its value.",
      );
      continue;
    }
    const text = sources.variable(variable);
    if (text) add(name, text);
    else sources.problems.add(place, `names the variable ${variable}, which is not set or empty.`);
  }
  return [...candidates].map(([name, values]) => ({ name, candidates: values }));
}
