import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const run = promisify(execFile);

describe("the check of a release", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "release-"));
    await mkdir(join(folder, "scripts"));
    for (const name of ["check-release.sh", "changelog-entry.sh"]) {
      await cp(join("scripts", name), join(folder, "scripts", name));
    }
    await writeFile(join(folder, "package.json"), JSON.stringify({ version: "1.2.3" }));
    await writeFile(
      join(folder, "CHANGELOG.md"),
      "# Changelog\n\n## Unreleased\n\n## 1.2.30 - 2026-12-01\n\n- Later.\n\n## 1.2.3 - 2026-11-20\n\n- Something.\n\n## 1.2.2 - 2026-10-01\n\n- Before.\n",
    );
    await git("init", "--quiet", "--initial-branch=main");
    await commit("first");
    await git("update-ref", "refs/remotes/origin/main", "main");
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test("a tag on main that package.json and the changelog speak of passes, and its notes are that entry", async () => {
    await git("tag", "v1.2.3");
    await run("bash", ["scripts/check-release.sh", "v1.2.3"], { cwd: folder });
    const { stdout } = await run("bash", ["scripts/changelog-entry.sh", "v1.2.3"], { cwd: folder });
    expect(stdout.trim()).toBe("- Something.");
  });

  test("every reason against a tag is named at once", async () => {
    await git("switch", "--quiet", "--create", "aside");
    await commit("second");
    await git("tag", "v2.0.0");
    const refused: unknown = await run("bash", ["scripts/check-release.sh", "v2.0.0"], { cwd: folder }).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({
      code: 1,
      stderr:
        "package.json says 1.2.3; the tag says 2.0.0.\n" +
        "CHANGELOG.md has no entry for 2.0.0.\n" +
        "v2.0.0 does not lie on main.\n",
    });
  });

  async function git(...args: string[]): Promise<void> {
    await run("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], { cwd: folder });
  }

  async function commit(message: string): Promise<void> {
    await git("commit", "--quiet", "--allow-empty", "--message", message);
  }
});
