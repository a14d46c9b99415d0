import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const LOOK_EVERY_MS = 10;

/** Watches a process and all it starts, at whatever remove: what they are called with, and whether they end. */
export class ProcessWatch implements Disposable {
  /** The command line of every descendant that was seen, by pid. */
  readonly descendants = new Map<number, string>();
  readonly #pid: number;
  #isOver = false;

  constructor(pid: number) {
    this.#pid = pid;
    void this.#watch();
  }

  /** The command lines of the descendants that still run. */
  listAlive(): string[] {
    return [...this.descendants].flatMap(([pid, seen]) =>
      readCommandLine(pid) === seen ? [`${pid} ${seen}`] : [],
    );
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      for (const pid of listDescendants(this.#pid)) {
        const commandLine = readCommandLine(pid);
        // Between fork and exec a child bears its parent's.
        if (commandLine !== undefined) this.descendants.set(pid, commandLine);
      }
      await delay(LOOK_EVERY_MS);
    }
  }
}

/** Everything that a process has started, at whatever remove, and that has not ended. */
export function listDescendants(pid: number): number[] {
  const children = listChildren(pid);
  return [...children, ...children.flatMap(listDescendants)];
}

/** The programs that a process itself has started and that have not ended. */
export function listPrograms(pid: number): { pid: number; commandLine: string }[] {
  return listChildren(pid).flatMap((child) => {
    const commandLine = readCommandLine(child);
    return commandLine === undefined ? [] : [{ pid: child, commandLine }];
  });
}

function listChildren(pid: number): number[] {
  return listThreads(pid).flatMap((thread) => {
    const text = read(`/proc/${pid}/task/${thread}/children`) ?? "";
    return text.split(" ").filter(Boolean).map(Number);
  });
}

function listThreads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // ended meanwhile
  }
}

/** Undefined for a process that has ended, whether or not its parent has taken notice. */
export function readCommandLine(pid: number): string | undefined {
  return read(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ").trim() || undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
