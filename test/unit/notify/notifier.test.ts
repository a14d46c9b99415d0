import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LastOutcome } from "../../../src/backup/last-outcome.ts";
import { AppError } from "../../../src/errors.ts";
import type { Channel, NoticeChannel } from "../../../src/notify/channel.ts";
import type { Notice } from "../../../src/notify/notice.ts";
import { Notifier } from "../../../src/notify/notifier.ts";
import type { Memory } from "../../../src/notify/notifier.ts";
import type { Outcome } from "../../../src/report/outcome.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { findFreeAddress } from "../../support/http-server.ts";
import { openNoticeBoard } from "../../support/notice-board.ts";
import type { NoticeBoard } from "../../support/notice-board.ts";
import { startTestRun } from "../../support/run-context.ts";
import type { TestRun } from "../../support/run-context.ts";

const GOOD: Outcome = {
  command: "backup",
  state: "good",
  title: "Backup 20261120T021704Z-7f3a is complete",
  problems: [],
  backupId: "20261120T021704Z-7f3a",
  sizeBytes: 42_000_000,
  seconds: 90,
};
const BAD: Outcome = {
  command: "backup",
  state: "bad",
  title: "backup: The server refused the login.",
  problems: [
    {
      key: "run",
      state: "bad",
      code: "STORE_LOGIN_REFUSED",
      title: "The server refused the login.",
      detail: "user <!channel> @everyone\nsaid: planted-password",
      hint: "Mend **it** & try again.",
    },
  ],
};

let board: NoticeBoard;
let run: TestRun;
beforeEach(async () => {
  board = await openNoticeBoard();
  run = startTestRun();
  run.redactor.add(new Secret("planted-password"));
});
afterEach(() => board[Symbol.asyncDispose]());

function channelOf(kind: NoticeChannel["kind"], more: object = {}): Channel {
  const url = new Secret(`${board.url}/hooks/planted-path`);
  return { label: `notify[0] (${kind})`, commands: ["backup"], on: "always", kind, url, ...more } as Channel;
}

const FORGETFUL: Memory = { read: async () => undefined, write: async () => {} };

async function tell(
  channels: Channel[],
  outcome: Outcome,
  { memory = FORGETFUL, isCancelled = false } = {},
): Promise<void> {
  const notifier = new Notifier(
    {
      name: "shop",
      command: "backup",
      channels,
      memory,
      isCancelled: () => isCancelled,
      runUrl: "https://github.com/acme/shop/actions/runs/1",
    },
    run,
  );
  notifier.begin();
  await notifier.end(outcome);
}

function bodyOf<T>(index = 0): T {
  return JSON.parse(board.received[index]!.body) as T;
}

