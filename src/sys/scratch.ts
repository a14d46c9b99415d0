import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const SCRATCH_PREFIX = "lifeboat-scratch-";

/**
 * A private temporary directory (mode 0700) that is removed again. Its name starts with SCRATCH_PREFIX, so that
 * the Action's post step can find what a killed run left.
 */
export class Scratch implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @param parent - where to create it; the system's temporary directory by default */
  static async create(parent: string = tmpdir()): Promise<Scratch> {
    return new Scratch(await mkdtemp(join(parent, SCRATCH_PREFIX)));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}
