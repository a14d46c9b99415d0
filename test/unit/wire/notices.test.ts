import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Command } from "../../../src/config/options.ts";
import type { RunResult } from "../../../src/commands/result.ts";
import type { Notice } from "../../../src/notify/notice.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { run } from "../../../src/wire/run.ts";
import { openNoticeBoard } from "../../support/notice-board.ts";
import type { NoticeBoard } from "../../support/notice-board.ts";
import { startTestRun } from "../../support/run-context.ts";
import type { TestRun } from "../../support/run-context.ts";
import { parseAs } from "../config/raw-input.ts";

const YAML = `name: shop
notify:
  - webhook: \${BOARD}/webhook
    on: always
  - slack: \${BOARD}/slack
    on: change
  - heartbeat: \${BOARD}/ping
    commands: [status, verify]
  - discord: \${NOT_SET}
`;

let board: NoticeBoard;
let scratch: Scratch;
let told: TestRun;
beforeEach(async () => {
  [board, scratch] = await Promise.all([openNoticeBoard(), Scratch.create()]);
  told = startTestRun();
});
afterEach(async () => {
  await board[Symbol.asyncDispose]();
  await scratch.remove();
});

async function runAs(command: Command, address = board.url): Promise<RunResult> {
  const options = { destination: pathToFileURL(scratch.path).href };
  const config = parseAs(command, { yaml: YAML, options, env: { BOARD: address } });
  return await run(config, { ...told, env: {} });
}

const paths = (): string[] => board.received.map(({ path }) => path).sort();

test("a run tells everybody whom the file names; the next one like it is no news", async () => {
  const result = await runAs("status");
  expect(result).toMatchObject({ command: "status", verdict: "bad" });
  expect(paths()).toEqual(["/ping/fail", "/ping/start", "/slack", "/webhook"]);
  expect(told.lines).toContain("notify[3] (discord) gets no notice of this run: NOT_SET is not set.");
  const kept = await readFile(join(scratch.path, "shop/outcomes/status.json"), "utf8");
  expect(JSON.parse(kept)).toMatchObject({ command: "status", state: "bad" });

  board.received.length = 0;
  await runAs("status");
  expect(paths()).toEqual(["/ping/fail", "/ping/start", "/webhook"]);
});

test("a run that ends in an error tells it, and ends in that error", async () => {
  await expect(runAs("verify")).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
  const { body } = board.received.find(({ path }) => path === "/webhook")!;
  expect(JSON.parse(body) as Notice).toMatchObject({
    name: "shop",
    command: "verify",
    state: "bad",
    problems: [{ key: "run", code: "BACKUP_NOT_FOUND" }],
  });
});

test("a command that only shows something is nobody's news", async () => {
  await runAs("list");
  expect(board.received).toEqual([]);
});

test("services that refuse change no result", async () => {
  await using refusing = await openNoticeBoard(...Array.from({ length: 4 }, () => ({ status: 404 })));
  expect(await runAs("status", refusing.url)).toMatchObject({ verdict: "bad" });
  expect(
    told.lines.filter((line) => line.endsWith("got no notice of this run: it answered HTTP 404.")),
  ).toHaveLength(4);
});
