import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DEBIAN_KEYS } from "./debian-keys.ts";

/** The keyring that every Debian machine carries (package debian-archive-keyring). */
const DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
/** What machines of other distributions fetch from: a name for many mirrors. */
const DEBIAN_URI = "http://deb.debian.org/debian";

/** One suite of an apt archive, and the keys that its signature is checked with. */
export interface DebianArchive {
  uri: string;
  suite: string;
  components: readonly string[];
  /** Path of the keyring, or the keys themselves, armoured. */
  signedBy: string;
  /**
   * Whether its packages are made for this machine's own release. Then what is installed counts as present, and
   * the programs run with the machine's own loader; else everything is fetched, the C library included.
   */
  madeForThisMachine: boolean;
}

/** One entry of the machine's apt configuration, as far as it matters here. */
export interface AptSource {
  uris: string[];
  components: string[];
  /** Path of a keyring; an inline key counts as none of ours and is kept as its first line. */
  signedBy?: string;
}

/**
 * Names a suite of Debian's archive: at the address that this machine's own apt uses, or else at Debian's. The
 * signature is checked wherever it comes from.
 *
 * @param suite - a release by its code name, such as `trixie`
 * @param aptDir - where apt keeps its configuration
 */
export async function findDebianArchive(suite: string, aptDir = "/etc/apt"): Promise<DebianArchive> {
  const debian = (await readAptSources(aptDir)).find(isDebianArchive);
  const uri = debian?.uris.find(hasDebianPath);
  const common = { suite, components: ["main"], madeForThisMachine: false };
  if (debian === undefined || uri === undefined) return { ...common, uri: DEBIAN_URI, signedBy: DEBIAN_KEYS };
  return { ...common, uri, signedBy: debian.signedBy ?? DEBIAN_KEYRING };
}

/**
 * The code name of this machine's release, by which archives name what is made for it: `noble`, `bookworm`.
 * Undefined where the machine has none; a derivative gives that of the release it is made from.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/os-release.html
 */
export async function readCodename(file = "/etc/os-release"): Promise<string | undefined> {
  const text = await readFile(file, "utf8").catch(() => ""); // no such file: not a distribution of that kind
  const fields = new Map<string, string>();
  for (const [, name = "", value = ""] of text.matchAll(/^(\w+)=["']?([^"'\n]*)["']?$/gm)) {
    fields.set(name, value);
  }
  return (
    fields.get("UBUNTU_CODENAME") ||
    fields.get("DEBIAN_CODENAME") ||
    fields.get("VERSION_CODENAME") ||
    undefined
  );
}

/**
 * Reads the one-line format (`deb [options] uri suite component …`).
 *
 * @see https://manpages.debian.org/bookworm/apt/sources.list.5.en.html
 */
export function parseOneLineSources(text: string): AptSource[] {
  return text.split("\n").flatMap((line) => {
    const entry = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?([^\s#]+)\s+[^\s#]+([^#]*)/.exec(line);
    if (entry === null) return [];
    const [, options = "", uri = "", components = ""] = entry;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    return [{ uris: [uri], components: splitWords(components), ...(signedBy && { signedBy }) }];
  });
}

/**
 * Reads the deb822 format: stanzas of `Field: value`, where a line that begins with a blank continues the value.
 *
 * @see https://manpages.debian.org/bookworm/apt/sources.list.5.en.html
 */
export function parseDeb822Sources(text: string): AptSource[] {
  const withoutComments = text.replace(/^#.*\n?/gm, "");
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    for (const field of stanza.split(/\n(?=\S)/)) {
      const [, name, value] = /^\s*([\w-]+):([^]*)$/.exec(field) ?? [];
      if (name !== undefined && value !== undefined) fields.set(name.toLowerCase(), value.trim());
    }
    const words = (name: string): string[] => splitWords(fields.get(name) ?? "");
    if (!words("types").includes("deb") || /^(no|false|off|0)$/i.test(fields.get("enabled") ?? "")) return [];
    const signedBy = fields.get("signed-by")?.split("\n")[0];
    return [{ uris: words("uris"), components: words("components"), ...(signedBy && { signedBy }) }];
  });
}

async function readAptSources(aptDir: string): Promise<AptSource[]> {
  const partsDir = join(aptDir, "sources.list.d");
  const parts = await readdir(partsDir).catch(() => []); // no such folder is an ordinary state of apt
  const files = [join(aptDir, "sources.list"), ...parts.sort().map((name) => join(partsDir, name))];
  const sources: AptSource[] = [];
  for (const file of files) {
    if (!/\.(list|sources)$/.test(file)) continue;
    const text = await readFile(file, "utf8").catch(() => ""); // absent, or not ours to read
    sources.push(...(file.endsWith(".list") ? parseOneLineSources(text) : parseDeb822Sources(text)));
  }
  return sources;
}

/** Other vendors end their addresses in `/debian` too: Debian's own has `main`, and its keyring or none named. */
function isDebianArchive(source: AptSource): boolean {
  const { uris, components, signedBy } = source;
  const hasDebianKeys = signedBy === undefined || /\/debian-archive-[^/]*$/.test(signedBy);
  return uris.some(hasDebianPath) && components.includes("main") && hasDebianKeys;
}

function hasDebianPath(uri: string): boolean {
  return /^https?:\/\/.*\/debian\/?$/.test(uri);
}

function splitWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
