import type { Secret } from "../sys/secret.ts";
import type { RawInput } from "./config.ts";
import type { Path } from "./faults.ts";
import { valueAt } from "./faults.ts";
import type { ConfigFile } from "./file.ts";
import { parseFile } from "./file.ts";
import type { Command, Option, OptionName } from "./options.ts";
import { OPTIONS, listOptions } from "./options.ts";
import type { Place } from "./problems.ts";
import { Problems, suggest } from "./problems.ts";
import type { LifeboatFile } from "./schema.ts";
import type { Given } from "./values.ts";
import { expandVariables, readFlag, readList } from "./values.ts";

/** Options are told about after everything in the file. */
const AFTER_THE_FILE = Number.MAX_SAFE_INTEGER;

/** Where a configuration comes from: options, their variables, lifeboat.yml. Collects problems and credentials. */
export class Sources {
  readonly problems = new Problems();
  readonly secrets: Secret[] = [];
  readonly #raw: RawInput;
  readonly command: Command;
  readonly #file: ConfigFile | undefined;

  constructor(raw: RawInput, command: Command) {
    this.#raw = raw;
    this.command = command;
    this.#file = raw.file && parseFile(raw.file, this.problems);
    this.#refuseStrangers();
  }

  get content(): LifeboatFile {
    return this.#file?.content ?? {};
  }

  /** What to call the file in a message. */
  get filePath(): string {
    return this.#file?.path ?? "lifeboat.yml";
  }

  /** The option's text, or that of its variable; undefined when neither is given or the command has no use for it. */
  option(name: OptionName): Given | undefined {
    const { commands, env }: Option = OPTIONS[name];
    if (!commands.includes(this.command)) return undefined;
    const text = this.#raw.options[name]?.trim();
    if (text) return { text, place: this.optionPlace(name), isFromEnvironment: false };
    const fallback = env && this.#raw.env[env]?.trim();
    if (!fallback) return undefined;
    return {
      text: fallback,
      place: { label: `Variable ${env}`, order: AFTER_THE_FILE },
      isFromEnvironment: true,
    };
  }

  /** The value of an environment variable that the operator named. */
  variable(name: string): string | undefined {
    return this.#raw.env[name];
  }

  flag(name: OptionName): boolean | undefined {
    const given = this.option(name);
    return given && readFlag(given, this.problems);
  }

  list(name: OptionName): string[] {
    const given = this.option(name);
    return given ? readList(given) : [];
  }

  /**
   * A text of the file with its variables replaced; undefined when the file says nothing, or when a variable is
   * not set.
   *
   * @param isNeeded - whether this command cannot do without: only then is an unset variable a problem
   */
  text(path: Path, isNeeded = true): Given | undefined {
    const value = valueAt(this.content, path);
    if (typeof value !== "string") return undefined;
    return expandVariables(value, this.place(path), {
      env: this.#raw.env,
      problems: this.problems,
      isNeeded,
    });
  }

  place(path: Path): Place {
    return this.#file?.place(path) ?? { label: path.map(String).join("."), order: 0 };
  }

  optionPlace(name: OptionName): Place {
    const label = this.#raw.shell === "cli" ? `--${name}` : `Input ${name}`;
    return { label, order: AFTER_THE_FILE };
  }

  /** How to speak of options inside a sentence. */
  nameOptions(names: readonly OptionName[]): string {
    return names.map((name) => (this.#raw.shell === "cli" ? `--${name}` : `the input ${name}`)).join(" or ");
  }

  /** Reports that something is not given, unless it may only be misspelt, which is told anyway. */
  addAbsent(path: Path, place: Place, text: string): void {
    if (!this.#file?.isDoubtful(path)) this.problems.add(place, text);
  }

  /** Options that do not exist, or mean nothing to this command. */
  #refuseStrangers(): void {
    const known = listOptions(this.#raw.shell);
    for (const [name, text] of Object.entries(this.#raw.options)) {
      if (!text) continue;
      const found = known.find((candidate) => candidate.name === name);
      const place = this.optionPlace(name as OptionName);
      if (!found) {
        const names = known.map((candidate) => candidate.name);
        this.problems.add(place, `is no known option.${suggest(name, names)}`);
      } else if (!found.option.commands.includes(this.command)) {
        const users = found.option.commands.join(" and ");
        this.problems.add(place, `means nothing to ${this.command}; it is for ${users}. Leave it out.`);
      }
    }
  }
}
