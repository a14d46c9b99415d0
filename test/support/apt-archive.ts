import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { runTool, toolEnvironment } from "../../src/sys/exec.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Redactor } from "../../src/sys/secret.ts";

const env = toolEnvironment(process.env);
const toolOptions = { signal: new AbortController().signal, redactor: new Redactor() };

/** An apt archive of given packages on 127.0.0.1, signed with a key made for it. */
export class AptArchive implements AsyncDisposable {
  /** As apt takes it. */
  readonly uri: string;
  readonly suite: string;
  readonly #scratch: Scratch;
  readonly #end: () => Promise<void>;

  private constructor(uri: string, suite: string, scratch: Scratch, end: () => Promise<void>) {
    this.uri = uri;
    this.suite = suite;
    this.#scratch = scratch;
    this.#end = end;
  }

  /** @param packages - paths of .deb files */
  static async serve(suite: string, packages: readonly string[]): Promise<AptArchive> {
    const scratch = await Scratch.create();
    const root = scratch.file("www");
    await mkdir(join(root, "pool"), { recursive: true });
    await mkdir(scratch.file("gnupg"), { mode: 0o700 });
    const server = createServer((request, response) => {
      const path = join(root, decodeURIComponent(new URL(request.url ?? "/", "http://archive").pathname));
      readFile(path).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const end = async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const archive = new AptArchive(uri, suite, scratch, end);
    await archive.#gpg("--quick-generate-key", "archive@example.test", "ed25519", "sign", "never");
    await archive.#gpg("--output", archive.keyring, "--export");
    await archive.publish(packages);
    return archive;
  }

  /** Path of the key that the archive is signed with. */
  get keyring(): string {
    return this.#scratch.file("archive.gpg");
  }

  /** Replaces all packages, and signs the new lists. */
  async publish(packages: readonly string[]): Promise<void> {
    const pool = this.#scratch.file("www/pool");
    for (const name of await readdir(pool)) await rm(join(pool, name));
    const entries: string[] = [];
    for (const file of packages) {
      const name = file.split("/").at(-1)!;
      await copyFile(file, join(pool, name));
      const { stdout } = await runTool({ file: "dpkg-deb", args: ["--field", file], env }, toolOptions);
      const { size } = await stat(file);
      entries.push(
        `${stdout.trimEnd()}\nFilename: pool/${name}\nSize: ${size}\nSHA256: ${await hashFile(file)}\n`,
      );
    }
    const list = entries.join("\n");
    const { stdout: architecture } = await runTool(
      { file: "dpkg", args: ["--print-architecture"], env },
      toolOptions,
    );
    const path = `main/binary-${architecture.trim()}/Packages`;
    const dist = this.#dist();
    await mkdir(join(dist, path, ".."), { recursive: true });
    await writeFile(join(dist, path), list);
    const release =
      `Origin: test\nSuite: ${this.suite}\nCodename: ${this.suite}\nComponents: main\n` +
      `Architectures: ${architecture.trim()}\nDate: ${new Date().toUTCString()}\nSHA256:\n` +
      ` ${createHash("sha256").update(list).digest("hex")} ${Buffer.byteLength(list)} ${path}\n`;
    await writeFile(join(dist, "Release"), release);
    await rm(join(dist, "InRelease"), { force: true });
    await this.#gpg("--clearsign", "--output", join(dist, "InRelease"), join(dist, "Release"));
  }

  /** Flips one byte in the middle of a package. */
  async damagePackage(beginsWith: string): Promise<void> {
    const pool = this.#scratch.file("www/pool");
    const name = (await readdir(pool)).find((candidate) => candidate.startsWith(beginsWith))!;
    const bytes = await readFile(join(pool, name));
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = bytes[middle]! ^ 1;
    await writeFile(join(pool, name), bytes);
  }

  /** Changes what was signed, and leaves the signature as it is. */
  async forgeRelease(): Promise<void> {
    const path = join(this.#dist(), "InRelease");
    await writeFile(path, (await readFile(path, "utf8")).replace("Origin: test", "Origin: else"));
  }

  async dropSignature(): Promise<void> {
    await rm(join(this.#dist(), "InRelease"));
  }

  /** Answers no more. */
  async goAway(): Promise<void> {
    await this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    await this.#scratch.remove();
  }

  #dist(): string {
    return join(this.#scratch.file("www/dists"), this.suite);
  }

  async #gpg(...args: string[]): Promise<void> {
    const common = ["--homedir", this.#scratch.file("gnupg"), "--batch", "--yes", "--passphrase", ""];
    const command = {
      file: "gpg",
      args: ["--quiet", "--pinentry-mode", "loopback", ...common, ...args],
      env,
    };
    await runTool(command, toolOptions);
  }
}

/** The same package under a later version, as an archive has it after a minor release. */
export async function raiseVersion(deb: string, version: string, folder: string): Promise<string> {
  const unpacked = join(folder, "unpacked");
  const raised = join(folder, `${deb.split("/").at(-1)!.split("_")[0]}_${version}_raised.deb`);
  const run = (file: string, args: string[]) => runTool({ file, args, env }, toolOptions);
  await run("dpkg-deb", ["--raw-extract", deb, unpacked]);
  const control = join(unpacked, "DEBIAN/control");
  const text = await readFile(control, "utf8");
  await writeFile(control, text.replace(/^Version: .*$/m, `Version: ${version}`));
  await run("dpkg-deb", ["--build", "-Znone", "--root-owner-group", unpacked, raised]);
  await rm(unpacked, { recursive: true });
  return raised;
}

async function hashFile(file: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
}
