import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  parseDeb822Sources,
  parseOneLineSources,
  findDebianArchive,
  readCodename,
} from "../../../src/sys/apt-sources.ts";
import { Scratch } from "../../../src/sys/scratch.ts";

describe("one-line sources", () => {
  test("options, comments and source packages are told apart", () => {
    const text = [
      "# deb http://old.example/debian buster main",
      "deb http://mirror.example/debian bookworm main contrib # the nearest",
      "deb-src http://mirror.example/debian bookworm main",
      "deb [arch=amd64 signed-by=/keys/vendor.gpg] https://vendor.example/debian stable main",
    ].join("\n");
    expect(parseOneLineSources(text)).toEqual([
      { uris: ["http://mirror.example/debian"], components: ["main", "contrib"] },
      { uris: ["https://vendor.example/debian"], components: ["main"], signedBy: "/keys/vendor.gpg" },
    ]);
  });
});

describe("deb822 sources", () => {
  test("a comment inside a stanza does not end it, and values go on over several lines", () => {
    const text = [
      "Types: deb deb-src",
      "# the snapshot that this was built from",
      "URIs: http://one.example/debian",
      " http://two.example/debian",
      "Suites: bookworm bookworm-updates",
      "Components: main",
      "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
    ].join("\n");
    expect(parseDeb822Sources(text)).toEqual([
      {
        uris: ["http://one.example/debian", "http://two.example/debian"],
        components: ["main"],
        signedBy: "/usr/share/keyrings/debian-archive-keyring.gpg",
      },
    ]);
  });

  test("a disabled stanza and one of source packages are left out", () => {
    const stanza = "URIs: http://one.example/debian\nSuites: bookworm\nComponents: main";
    const text = [`Types: deb\nEnabled: no\n${stanza}`, `Types: deb-src\n${stanza}`].join("\n\n");
    expect(parseDeb822Sources(text)).toEqual([]);
  });
});

describe("the machine's Debian archive", () => {
  let aptDir: Scratch;
  beforeEach(async () => {
    aptDir = await Scratch.create();
    await mkdir(aptDir.file("sources.list.d"));
  });
  afterEach(() => aptDir.remove());
  const writePart = (name: string, text: string): Promise<void> =>
    writeFile(join(aptDir.file("sources.list.d"), name), text);

  test("is found behind other vendors' archives and Debian's security archive", async () => {
    await writePart("a.list", "deb https://vendor.example/linux/debian bookworm stable\n");
    await writePart(
      "b.list",
      "deb [signed-by=/keys/vendor.gpg] https://vendor.example/debian bookworm main\n",
    );
    await writePart(
      "c.sources",
      "Types: deb\nURIs: http://near.example/debian-security\nSuites: bookworm-security\nComponents: main\n\n" +
        "Types: deb\nURIs: http://near.example/debian/\nSuites: bookworm\nComponents: main\n",
    );
    await expect(findDebianArchive("trixie", aptDir.path)).resolves.toEqual({
      uri: "http://near.example/debian/",
      suite: "trixie",
      components: ["main"],
      signedBy: "/usr/share/keyrings/debian-archive-keyring.gpg",
      madeForThisMachine: false,
    });
  });

  test("is Debian's own address, checked with the keys shipped here, on a machine of another distribution", async () => {
    await writePart("ubuntu.sources", "Types: deb\nURIs: http://near.example/ubuntu\nComponents: main\n");
    const archive = await findDebianArchive("trixie", aptDir.path);
    expect(archive).toMatchObject({ uri: "http://deb.debian.org/debian", suite: "trixie" });
    expect(archive.signedBy).toMatch(/^-----BEGIN PGP PUBLIC KEY BLOCK-----\n/);
  });
});

test.each([
  ['NAME="Ubuntu"\nVERSION_CODENAME=noble\nUBUNTU_CODENAME=noble\n', "noble"],
  ["VERSION_CODENAME=virginia\nUBUNTU_CODENAME=jammy\n", "jammy"],
  ['ID=lmde\nVERSION_CODENAME=faye\nDEBIAN_CODENAME="bookworm"\n', "bookworm"],
  ["ID=debian\nVERSION_CODENAME=bookworm\n", "bookworm"],
  ["ID=fedora\nVERSION_CODENAME=\n", undefined],
])("the code name in %j is %s", async (text, codename) => {
  await using folder = await Scratch.create();
  await writeFile(folder.file("os-release"), text);
  expect(await readCodename(folder.file("os-release"))).toBe(codename);
});

test("a machine without os-release has no code name", async () => {
  expect(await readCodename("/nonexistent/os-release")).toBeUndefined();
});
