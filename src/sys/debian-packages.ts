import { copyFile, mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import type { DebianArchive } from "./apt-sources.ts";
import { runTool } from "./exec.ts";
import type { Command, ToolOptions } from "./exec.ts";
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

export interface UnpackOptions extends ToolOptions {
  packages: readonly string[];
  archive: DebianArchive;
  cacheDir: string;
  /** For apt and dpkg. */
  env: Readonly<Record<string, string>>;
  /** Told once, before a download starts. */
  report?: (line: string) => void;
}

/**
 * Fetches packages with everything they depend on and unpacks them into the cache, without root and without
 * touching the machine's own package database. apt checks the archive's signature. A second call, also from
 * another process, finds the folder whole or not at all.
 *
 * @throws AppError TOOL_MISSING when the packages cannot be fetched, CANCELLED
 */
export async function unpackDebianPackages(options: UnpackOptions): Promise<DebianRoot> {
  const { packages, archive, cacheDir, report } = options;
  const machine = requireMachine();
  const name = [archive.suite, machine.debian, ...packages].join("_");
  const parent = join(cacheDir, "debian");
  const path = join(parent, name);
  if (!(await isDirectory(path))) {
    report?.(`Fetching ${packages.join(", ")} (${archive.suite}) from ${archive.uri}`);
    await mkdir(parent, { recursive: true });
    const scratch = await Scratch.create(parent); // beside the final folder, so that a rename completes it
    try {
      await downloadPackages(scratch, options);
      await moveIntoPlace(await unpackAll(scratch, options), path);
    } catch (error) {
      throw explainFailure(error, options);
    } finally {
      await scratch.remove();
    }
  }
  return openRoot(path, archive);
}

/** Runs apt on a configuration of its own. The machine's is ignored, but for how to reach the network. */
async function downloadPackages(scratch: Scratch, options: UnpackOptions): Promise<void> {
  const { packages, archive, env } = options;
  for (const dir of ["state/lists/partial", "cache/archives/partial"]) {
    await mkdir(scratch.file(dir), { recursive: true });
  }
  const status = scratch.file("state/status");
  // A copy, because apt locks the folder of this file and the machine's belongs to root.
  if (archive.madeForThisMachine) await copyFile("/var/lib/dpkg/status", status);
  else await writeFile(status, "");
  const { uri, suite, components, signedBy } = archive;
  await writeFile(
    scratch.file("sources.list"),
    `deb [signed-by=${signedBy}] ${uri} ${suite} ${components.join(" ")}\n`,
  );
  const machineSettings = await runTool({ file: "apt-config", args: ["dump"], env }, options);
  const settings = [
    ...machineSettings.stdout.split("\n").filter((line) => /^Acquire::https?[: ]/i.test(line)),
    ...["main", "parts", "sourceparts", "preferences", "preferencesparts"].map(
      (file) => `Dir::Etc::${file} "/dev/null";`,
    ),
    `Dir::Etc::sourcelist "${scratch.file("sources.list")}";`,
    `Dir::State "${scratch.file("state")}";`,
    `Dir::State::status "${status}";`,
    `Dir::Cache "${scratch.file("cache")}";`,
    `Dir::Cache::pkgcache "";`, // 86 MB that only a second run would read
    `Dir::Cache::srcpkgcache "";`,
    `Acquire::Languages "none";`,
    `Acquire::Retries "3";`,
    `APT::Install-Recommends "false";`,
    // The unprivileged user that apt changes to when root could not read this private folder.
    `APT::Sandbox::User "root";`,
  ];
  await writeFile(scratch.file("apt.conf"), `${settings.join("\n")}\n`, { mode: 0o600 });
  const runApt = (...args: string[]): Promise<unknown> =>
    runTool({ file: "apt-get", args, env: { ...env, APT_CONFIG: scratch.file("apt.conf") } }, options);
  await runApt("--quiet", "--error-on=any", "update");
  // --reinstall: wanted here whether or not the machine has it installed.
  await runApt("--quiet", "--yes", "--download-only", "--reinstall", "install", "--", ...packages);
}

async function unpackAll(scratch: Scratch, options: UnpackOptions): Promise<string> {
  const archives = scratch.file("cache/archives");
  const files = (await readdir(archives)).filter((file) => file.endsWith(".deb"));
  if (files.length === 0) {
    throw new AppError("TOOL_MISSING", "apt found nothing to download.", {
      hint: "Check that the archive still holds the version that is installed on this machine.",
    });
  }
  const root = scratch.file("root");
  await mkdir(root);
  for (const file of files) {
    const args = ["--extract", join(archives, file), root];
    await runTool({ file: "dpkg", args, env: options.env }, options);
  }
  return root;
}

/** Renaming is atomic; when another process was quicker, its folder is as good as ours. */
async function moveIntoPlace(unpacked: string, path: string): Promise<void> {
  try {
    await rename(unpacked, path);
  } catch (error) {
    if (!(await isDirectory(path))) throw error;
  }
}

function openRoot(path: string, archive: DebianArchive): DebianRoot {
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
  return new AppError("TOOL_MISSING", `${what}. ${error.message}`, {
    hint: "Check that this machine reaches the archive, or install the packages on it.",
    cause: error,
  });
}

async function isDirectory(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isDirectory() ?? false;
}
