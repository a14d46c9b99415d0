import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config/config.ts";
import type { NotifyConfig } from "../../../src/config/notify.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { buildRawInput, readProblems } from "./raw-input.ts";

const SIGNING = Buffer.from("0123456789abcdef0123456789abcdef").toString("base64");

type Given = Parameters<typeof buildRawInput>[0];

function read(given: Given): NotifyConfig & { shown: unknown } {
  const config = parseConfig(
    buildRawInput({ command: "verify", ...given, options: { destination: "file:///b", ...given.options } }),
  );
  return { ...config.notify, shown: uncover(config.notify.channels) };
}

/** Secrets show nothing of themselves. */
function uncover(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(uncover);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, uncover(item)]));
}

test("every kind of notice is read, with its addresses from the environment", () => {
  const yaml = `notify:
  - slack: \${SLACK}
  - discord: \${DISCORD}
    on: change
    commands: [drill]
  - email: https://mail.example.com/emails
    token: \${MAIL_TOKEN}
    from: lifeboat@example.com
    to: [ops@example.com]
    on: always
  - webhook: \${HOOK}
    secret: \${HOOK_SECRET}
  - heartbeat: \${PING}
  - heartbeat: { success: "\${PING}?status=up", failure: "\${PING}?status=down" }
    commands: [drill]
`;
  const env = {
    SLACK: "https://hooks.example.com/a",
    DISCORD: "https://discord.example.com/b",
    MAIL_TOKEN: "mail-token",
    HOOK: "http://127.0.0.1:1/c",
    HOOK_SECRET: `whsec_${SIGNING}`,
    PING: "https://ping.example.com/uuid",
  };
  const { shown, silent } = read({ yaml, env });
  expect(silent).toEqual([]);
  const judged = ["backup", "copy", "prune", "restore", "drill", "verify", "rekey", "status"];
  expect(shown).toEqual([
    { label: "notify[0] (slack)", kind: "slack", commands: judged, on: "failure", url: env.SLACK },
    { label: "notify[1] (discord)", kind: "discord", commands: ["drill"], on: "change", url: env.DISCORD },
    {
      label: "notify[2] (email)",
      kind: "email",
      commands: judged,
      on: "always",
      url: "https://mail.example.com/emails",
      token: "mail-token",
      from: "lifeboat@example.com",
      to: ["ops@example.com"],
    },
    {
      label: "notify[3] (webhook)",
      kind: "webhook",
      commands: judged,
      on: "failure",
      url: env.HOOK,
      secret: env.HOOK_SECRET,
    },
    {
      label: "notify[4] (heartbeat)",
      kind: "heartbeat",
      commands: ["backup"],
      start: `${env.PING}/start`,
      success: env.PING,
      failure: `${env.PING}/fail`,
    },
    {
      label: "notify[5] (heartbeat)",
      kind: "heartbeat",
      commands: ["drill"],
      success: `${env.PING}?status=up`,
      failure: `${env.PING}?status=down`,
    },
  ]);
});

test("an address whose variable is not set is no problem: it is told, and nobody else goes without", () => {
  const yaml =
    "notify:\n  - slack: ${SLACK}\n  - heartbeat: { start: '${A}', success: '${B}' }\n  - webhook: https://h.example.com/x\n";
  const { channels, silent } = read({ yaml });
  expect(channels.map(({ label }) => label)).toEqual(["notify[2] (webhook)"]);
  expect(silent).toEqual([
    "notify[0] (slack) gets no notice of this run: SLACK is not set.",
    "notify[1] (heartbeat) gets no notice of this run: A and B are not set.",
  ]);
});

test("inputs of the action stand for the most common ones, and mean the command of the step", () => {
  const options = {
    "slack-webhook": "https://hooks.example.com/a",
    webhook: "https://h.example.com/x",
    "webhook-secret": SIGNING,
    "notify-on": "change",
    heartbeat: "https://ping.example.com/uuid/?x=1",
  };
  expect(read({ shell: "action", options }).shown).toMatchObject([
    { label: "Input slack-webhook", kind: "slack", commands: ["verify"], on: "change" },
    { label: "Input webhook", kind: "webhook", on: "change", secret: SIGNING },
    { kind: "heartbeat", commands: ["verify"], failure: "https://ping.example.com/uuid/fail?x=1" },
  ]);
});

test("a badge is an image or JSON", () => {
  const parse = (badge: string) =>
    readProblems({ command: "status", options: { destination: "file:///b", badge } });
  expect(parse("badge.png")).toContain("--badge must end in .svg or .json.");
  expect(
    parseConfig(buildRawInput({ command: "status", options: { destination: "file:///b", badge: "b.svg" } })),
  ).toMatchObject({ badge: "b.svg" });
});

test("addresses, and what stands in their paths, are masked", () => {
  const env = { SLACK: "https://hooks.example.com/services/planted/path" };
  const config = parseConfig(
    buildRawInput({
      command: "list",
      options: { destination: "file:///b" },
      yaml: "notify: [{ slack: '${SLACK}' }]",
      env,
    }),
  );
  expect(config.secrets.map((secret) => secret.reveal())).toEqual(
    expect.arrayContaining([env.SLACK, "/services/planted/path"]),
  );
});

test("all problems are told at once, and no address", () => {
  const shapes = `notify:
  - email: https://mail.example.com
    from: a@example.com
  - slak: x
  - heartbeat: https://example.com
    on: failure
  - discord: https://d.example.com/
    on: sometimes
    commands: [sleep]
`;
  const values = `notify:
  - slack: hooks.example.com/planted
  - webhook: https://user:planted@example.com/
    secret: planted
  - heartbeat: { success: "ftp://example.com/planted" }
`;
  const options = { destination: "file:///b", "notify-on": "now", heartbeat: "planted" };
  const told = [shapes, values].map((yaml) =>
    readProblems({ shell: "action", command: "verify", yaml, options }),
  );
  expect(told.join("\n")).toMatchInlineSnapshot(`
    "The configuration has 8 problems:
      lifeboat.yml:2:5: notify[0].to is missing.
      lifeboat.yml:4:5: notify[1].slack is missing.
      lifeboat.yml:4:5: notify[1].slak is no known key. Did you mean slack?
      lifeboat.yml:6:5: notify[2].on does not go with the other keys here. Leave it out.
      lifeboat.yml:8:5: notify[3].on must be one of failure, change, always.
      lifeboat.yml:9:16: notify[3].commands[0] must be one of backup, plan, finish, list, status, copy, prune, pin, unpin, restore, drill, doctor, verify, rekey, policy.
      Input notify-on must be one of failure, change, always.
      Input heartbeat is no address that can be called. Write https://…, without a user or password in it.
    The configuration has 6 problems:
      lifeboat.yml:2:5: notify[0].slack is no address that can be called. Write https://…, without a user or password in it.
      lifeboat.yml:3:5: notify[1].webhook is no address that can be called. Write https://…, without a user or password in it.
      lifeboat.yml:4:5: notify[1].secret must be base64 of 24 bytes or more. openssl rand -base64 32 makes one.
      lifeboat.yml:5:18: notify[2].heartbeat.success is no address that can be called. Write https://…, without a user or password in it.
      Input notify-on must be one of failure, change, always.
      Input heartbeat is no address that can be called. Write https://…, without a user or password in it."
  `);
  expect(told.join("\n")).not.toContain("planted");
});