describe("a notice", () => {
  test("to Slack says what is wrong first, and calls nobody", async () => {
    await tell([channelOf("slack")], BAD);
    expect(board.received[0]).toMatchObject({ method: "POST", path: "/hooks/planted-path" });
    expect(bodyOf()).toMatchInlineSnapshot(`
      {
        "blocks": [
          {
            "text": {
              "text": "*❌ shop: backup: The server refused the login.*",
              "type": "mrkdwn",
            },
            "type": "section",
          },
          {
            "text": {
              "text": "user &lt;!channel&gt; @everyone
      said: ***
      → Mend **it** &amp; try again.",
              "type": "mrkdwn",
            },
            "type": "section",
          },
          {
            "elements": [
              {
                "text": "backup · <https://github.com/acme/shop/actions/runs/1|the run>",
                "type": "mrkdwn",
              },
            ],
            "type": "context",
          },
        ],
        "text": "❌ shop: backup: The server refused the login.",
      }
    `);
  });

  test("to Discord pings nobody, and its Markdown is escaped", async () => {
    await tell([channelOf("discord")], BAD);
    expect(bodyOf()).toMatchInlineSnapshot(`
      {
        "allowed_mentions": {
          "parse": [],
        },
        "embeds": [
          {
            "color": 13574702,
            "description": "user \\<!channel\\> @everyone
      said: \\*\\*\\*
      → Mend \\*\\*it\\*\\* & try again.",
            "footer": {
              "text": "backup",
            },
            "title": "❌ shop: backup: The server refused the login.",
            "url": "https://github.com/acme/shop/actions/runs/1",
          },
        ],
      }
    `);
  });

  test("by mail has a subject of one line, and a token", async () => {
    const mail = {
      from: "lifeboat@example.com",
      to: ["ops@example.com"],
      token: new Secret("planted-token"),
    };
    await tell([channelOf("email", mail)], GOOD);
    expect(board.received[0]!.headers.authorization).toBe("Bearer planted-token");
    expect(bodyOf()).toMatchInlineSnapshot(`
      {
        "from": "lifeboat@example.com",
        "subject": "✅ shop: Backup 20261120T021704Z-7f3a is complete",
        "text": "backup 20261120T021704Z-7f3a · 42 MB · 1 min 30 s

      https://github.com/acme/shop/actions/runs/1",
        "to": [
          "ops@example.com",
        ],
      }
    `);
  });

  test("to a webhook is the whole of it, signed so that a library of its receiver takes it", async () => {
    const secret = Buffer.from("0123456789abcdef0123456789abcdef").toString("base64");
    await tell([channelOf("webhook", { secret: new Secret(secret) })], BAD);
    const { headers, body } = board.received[0]!;
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual(JSON.parse(body));
    expect(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>)).toThrow();
    const { at, ...notice } = bodyOf<Notice>();
    expect(Date.parse(at)).not.toBeNaN();
    expect(notice).toMatchObject({
      format: "lifeboat-notice",
      formatVersion: 1,
      name: "shop",
      command: "backup",
      state: "bad",
      problems: [{ key: "run", code: "STORE_LOGIN_REFUSED" }],
      runUrl: "https://github.com/acme/shop/actions/runs/1",
    });
  });

  test("carries no secret, whatever a database or tool said", async () => {
    const mail = { from: "a@example.com", to: ["b@example.com"] };
    const title = `${BAD.title} planted-password`;
    const all = (["slack", "discord", "webhook"] as const).map((kind) => channelOf(kind));
    await tell([...all, channelOf("email", mail)], { ...BAD, title });
    expect(board.received).toHaveLength(4);
    expect(JSON.stringify(board.received.map(({ body }) => body))).not.toContain("planted-");
  });

  test("of very much stays within what Slack and Discord take", async () => {
    const problems = Array.from({ length: 500 }, (_, index) => ({
      ...BAD.problems[0]!,
      key: `${index}`,
      title: "😀".repeat(5000),
      detail: "<".repeat(5000),
    }));
    const outcome = { ...BAD, title: "😀".repeat(5000), problems };
    await tell([channelOf("slack"), channelOf("discord")], outcome);
    const bodies = [bodyOf<Slack & Discord>(0), bodyOf<Slack & Discord>(1)];
    const slack = bodies.find(({ blocks }) => blocks)!;
    expect(slack.blocks.length).toBeLessThanOrEqual(50);
    for (const { text } of slack.blocks) expect(text?.text.length ?? 0).toBeLessThanOrEqual(3000);
    const { title, description } = bodies.find(({ embeds }) => embeds)!.embeds[0]!;
    expect(title.length).toBeLessThanOrEqual(256);
    expect(description.length).toBeLessThanOrEqual(4096);
    expect(JSON.stringify(bodies)).not.toMatch(/\\ud83d(?!\\ude00)/);
    expect(JSON.stringify(bodies)).toContain("… and 495 more");
  });
});

interface Slack {
  blocks: { text?: { text: string } }[];
}
interface Discord {
  embeds: { title: string; description: string }[];
}

