import type { KeyForm } from "../drill/secrets/key.ts";
import type { SecretForm, SecretLayout, SecretPart } from "../drill/secrets/layout.ts";
import { STORED_SECRETS } from "../presets/stored-secrets.ts";
import type { Secret } from "../sys/secret.ts";
import type { Path } from "./faults.ts";
import { suggest } from "./problems.ts";
import type { DecryptSource, DecryptStep } from "./schema.ts";
import type { Sources } from "./sources.ts";
import type { StepCommon, StepReader } from "./step-reader.ts";

export interface DecryptStepConfig {
  kind: "decrypt";
  name: string;
  store: string;
  query: string;
  jsonPath?: string;
  form: SecretForm;
  keyForms: KeyForm[];
  key: Secret;
  sample?: number;
  timeoutMs: number;
}

const PRESETS: Readonly<Record<string, DecryptSource>> = STORED_SECRETS;
/** Stands for a preset with a misspelt name, of which all else is unknown rather than absent. */
const UNKNOWN: DecryptSource = { query: "", layout: "fernet", "key-form": [] };

const LAYOUT_RULE =
  "is no layout. Write the parts in their order, such as iv12-tag16-ciphertext (sizes in bytes), " +
  "iv:tag:ciphertext (texts between separators), or fernet.";

/**
 * Reads where an application's secrets are and how they are encrypted: from a preset, from what is written, or from a
 * preset of which some is written anew. The query is passed on as it is written, like an sql step's.
 */
export function readDecryptStep(
  step: DecryptStep,
  common: StepCommon,
  reader: StepReader,
): DecryptStepConfig {
  const { sources, stores, path, isNeeded } = reader;
  const at = [...path, "decrypt"];
  const written = typeof step.decrypt === "string" ? { preset: step.decrypt } : step.decrypt;
  const source = { ...findPreset(written.preset, at, sources), ...written };
  /** What the preset gives is taken as it is. */
  const expand = (key: keyof DecryptSource, value: string, ...rest: Path): string | undefined =>
    written[key] === undefined ? value : sources.text([...at, key, ...rest], isNeeded)?.text;
  const text = (key: "store" | "json-path" | "prefix" | "layout"): string | undefined => {
    const value = source[key];
    return value === undefined ? undefined : expand(key, value);
  };

  for (const key of ["query", "layout", "key-form"] as const) {
    if (source[key] !== undefined) continue;
    sources.addAbsent([...at, key], sources.place(at), `needs a ${key}, or a preset that has one.`);
  }
  const store = text("store") ?? "postgres";
  stores.requireKnown(store, sources.place([...at, "store"]));
  const layoutText = text("layout") ?? "fernet";
  const layout = parseLayout(layoutText);
  if (!layout) sources.problems.add(sources.place([...at, "layout"]), LAYOUT_RULE);
  const keyForms = readKeyForms(source["key-form"] ?? [], (salt, ...rest) =>
    expand("key-form", salt, ...rest, "salt"),
  );
  if (
    keyForms.some((form) => typeof form !== "string" && form.salt === undefined) &&
    !/salt/.test(layoutText)
  ) {
    const text = "derives the key with a stored salt, but the layout has none. Give a salt.";
    sources.problems.add(sources.place([...at, "key-form"]), text);
  }
  const key = reader.secret("key");

  const jsonPath = text("json-path");
  const prefix = text("prefix");
  return {
    kind: "decrypt",
    ...common,
    store,
    query: source.query ?? "",
    ...(jsonPath !== undefined && { jsonPath }),
    form: {
      ...(prefix !== undefined && { prefix }),
      layout: layout ?? { cipher: "fernet" }, // never seen: without a good one there is a problem
      encoding: source.encoding ?? "base64",
    },
    keyForms,
    key,
    ...(step.sample !== undefined && { sample: step.sample }),
  };
}

function findPreset(name: string | undefined, path: Path, sources: Sources): DecryptSource {
  if (name === undefined) return {};
  const preset = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
  if (preset) return preset;
  const known = Object.keys(PRESETS);
  const text = `names no known preset (${known.join(", ")}).${suggest(name, known)}`;
  sources.problems.add(sources.place(path), text);
  return UNKNOWN;
}

/** Reads `iv12-tag16-ciphertext`, `iv:tag:ciphertext` or `fernet`; undefined for anything else. */
function parseLayout(text: string): SecretLayout | undefined {
  if (text === "fernet") return { cipher: "fernet" };
  const separator = /^[a-z]+([:.,$|])/.exec(text)?.[1];
  const parts = text.split(separator ?? "-").map(parsePart);
  const named = new Map(parts.map((part) => [part?.name, part]));
  const isWhole = ["iv", "tag", "ciphertext"].every((name) => named.has(name as SecretPart["name"]));
  const isSized = parts.every((part) => {
    const needsSize = separator === undefined && part?.name !== "ciphertext";
    return part !== undefined && (part.sizeBytes !== undefined) === needsSize;
  });
  const tagBytes = named.get("tag")?.sizeBytes ?? 16;
  if (!isWhole || !isSized || named.size < parts.length || tagBytes !== 16) return undefined;
  return {
    cipher: "aes-256-gcm",
    ...(separator !== undefined && { separator }),
    parts: parts.filter((part) => part !== undefined),
  };
}

function parsePart(text: string): SecretPart | undefined {
  const [, name, size] = /^(iv|salt|tag|ciphertext)([1-9]\d*)?$/.exec(text) ?? [];
  if (name === undefined) return undefined;
  return { name: name as SecretPart["name"], ...(size !== undefined && { sizeBytes: Number(size) }) };
}

/** Salts may come from the environment. */
function readKeyForms(
  forms: NonNullable<DecryptSource["key-form"]>,
  expand: (salt: string, ...path: Path) => string | undefined,
): KeyForm[] {
  const readForm = (form: KeyForm, ...path: Path): KeyForm => {
    if (typeof form === "string" || form.salt === undefined) return form;
    return { ...form, salt: expand(form.salt, ...path) ?? "" };
  };
  return Array.isArray(forms) ? forms.map((form, index) => readForm(form, index)) : [readForm(forms)];
}
