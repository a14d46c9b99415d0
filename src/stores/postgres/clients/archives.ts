import type { RunContext } from "../../../run-context.ts";
import { findDebianArchive, readCodename } from "../../../sys/apt-sources.ts";
import type { DebianArchive } from "../../../sys/apt-sources.ts";
import {
  fetchDebianPackages,
  findUnpackedPackages,
  refreshUnpackedPackages,
} from "../../../sys/debian-packages.ts";
import type { DebianRoot, UnpackOptions } from "../../../sys/debian-packages.ts";
import type { Command } from "../../../sys/exec.ts";
import { PGDG_KEY } from "./pgdg-key.ts";
import { refuse } from "./source.ts";
import type { ClientSource, FoundClient } from "./source.ts";
import { describeTools } from "./tools.ts";
import type { PostgresProgram } from "./tools.ts";

/** Every major version for every Debian and Ubuntu release, kept by the PostgreSQL project. */
const PGDG_URI = "https://apt.postgresql.org/pub/repos/apt";

/** Which Debian release carries which client: one major a release. */
const DEBIAN_SUITES: Readonly<Record<number, string>> = { 15: "bookworm", 17: "trixie", 18: "forky" };

/** pg_wrapper and its Perl: the programs are called by their paths. */
const NOT_NEEDED = ["postgresql-client-common", "perl"];

/** How often the archive of a cached client is asked for a newer minor version, and how long that may take. */
const ASK_EVERY_MS = 7 * 24 * 3_600_000;
const ASK_LIMIT_MS = 60_000;

/** An archive that may hold the client of one major version; a refusal says why it does not. */
interface ClientArchive {
  name: string;
  hasEveryMajor: boolean;
  locate(major: number, context: RunContext): Promise<DebianArchive>;
}

const PGDG: ClientArchive = {
  name: "PGDG's apt archive",
  hasEveryMajor: true,
  async locate(_major, { postgresArchive }) {
    const codename = await readCodename();
    if (codename === undefined)
      throw refuse("It holds packages for Debian and Ubuntu, which this machine is not.");
    return {
      uri: postgresArchive?.uri ?? PGDG_URI,
      suite: `${codename}-pgdg`,
      components: ["main"],
      signedBy: postgresArchive?.keyring ?? PGDG_KEY,
      madeForThisMachine: true,
    };
  },
};

const DEBIAN: ClientArchive = {
  name: "Debian's archive",
  hasEveryMajor: false,
  async locate(major) {
    const suite = DEBIAN_SUITES[major];
    if (suite === undefined) throw refuse(`No release of Debian has PostgreSQL ${major}.`);
    return findDebianArchive(suite);
  },
};

const ARCHIVES = [PGDG, DEBIAN];

/** What an earlier run unpacked. A newer minor version takes its place when the archive has one. */
export const TOOL_CACHE: ClientSource = {
  name: "tool cache",
  hasEveryMajor: false,
  async find(major, context) {
    for (const archive of ARCHIVES) {
      const options = await unpackOptions(archive, major, context).catch(() => undefined);
      if (!options || !(await findUnpackedPackages(options))) continue;
      const root = await refreshUnpackedPackages(options, {
        clock: context.clock,
        everyMs: ASK_EVERY_MS,
        limitMs: ASK_LIMIT_MS,
      });
      return describeClient(root, major, context);
    }
    throw refuse(`Nothing of PostgreSQL ${major} lies in ${context.cacheDir}.`);
  },
};

/** The client, fetched from an apt archive and unpacked into the tool cache, without root. */
export const APT_ARCHIVES: readonly ClientSource[] = ARCHIVES.map((archive) => ({
  name: archive.name,
  hasEveryMajor: archive.hasEveryMajor,
  async find(major, context) {
    const root = await fetchDebianPackages(await unpackOptions(archive, major, context));
    return describeClient(root, major, context);
  },
}));

async function unpackOptions(
  archive: ClientArchive,
  major: number,
  context: RunContext,
): Promise<UnpackOptions> {
  const { signal, redactor, cacheDir, reporter, toolEnv } = context;
  return {
    packages: [`postgresql-client-${major}`],
    archive: await archive.locate(major, context),
    without: NOT_NEEDED,
    cacheDir,
    env: toolEnv,
    signal,
    redactor,
    report: (line) => reporter.info(line),
  };
}

async function describeClient(root: DebianRoot, major: number, context: RunContext): Promise<FoundClient> {
  const command = (program: PostgresProgram, args: readonly string[], env = {}): Command =>
    root.command(`usr/lib/postgresql/${major}/bin/${program}`, args, { ...context.toolEnv, ...env });
  const tools = await describeTools(command, major, context);
  if (!tools) throw refuse("The unpacked package holds another version.");
  return { tools, where: root.path };
}
