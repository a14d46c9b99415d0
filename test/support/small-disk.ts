import { mkdir } from "node:fs/promises";
import { runTool, toolEnvironment } from "../../src/sys/exec.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Redactor } from "../../src/sys/secret.ts";

/** A disk of a given size, in memory. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string;
  readonly #scratch: Scratch;

  private constructor(scratch: Scratch) {
    this.#scratch = scratch;
    this.path = scratch.file("disk");
  }

  static async mount(sizeMib: number): Promise<SmallDisk> {
    const disk = new SmallDisk(await Scratch.create());
    await mkdir(disk.path);
    await runAsRoot("mount", "-t", "tmpfs", "-o", `size=${sizeMib}m,mode=0777`, "tmpfs", disk.path);
    return disk;
  }

  /** @param options - of mount(8), such as `ro` or `size=100m` */
  async remount(options: string): Promise<void> {
    await runAsRoot("mount", "-o", `remount,${options}`, this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runAsRoot("umount", this.path);
    await this.#scratch.remove();
  }
}

/** Mounting needs root: tests run as root, or as a user of sudo without password, as on GitHub's runners. */
async function runAsRoot(...command: string[]): Promise<void> {
  const [file = "", ...args] = process.getuid?.() === 0 ? command : ["sudo", "-n", ...command];
  const env = toolEnvironment(process.env);
  await runTool({ file, args, env }, { signal: new AbortController().signal, redactor: new Redactor() });
}
