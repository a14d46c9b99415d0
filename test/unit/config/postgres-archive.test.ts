import { expect, test } from "vitest";
import { parseAs, readProblems } from "./raw-input.ts";

const OPTIONS = { destination: "file:///backups", "postgres-url": "postgres://u:pw@h/d" };
const YAML = "postgres-archive: { url: https://mirror.example/pgdg, keyring: /etc/keys/pgdg.gpg }\n";

test("the archive of Postgres clients comes from the option, its variable or the file", () => {
  const read = (given: Partial<Parameters<typeof parseAs>[1]>) =>
    parseAs("backup", { options: OPTIONS, ...given }).postgresArchive;
  expect(read({})).toBeUndefined();
  expect(read({ yaml: YAML })).toEqual({ uri: "https://mirror.example/pgdg", keyring: "/etc/keys/pgdg.gpg" });
  expect(read({ env: { LIFEBOAT_POSTGRES_ARCHIVE: "http://near.example/apt" } })).toEqual({
    uri: "http://near.example/apt",
  });
  const options = { ...OPTIONS, "postgres-archive": "https://other.example/apt" };
  expect(read({ options, yaml: YAML })).toEqual({ uri: "https://other.example/apt" });
});

test("an archive with a password in its address, or keys without an archive, are problems", () => {
  const options = { ...OPTIONS, "postgres-archive": "https://u:pw@mirror.example/apt" };
  expect(readProblems({ options })).toMatchInlineSnapshot(`
    "The configuration has a problem:
      --postgres-archive is no address of an archive. Write https://host/path, without user and password (apt reads those from auth.conf)."
  `);
  const keyring = { ...OPTIONS, "postgres-archive-keyring": "keys.gpg" };
  expect(readProblems({ options: keyring })).toMatchInlineSnapshot(`
    "The configuration has 2 problems:
      --postgres-archive-keyring is no absolute path. Write /path/to/keys.gpg.
      --postgres-archive-keyring signs no archive. Give the option postgres-archive with it."
  `);
});
