import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DebianArchive } from "./apt-sources.ts";
import { runTool } from "./exec.ts";
import type { ToolOptions } from "./exec.ts";
import type { Scratch } from "./scratch.ts";

export interface AptOptions extends ToolOptions {
  archive: DebianArchive;
  /** Packages that count as installed whatever is: what the wanted ones ask for and do not need here. */
  without?: readonly string[];
  /** For apt and dpkg. */
  env: Readonly<Record<string, string>>;
}

/** What the machine has installed, as dpkg knows it. */
const DPKG_STATUS = "/var/lib/dpkg/status";

/** How to reach the network, and whether this machine takes mirrors that are behind. */
const FROM_THE_MACHINE = /^Acquire::(https?[: ]|Check-Valid-Until |Check-Date )/i;

/**
 * An apt with a state, a cache and a configuration of its own, which knows one archive. The machine's are ignored,
 * but for a few settings; nothing of them is changed, and no right of root is needed.
 */
export class Apt {
  readonly #scratch: Scratch;
  readonly #options: AptOptions;

  private constructor(scratch: Scratch, options: AptOptions) {
    this.#scratch = scratch;
    this.#options = options;
  }

  /**
   * Fetches the lists of the archive; apt checks its signature.
   *
   * @param scratch - holds everything of this apt
   * @throws AppError TOOL_MISSING, TOOL_FAILED, CANCELLED
   */
  static async open(scratch: Scratch, options: AptOptions): Promise<Apt> {
    const apt = new Apt(scratch, options);
    await apt.#configure();
    await apt.#run("--error-on=any", "update");
    return apt;
  }

  /** Names of the archive files that hold the packages and what they depend on; they name the versions. */
  async list(packages: readonly string[]): Promise<string[]> {
    const printed = await this.#install("--print-uris", packages);
    return [...printed.matchAll(/^'[^']+' (\S+\.deb) /gm)].map(([, name = ""]) => name).sort();
  }

  /** Fetches the same files, checked against what the archive says of them. Returns their paths. */
  async download(packages: readonly string[]): Promise<string[]> {
    await this.#install("--yes", packages);
    const folder = this.#scratch.file("cache/archives");
    const names = (await readdir(folder)).filter((name) => name.endsWith(".deb"));
    return names.sort().map((name) => join(folder, name));
  }

  /** --reinstall: wanted here whether or not the machine has it installed. */
  #install(how: string, packages: readonly string[]): Promise<string> {
    return this.#run(how, "--download-only", "--reinstall", "install", "--", ...packages);
  }

  async #run(...args: string[]): Promise<string> {
    const env = { ...this.#options.env, APT_CONFIG: this.#scratch.file("apt.conf"), LC_ALL: "C.UTF-8" };
    return (await runTool({ file: "apt-get", args: ["--quiet", ...args], env }, this.#options)).stdout;
  }

  async #configure(): Promise<void> {
    const { env } = this.#options;
    for (const dir of ["state/lists/partial", "cache/archives/partial"]) {
      await mkdir(this.#scratch.file(dir), { recursive: true });
    }
    await this.#writeStatus();
    await this.#writeSource();
    const machine = await runTool({ file: "apt-config", args: ["dump"], env }, this.#options);
    const settings = [
      ...machine.stdout.split("\n").filter((line) => FROM_THE_MACHINE.test(line)),
      ...["main", "parts", "sourceparts", "preferences", "preferencesparts"].map(
        (file) => `Dir::Etc::${file} "/dev/null";`,
      ),
      `Dir::Etc::sourcelist "${this.#scratch.file("sources.list")}";`,
      `Dir::State "${this.#scratch.file("state")}";`,
      `Dir::State::status "${this.#scratch.file("state/status")}";`,
      `Dir::Cache "${this.#scratch.file("cache")}";`,
      `Dir::Cache::pkgcache "";`, // 86 MB that only a second run would read
      `Dir::Cache::srcpkgcache "";`,
      `Acquire::Languages "none";`,
      `Acquire::Retries "2";`, // after 1 and 2 s
      `Acquire::http::Timeout "20";`,
      `Acquire::https::Timeout "20";`,
      `Acquire::AllowInsecureRepositories "false";`,
      `APT::Get::AllowUnauthenticated "false";`,
      `APT::Install-Recommends "false";`,
      // The unprivileged user that apt changes to when root could not read this private folder.
      `APT::Sandbox::User "root";`,
    ];
    await writeFile(this.#scratch.file("apt.conf"), `${settings.join("\n")}\n`, { mode: 0o600 });
  }

  /** A copy, because apt locks the folder of this file and the machine's belongs to root. */
  async #writeStatus(): Promise<void> {
    const { archive, without = [] } = this.#options;
    const entries = archive.madeForThisMachine ? (await readFile(DPKG_STATUS, "utf8")).split("\n\n") : [];
    const nameOf = (entry: string): string => /^Package: (\S+)/m.exec(entry)?.[1] ?? "";
    const isInstalled = (entry: string): boolean => /^Status: install ok installed$/m.test(entry);
    const present = new Set(entries.filter(isInstalled).map(nameOf));
    // What is there stays as it is: others that are there may ask for its exact version.
    const absent = without.filter((name) => !present.has(name));
    const kept = entries.filter((entry) => !absent.includes(nameOf(entry)));
    const assumed = absent.map(
      (name) =>
        `Package: ${name}\nStatus: install ok installed\nArchitecture: all\nMulti-Arch: foreign\nVersion: 9999\n` +
        "Maintainer: none\nDescription: not needed here\n",
    );
    await writeFile(this.#scratch.file("state/status"), [...kept, ...assumed].join("\n\n"));
  }

  async #writeSource(): Promise<void> {
    const { uri, suite, components, signedBy } = this.#options.archive;
    const isArmoured = signedBy.startsWith("-----BEGIN PGP");
    const keyring = isArmoured ? this.#scratch.file("keys.asc") : signedBy;
    if (isArmoured) await writeFile(keyring, signedBy);
    const source = `deb [signed-by=${keyring}] ${uri} ${suite} ${components.join(" ")}\n`;
    await writeFile(this.#scratch.file("sources.list"), source, { mode: 0o600 });
  }
}