describe("when", () => {
  test.each([
    ["failure", GOOD, 0],
    ["failure", BAD, 1],
    ["failure", { ...BAD, state: "warning" as const }, 0],
    ["always", GOOD, 1],
    ["change", GOOD, 0],
    ["change", BAD, 1],
  ] as const)("on: %s, a first run: %j", async (on, outcome, notices) => {
    await tell([channelOf("slack", { on })], outcome);
    expect(board.received).toHaveLength(notices);
  });

  test("on: change tells of the first failure, of another one, and of the end of it", async () => {
    let last: LastOutcome | undefined;
    const memory: Memory = {
      read: async () => last,
      write: async (outcome) => {
        last = outcome;
      },
    };
    const other: Outcome = { ...BAD, problems: [{ ...BAD.problems[0]!, key: "destination s3://b" }] };
    const told: number[] = [];
    for (const outcome of [GOOD, BAD, BAD, other, GOOD, GOOD]) {
      await tell([channelOf("slack", { on: "change" })], outcome, { memory });
      told.push(board.received.length);
    }
    expect(told).toEqual([0, 1, 1, 2, 3, 3]);
  });

  test("where nothing can be remembered, each failure is told, and a warning says why", async () => {
    const refuse = async (): Promise<never> => {
      throw new AppError("DESTINATION_REFUSED", "It may not be read.", { hint: "" });
    };
    const memory: Memory = { read: refuse, write: refuse };
    for (const outcome of [BAD, BAD, GOOD]) {
      await tell([channelOf("slack", { on: "change" })], outcome, { memory });
    }
    expect(board.received).toHaveLength(2);
    expect(run.lines).toContain(
      "How this run ended cannot be remembered for the next one: It may not be read.",
    );
  });

  test("a channel of other commands hears nothing", async () => {
    await tell([{ ...channelOf("slack"), commands: ["drill"] }], BAD);
    expect(board.received).toEqual([]);
  });

  test.each([
    [GOOD, ["/ping/start", "/ping"]],
    [BAD, ["/ping/start", "/ping/fail"]],
  ])("a heartbeat is called at the start and at the end: %#", async (outcome, paths) => {
    const address = (path: string): Secret => new Secret(board.url + path);
    const heartbeat: Channel = {
      kind: "heartbeat",
      label: "notify[0] (heartbeat)",
      commands: ["backup"],
      start: address("/ping/start"),
      success: address("/ping"),
      failure: address("/ping/fail"),
    };
    await tell([heartbeat], outcome);
    expect(board.received.map(({ method, path }) => `${method} ${path}`)).toEqual(
      paths.map((path) => `GET ${path}`),
    );
  });
});

describe("what cannot be sent is a warning", () => {
  async function tellWith(...answers: Parameters<typeof openNoticeBoard>): Promise<void> {
    await board[Symbol.asyncDispose]();
    board = await openNoticeBoard(...answers);
    await tell([channelOf("slack")], BAD);
    expect(run.lines.join("\n")).not.toContain("planted-");
  }

  test("what may pass is tried again", async () => {
    await tellWith({ status: 503 }, { status: 429, headers: { "retry-after": "7" } });
    expect(board.received).toHaveLength(3);
    expect(run.slept).toEqual([1000, 7000]);
    expect(run.lines).toEqual([]);
  });

  test("what does not pass is given up, with the service's word of reason", async () => {
    await tellWith({ status: 500 }, { status: 500 }, { status: 500, body: "internal_error" });
    expect(run.lines).toEqual([
      "notify[0] (slack) got no notice of this run: it answered HTTP 500, internal_error.",
    ]);
  });

  test.each([
    [404, "no_service", "it answered HTTP 404, no_service."],
    [404, '{"message": "Unknown Webhook", "code": 10015}', "it answered HTTP 404, Unknown Webhook."],
    [404, "Cannot POST /hooks/planted-path", "it answered HTTP 404."],
    [307, "", "it answered HTTP 307: it has moved. Give its new address."],
    [429, "", "it answered HTTP 429."],
  ])("%d %s is not tried again", async (status, body, told) => {
    await tellWith({ status, body, headers: { location: "/else", "retry-after": "3600" } });
    expect(board.received).toHaveLength(1);
    expect(run.lines).toEqual([`notify[0] (slack) got no notice of this run: ${told}`]);
  });

  test("nobody listens", async () => {
    const url = new Secret(`${await findFreeAddress()}/planted-path`);
    await tell([channelOf("slack", { url })], BAD);
    expect(run.lines).toEqual([
      "notify[0] (slack) got no notice of this run: it cannot be reached (ECONNREFUSED).",
    ]);
  });

  test("a cancelled run tells it without asking what was before", async () => {
    const asked: string[] = [];
    const memory: Memory = {
      read: async () => void asked.push("read"),
      write: async () => void asked.push("write"),
    };
    run.stopAll();
    await tell([channelOf("slack", { on: "change" })], BAD, { memory, isCancelled: true });
    expect([asked, board.received.length]).toEqual([[], 1]);
  });
});
