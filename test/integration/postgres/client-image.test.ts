import { chmod, mkdir, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DOCKER_IMAGE, imageCommand } from "../../../src/stores/postgres/clients/image.ts";
import { runTool, toolEnvironment } from "../../../src/sys/exec.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { startToolRun } from "../../support/postgres-databases.ts";

let scratch: Scratch;
beforeEach(async () => {
  scratch = await Scratch.create();
  await mkdir(scratch.file("bin"));
});
afterEach(() => scratch.remove());

/**
 * No container engine runs where these tests do. This program stands in for docker: it answers as docker does, writes
 * down how it was called, and runs the program that is asked for with the variables it was given by name, and no others.
 */
async function standInForDocker(pgDump: string): Promise<Record<string, string>> {
  const program = `#!/bin/bash
printf '%s\\n' "$*" >> '${scratch.file("calls")}'
case "$1" in
  version) echo 28.0.4 ;;
  image) exit 1 ;;
  pull) [[ "$3" == postgres:17 ]] ;;
  run)
    shift; passed=()
    while [[ "$1" == --* ]]; do
      [[ "$1" == --env=* ]] && { name="\${1#--env=}"; passed+=("$name=\${!name}"); }
      shift
    done
    shift # the image
    exec env -i "\${passed[@]}" PATH='${scratch.file("image")}' "$@" ;;
esac
`;
  await mkdir(scratch.file("image"));
  await writeFile(scratch.file("image/pg_dump"), pgDump);
  for (const other of ["pg_restore", "psql"]) {
    await writeFile(scratch.file(`image/${other}`), `#!/bin/bash\necho '${other} (PostgreSQL) 17.10'\n`);
  }
  await writeFile(scratch.file("bin/docker"), program);
  for (const file of ["bin/docker", "image/pg_dump", "image/pg_restore", "image/psql"]) {
    await chmod(scratch.file(file), 0o755);
  }
  return { ...toolEnvironment(process.env), PATH: `${scratch.file("bin")}:/usr/bin:/bin` };
}

const SAYS_ITS_VERSION = `#!/bin/bash
[[ "$1" == --version ]] && { echo 'pg_dump (PostgreSQL) 17.10'; exit; }
echo "$PGPASSWORD $UNNAMED"; read -r line; echo "read $line"
`;

test("the image's programs get their variables by name, their files at the same paths, and what is streamed", async () => {
  const toolEnv = await standInForDocker(SAYS_ITS_VERSION);
  const run = { ...startToolRun(), toolEnv: { ...toolEnv, UNNAMED: "not passed" } };
  const { tools, where } = await DOCKER_IMAGE.find(17, run);
  expect(where).toBe("the image postgres:17");
  expect(tools.version).toBe("pg_dump (PostgreSQL) 17.10");
  expect(run.lines).toEqual(["Pulling the image postgres:17"]);

  const command = tools.command("pg_dump", ["--file=-"], { PGPASSWORD: "pa55word" });
  const { stdout } = await runTool(command, { ...run, stdin: "a line\n" });
  expect(stdout).toBe("pa55word \nread a line\n");
});

test("an image of another version than its name says is refused", async () => {
  const toolEnv = await standInForDocker("#!/bin/bash\necho 'pg_dump (PostgreSQL) 16.1'\n");
  await expect(DOCKER_IMAGE.find(17, { ...startToolRun(), toolEnv })).rejects.toMatchObject({
    message: "The image postgres:17 holds another version.",
  });
});

test("a machine without docker has no image", async () => {
  const run = { ...startToolRun(), toolEnv: { PATH: scratch.file("bin") } };
  await expect(DOCKER_IMAGE.find(17, run)).rejects.toMatchObject({
    message: "No container engine answers to docker.",
  });
});

test("the command holds no secret, and mounts what it is given paths of and nothing else", async () => {
  await writeFile(scratch.file("app.dump"), "");
  const { file, args, env } = imageCommand(
    "postgres:16",
    "pg_restore",
    ["--jobs=2", `--use-list=${scratch.file("bin")}/list`, scratch.file("app.dump")],
    { PGPASSWORD: "pa55word", PGHOST: "127.0.0.1", PGPASSFILE: "/dev/null" },
    { PATH: "/usr/bin" },
  );
  expect({ file, env }).toEqual({
    file: "docker",
    env: { PATH: "/usr/bin", PGPASSWORD: "pa55word", PGHOST: "127.0.0.1", PGPASSFILE: "/dev/null" },
  });
  expect(args.join("\n")).not.toContain("pa55word");
  const user = `--user=${process.getuid!()}:${process.getgid!()}`;
  expect(args).toEqual([
    ...["run", "--rm", "--interactive", "--init", "--network=host", user],
    ...[`--volume=${scratch.file("bin")}:${scratch.file("bin")}`, `--volume=${scratch.path}:${scratch.path}`],
    ...["--env=PGPASSWORD", "--env=PGHOST", "--env=PGPASSFILE", "postgres:16", "pg_restore"],
    ...["--jobs=2", `--use-list=${scratch.file("bin")}/list`, scratch.file("app.dump")],
  ]);
});
