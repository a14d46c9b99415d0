import { readFile, readdir } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { COMMANDS, OPTIONS, listOptions } from "../src/config/options.ts";
import type { Option } from "../src/config/options.ts";
import { fileSchema } from "../src/config/schema.ts";

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** A file that is written, in whole or in part, from the lists in src/config. */
export interface GeneratedFile {
  path: string;
  /** What the file should be, given what it is. */
  render: (current: string) => Promise<string>;
}

/** Everything that `npm run generate` writes; a test compares it with what is committed. */
export function listGeneratedFiles(): GeneratedFile[] {
  return [
    { path: "lifeboat.schema.json", render: async () => `${JSON.stringify(buildSchema(), null, 2)}\n` },
    {
      path: "action.yml",
      render: async (current) => replaceSection(current, "inputs", renderInputs(), "# ", ""),
    },
    { path: "docs/options.md", render: renderDocument },
    { path: "src/init/workflow-templates.ts", render: renderWorkflowTemplates },
  ];
}

/** The workflows that operators copy, as `init` writes them: the bundle has no other files beside it. */
async function renderWorkflowTemplates(): Promise<string> {
  const folder = "examples/workflows";
  const names = (await readdir(folder)).filter((name) => name !== "sharded-backup.yml").sort(); // few need that one
  const texts = await Promise.all(names.map((name) => readFile(`${folder}/${name}`, "utf8")));
  const entries = names.map((name, index) => `${JSON.stringify(name)}: ${JSON.stringify(texts[index])},`);
  const path = "src/init/workflow-templates.ts";
  return await format(
    `/** Written by \`npm run generate\` from ${folder}. */\nexport const WORKFLOW_TEMPLATES: Readonly<Record<string, string>> = {${entries.join("\n")}};\n`,
    { ...(await resolveConfig(path)), parser: "typescript" },
  );
}

function buildSchema(): JsonSchema {
  return { title: "lifeboat.yml", ...z.toJSONSchema(fileSchema, { io: "input" }) };
}

/**
 * No defaults but that of `command`: an input's default would go before what lifeboat.yml says, so core applies
 * them last.
 */
function renderInputs(): string {
  return listOptions("action")
    .map(({ name, option }) => {
      const lines = [
        `  ${name}:`,
        `    description: ${JSON.stringify(describe(option))}`,
        "    required: false",
      ];
      if (option.shell === "action" && option.default) lines.push(`    default: ${option.default}`);
      return lines.join("\n");
    })
    .join("\n");
}

async function renderDocument(current: string): Promise<string> {
  const withOptions = replaceSection(current, "options", renderOptionTable(), "<!-- ", " -->");
  const whole = replaceSection(withOptions, "keys", renderKeyTable(), "<!-- ", " -->");
  return await format(whole, { ...(await resolveConfig("docs/options.md")), parser: "markdown" });
}

function renderOptionTable(): string {
  const rows = Object.entries<Option>(OPTIONS).map(([name, option]) => {
    const forms = [
      option.shell === "cli" ? "" : `input \`${name}\``,
      option.shell === "action" ? "" : `\`--${name}\``,
      option.env ? `\`${option.env}\`` : "",
    ].filter((form) => form !== "");
    return `| ${forms.join("<br>")} | ${option.commands.length === COMMANDS.length ? "all" : option.commands.join(", ")} | ${describe(option)} |`;
  });
  return ["", "| Option | Commands | Meaning |", "| --- | --- | --- |", ...rows, ""].join("\n");
}

function renderKeyTable(): string {
  const rows = listKeys(buildSchema(), "").map(({ key, description }) => `| \`${key}\` | ${description} |`);
  return ["", "| Key | Meaning |", "| --- | --- |", ...rows, ""].join("\n");
}

function describe(option: Option): string {
  return option.default && option.shell !== "action"
    ? `${option.help} Default: ${option.default}.`
    : option.help;
}

/** Every key below a schema, in the order in which it is declared. */
function listKeys(schema: JsonSchema, prefix: string): { key: string; description: string }[] {
  const forms = schema.anyOf ?? [schema];
  const found = forms.flatMap((form) => {
    const named = Object.entries(form.properties ?? {}) as [string, JsonSchema][];
    const open = typeof form.additionalProperties === "object" ? form.additionalProperties : undefined;
    const items = typeof form.items === "object" && !Array.isArray(form.items) ? form.items : undefined;
    return [
      ...named.flatMap(([name, child]) => describeKey(prefix === "" ? name : `${prefix}.${name}`, child)),
      ...((open?.description ?? open?.anyOf ?? open?.properties)
        ? describeKey(`${prefix}.<name>`, open)
        : []),
      ...(items ? listKeys(items, `${prefix}[]`) : []),
    ];
  });
  return found.filter(({ key }, index) => found.findIndex((other) => other.key === key) === index);
}

function describeKey(key: string, schema: JsonSchema): { key: string; description: string }[] {
  const below = listKeys(schema, key);
  return schema.description ? [{ key, description: schema.description }, ...below] : below;
}

/** @throws Error when the markers are missing: a section that lost them would never be renewed */
function replaceSection(text: string, name: string, content: string, open: string, close: string): string {
  const start = `${open}${name}:start${close}`;
  const end = `${open}${name}:end${close}`;
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The markers ${start} and ${end} are missing.`);
  const indent = /[ \t]*$/.exec(text.slice(0, to))?.[0] ?? "";
  return `${text.slice(0, from + start.length)}\n${content}\n${indent}${text.slice(to)}`;
}
