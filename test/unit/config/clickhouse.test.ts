import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config/config.ts";
import { AppError } from "../../../src/errors.ts";
import type { Secret } from "../../../src/sys/secret.ts";

function read(store: string, env: Record<string, string> = {}) {
  const file = {
    path: "lifeboat.yml",
    text: `destination: file:///backups\nstores:\n  clickhouse:\n    url: https://default:pw@ch.example\n${store}`,
  };
  return parseConfig({ shell: "cli", command: "backup", options: {}, env, file });
}

function readStore(store: string, env: Record<string, string> = {}) {
  const config = read(store, env);
  if (config.command !== "backup") throw new Error("a backup");
  return { config, store: config.stores[0]! };
}

function problemsOf(store: string): string {
  try {
    read(store);
  } catch (error) {
    if (error instanceof AppError) return error.message;
  }
  return "";
}

test("full-every is a duration", () => {
  expect(readStore("    full-every: 4w\n").store).toMatchObject({ fullEveryMs: 28 * 86_400_000 });
  expect(readStore("").store).not.toHaveProperty("fullEveryMs");
  expect(problemsOf("    full-every: often\n")).toContain("is no duration");
});

test("access is a choice of ClickHouse alone", () => {
  expect(readStore("    access: true\n").store).toMatchObject({ access: true });
  expect(readStore("    access: false\n").store).not.toHaveProperty("access");
  expect(problemsOf("    kind: postgres\n    access: true\n")).toContain(
    "stores.clickhouse.access means nothing for postgres",
  );
});

test("mode server takes a disk of the server, and bounds the chain by a week", () => {
  const { store } = readStore("    mode: server\n    server-destination: Disk('backups', '/shop/')\n");
  expect(store).toMatchObject({
    fullEveryMs: 7 * 86_400_000,
    serverMode: {
      destination: { engine: "Disk", disk: "backups", folder: "shop" },
      deadlineMs: 6 * 3_600_000,
    },
  });
});

test("mode server takes S3 with keys from the environment, which are masked", () => {
  const text =
    "    mode: server\n    server-destination: S3('https://b.example/shop/', '${ID}', '${KEY}')\n    server-deadline: 2h\n";
  const { config, store } = readStore(text, { ID: "AKID", KEY: "hidden" });
  expect(store).toMatchObject({
    serverMode: { destination: { engine: "S3", url: "https://b.example/shop" }, deadlineMs: 2 * 3_600_000 },
  });
  const revealed = config.secrets.map((secret: Secret) => secret.reveal());
  expect(revealed).toEqual(expect.arrayContaining(["AKID", "hidden"]));
  expect(JSON.stringify(store)).not.toContain("hidden");
});

test.each([
  ["    mode: server\n", "needs a server-destination"],
  ["    server-destination: Disk('x')\n", "means nothing without mode: server"],
  ["    mode: server\n    server-destination: File('x')\n", "is neither Disk('name', 'folder') nor S3("],
  ["    mode: server\n    server-destination: S3('https://x', 'half')\n", "is neither Disk("],
  ["    mode: server\n    server-destination: \"Disk('x'); DROP TABLE y\"\n", "is neither Disk("],
])("a mistake is told: %j", (text, problem) => {
  expect(problemsOf(text)).toContain(problem);
});
