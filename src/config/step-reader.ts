import { dirname, join } from "node:path";
import { Secret } from "../sys/secret.ts";
import type { Path } from "./faults.ts";
import { valueAt } from "./faults.ts";
import type { Sources } from "./sources.ts";
import type { StoreReader } from "./stores.ts";
import { readDurationMs } from "./values.ts";

/** What every kind of step has. */
export interface StepCommon {
  name: string;
  timeoutMs: number;
}

/** Reads one step of lifeboat.yml. Keys are relative to the step. */
export class StepReader {
  readonly sources: Sources;
  readonly stores: StoreReader;
  readonly path: Path;
  /** Whether the command performs the steps: only then must their variables be set. */
  readonly isNeeded: boolean;

  constructor(sources: Sources, stores: StoreReader, path: Path, isNeeded: boolean) {
    this.sources = sources;
    this.stores = stores;
    this.path = path;
    this.isNeeded = isNeeded;
  }

  text(...keys: Path): string | undefined {
    return this.sources.text([...this.path, ...keys], this.isNeeded)?.text;
  }

  durationMs(defaultMs: number, ...keys: Path): number {
    const given = this.sources.text([...this.path, ...keys], this.isNeeded);
    return (given && readDurationMs(given, this.sources.problems)) ?? defaultMs;
  }

  /** A value that nobody may see, such as a caller's key. */
  secret(...keys: Path): Secret {
    const secret = new Secret(this.text(...keys) ?? "");
    this.sources.secrets.push(secret);
    return secret;
  }

  /** Variables or headers: what was written in the file can be read there, what the environment gave may be a key. */
  secrets(...keys: Path): Record<string, Secret> {
    const values: Record<string, Secret> = {};
    for (const name of Object.keys(valueAt(this.sources.content, [...this.path, ...keys]) ?? {})) {
      const given = this.sources.text([...this.path, ...keys, name], this.isNeeded);
      if (!given) continue;
      const value = new Secret(given.text);
      values[name] = value;
      if (given.isFromEnvironment) this.sources.secrets.push(value);
    }
    return values;
  }

  texts(...keys: Path): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.secrets(...keys)).map(([name, value]) => [name, value.reveal()]),
    );
  }

  /** The name of a store that the file knows. */
  store(...keys: Path): string {
    const name = this.text(...keys) ?? "";
    if (name !== "") this.stores.requireKnown(name, this.sources.place([...this.path, ...keys]));
    return name;
  }

  /** A shell line, exactly as it was written; or a program and its arguments with their variables replaced. */
  command(key: string, written: string | string[]): string | [string, ...string[]] {
    if (typeof written === "string") return written;
    const [file = "", ...args] = written.map((_, index) => this.text(key, index) ?? "");
    return [file, ...args];
  }

  /** A path of the file, which is relative to it. */
  inFolder(relative: string): string {
    return join(dirname(this.sources.filePath), relative);
  }

  problem(text: string, ...keys: Path): void {
    this.sources.problems.add(this.sources.place([...this.path, ...keys]), text);
  }
}
