import { createHash, randomBytes } from "node:crypto";
import {
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError, throwIfCancelled } from "../errors.ts";
import { Apt } from "./apt.ts";
import type { AptOptions } from "./apt.ts";
import type { DebianArchive } from "./apt-sources.ts";
import { withDeadline } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { runTool } from "./exec.ts";
import type { Command } from "./exec.ts";
import { Scratch } from "./scratch.ts";

/** Debian's names for the processors that Node runs on: of the package, of the library folder, of the loader. */
const MACHINES: Readonly<Record<string, { debian: string; triplet: string; loader: string }>> = {
  x64: { debian: "amd64", triplet: "x86_64-linux-gnu", loader: "ld-linux-x86-64.so.2" },
  arm64: { debian: "arm64", triplet: "aarch64-linux-gnu", loader: "ld-linux-aarch64.so.1" },
};

/** Packages and what they depend on, unpacked in one folder; nothing is installed on the machine. */
export interface DebianRoot {
  /** Holds `usr`, `etc` and so on. */
  readonly path: string;
  /**
   * How to call one of its programs.
   *
   * @param program - path below the root, such as `usr/bin/age`
   */
  command(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Command;
}

export interface UnpackOptions extends AptOptions {
  packages: readonly string[];
  cacheDir: string;
  /** Told once, before a download starts. */
  report?: (line: string) => void;
}

/** Of how old an answer of the archive is when it is asked again whether there is something newer. */
export interface Freshness {
  clock: Clock;
  /** Between two questions. */
  everyMs: number;
  /** How long asking and fetching may take; what is cached is used then. */
  limitMs: number;
}

/** Stands in each unpacked folder; its time of change is when the archive was last asked. */
const RECORD = "lifeboat-packages.json";
/** After a question that brought no answer. */
const ASK_AGAIN_MS = 24 * 3_600_000;

/**
 * Fetches packages with everything they depend on and unpacks them into the cache, without root and without
 * touching the machine's own package database. apt checks the archive's signature. A second call, also from
 * another process, finds the folder whole or not at all.
 *
 * @throws AppError TOOL_MISSING when the packages cannot be fetched, CANCELLED
 */
export async function unpackDebianPackages(options: UnpackOptions): Promise<DebianRoot> {
  return (await findUnpackedPackages(options)) ?? fetchDebianPackages(options);
}

/** The same, whatever the cache holds already. */
export async function fetchDebianPackages(options: UnpackOptions): Promise<DebianRoot> {
  const { packages, archive, report } = options;
  report?.(`Fetching ${packages.join(", ")} (${archive.suite}) from ${archive.uri}`);
  await fetchInto(linkPath(options), options);
  return openRoot(linkPath(options), archive);
}

/** The same packages as an earlier call, perhaps of an earlier run, unpacked them; undefined when none has. */
export async function findUnpackedPackages(options: UnpackOptions): Promise<DebianRoot | undefined> {
  const link = linkPath(options);
  return (await isDirectory(link)) ? openRoot(link, options.archive) : undefined;
}

/**
 * Puts newer packages in the place of cached ones, when the archive has some and was not asked lately. Whatever goes
 * wrong, what is cached stays and works.
 *
 * @throws AppError CANCELLED
 */
export async function refreshUnpackedPackages(
  options: UnpackOptions,
  { clock, everyMs, limitMs }: Freshness,
): Promise<DebianRoot> {
  const link = linkPath(options);
  const record = join(link, RECORD);
  const nowMs = clock.now().getTime();
  const askedMs = (await stat(record).catch(() => undefined))?.mtimeMs ?? 0;
  if (nowMs - askedMs >= everyMs) {
    const signal = withDeadline(options.signal, limitMs);
    let nextMs = nowMs;
    try {
      await fetchInto(link, { ...options, signal });
    } catch {
      throwIfCancelled(options.signal);
      nextMs = nowMs - everyMs + ASK_AGAIN_MS;
    }
    await utimes(record, nowMs / 1000, nextMs / 1000).catch(() => {}); // another run may have replaced the folder
  }
  return openRoot(link, options.archive);
}

/** Where the newest unpacked folder is found: a link, which is replaced whole. */
function linkPath({ archive, packages, without = [], cacheDir }: UnpackOptions): string {
  const name = [
    archive.suite,
    requireMachine().debian,
    ...packages,
    ...without.map((one) => `no-${one}`),
  ].join("_");
  return join(cacheDir, "apt", name);
}

/** Fetches and unpacks what the archive has today, unless the link leads to the same already. */
async function fetchInto(link: string, options: UnpackOptions): Promise<void> {
  await mkdir(dirname(link), { recursive: true });
  const scratch = await Scratch.create(dirname(link)); // beside the final folder, so that a rename completes it
  try {
    const apt = await Apt.open(scratch, options);
    const files = await apt.list(options.packages);
    if (files.length === 0) {
      throw new AppError("TOOL_MISSING", "apt found nothing to download.", {
        hint: "Check that the archive still holds the version that is installed on this machine.",
      });
    }
    if ((await readRecord(link)) === renderRecord(files)) return;
    const root = await unpackAll(scratch, await apt.download(options.packages), options);
    await writeFile(join(root, RECORD), renderRecord(files));
    await moveIntoPlace(root, link, files);
  } catch (error) {
    throw explainFailure(error, options);
  } finally {
    await scratch.remove();
  }
}

function renderRecord(files: readonly string[]): string {
  return `${JSON.stringify({ archives: files }, null, 2)}\n`;
}

async function readRecord(link: string): Promise<string | undefined> {
  return readFile(join(link, RECORD), "utf8").catch(() => undefined); // absent: nothing is cached
}

async function unpackAll(
  scratch: Scratch,
  archives: readonly string[],
  options: UnpackOptions,
): Promise<string> {
  const root = scratch.file("root");
  await mkdir(root);
  for (const file of archives) {
    await runTool({ file: "dpkg", args: ["--extract", file, root], env: options.env }, options);
  }
  return root;
}

/**
 * Renaming is atomic; when another process was quicker, its folder is as good as ours. What the link led to before
 * stays for those who use it; older ones go.
 */
async function moveIntoPlace(unpacked: string, link: string, files: readonly string[]): Promise<void> {
  const versions = createHash("sha256").update(files.join("\n")).digest("hex").slice(0, 12);
  const path = `${link}~${versions}`;
  try {
    await rename(unpacked, path);
  } catch (error) {
    if (!(await isDirectory(path))) throw error;
  }
  const before = await readlink(link).catch(() => undefined);
  const newLink = `${link}~${randomBytes(4).toString("hex")}.new`;
  await symlink(basename(path), newLink);
  await rename(newLink, link);
  const keep = [before, basename(path)];
  for (const name of await readdir(dirname(link))) {
    if (!name.startsWith(`${basename(link)}~`) || keep.includes(name) || name.endsWith(".new")) continue;
    await rm(join(dirname(link), name), { recursive: true, force: true });
  }
}

/** By the path of the folder itself: a link that is changed meanwhile must not mix two versions. */
async function openRoot(link: string, archive: DebianArchive): Promise<DebianRoot> {
  const path = await realpath(link);
  const { triplet, loader } = requireMachine();
  const libraries = join(path, "usr/lib", triplet);
  return {
    path,
    command(program, args, env = {}) {
      const file = join(path, program);
      if (archive.madeForThisMachine) return { file, args, env: { ...env, LD_LIBRARY_PATH: libraries } };
      // Its C library is newer than the machine's perhaps, and only the loader of the same build can load that.
      return { file: join(libraries, loader), args: ["--library-path", libraries, file, ...args], env };
    },
  };
}

function requireMachine(): { debian: string; triplet: string; loader: string } {
  const machine = process.platform === "linux" ? MACHINES[process.arch] : undefined;
  if (machine !== undefined) return machine;
  throw new AppError("TOOL_MISSING", `Debian has no packages for ${process.platform} on ${process.arch}.`, {
    hint: "Install the program with the machine's own package manager.",
  });
}

function explainFailure(error: unknown, { packages, archive }: UnpackOptions): unknown {
  if (!(error instanceof AppError) || error.code === "CANCELLED") return error;
  const what = `${packages.join(", ")} could not be fetched from ${archive.uri} (${archive.suite})`;
  return new AppError("TOOL_MISSING", `${what}: ${reasonOf(error.message)}`, {
    hint: "Check that this machine reaches the archive, or install the packages on it.",
    cause: error,
  });
}

/** What apt gives as its errors, in one line, and what it says of signatures; all of it where it gives none. */
function reasonOf(message: string): string {
  const lines = message.split("\n").map((line) => line.trim());
  const errors = lines.flatMap((line) => {
    const [, error] = /^(?:E: |W: (?=GPG error))(.*)/.exec(line) ?? [];
    return error === undefined || error.startsWith("Some index files failed")
      ? []
      : error.replace(/\s+/g, " ");
  });
  const reason = errors.length > 0 ? errors.join(" ") : lines.join(" ");
  return reason.endsWith(".") ? reason : `${reason}.`;
}

async function isDirectory(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isDirectory() ?? false;
}
