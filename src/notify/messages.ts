import { Webhook } from "standardwebhooks";
import type { Secret } from "../sys/secret.ts";
import type { NoticeChannel } from "./channel.ts";
import { fit } from "../report/shorten.ts";
import { writeFacts, writeHeadline, writeProblems } from "./notice.ts";
import type { Notice } from "./notice.ts";

/** One request to whoever is told. */
export interface Message {
  url: Secret;
  method: "GET" | "POST";
  headers: Readonly<Record<string, string>>;
  body?: string;
}

/** @param id - unique to this notice and the same in each attempt to send it */
export function writeMessage(channel: NoticeChannel, notice: Notice, id: string): Message {
  switch (channel.kind) {
    case "slack":
      return post(channel.url, writeSlack(notice));
    case "discord":
      return post(channel.url, writeDiscord(notice));
    case "email": {
      const { url, token, from, to } = channel;
      const text = [...writeProblems(notice), writeFacts(notice), notice.runUrl ?? ""].join("\n\n").trim();
      const mail = { from, to, subject: fit(oneLine(writeHeadline(notice)), 200), text };
      return post(url, mail, token && { authorization: `Bearer ${token.reveal()}` });
    }
    case "webhook": {
      const message = post(channel.url, notice);
      return channel.secret ? sign(message, channel.secret, id, new Date(notice.at)) : message;
    }
  }
}

function post(url: Secret, content: object, headers: Message["headers"] = {}): Message {
  return {
    url,
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(content),
  };
}

/**
 * Signed as Standard Webhooks says, for which receivers have libraries.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
function sign(message: Message, secret: Secret, id: string, at: Date): Message {
  const signature = new Webhook(secret.reveal()).sign(id, at, message.body ?? "");
  return {
    ...message,
    headers: {
      ...message.headers,
      "webhook-id": id,
      "webhook-timestamp": `${Math.floor(at.getTime() / 1000)}`,
      "webhook-signature": signature,
    },
  };
}

/**
 * Slack takes 3000 characters a section.
 *
 * @see https://docs.slack.dev/reference/block-kit/blocks/section-block
 */
function writeSlack(notice: Notice): object {
  const section = (text: string): object => ({
    type: "section",
    text: { type: "mrkdwn", text: fit(text, 3000) },
  });
  const headline = escapeSlack(fit(oneLine(writeHeadline(notice)), 500));
  const facts = escapeSlack(writeFacts(notice));
  const link = notice.runUrl === undefined ? "" : ` · <${notice.runUrl}|the run>`;
  return {
    text: headline,
    blocks: [
      section(`*${headline}*`),
      ...writeProblems(notice).map((text) => section(escapeSlack(fit(text, 1000)))),
      { type: "context", elements: [{ type: "mrkdwn", text: facts + link }] },
    ],
  };
}

/** What Slack reads as links and mentions. */
function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const COLOURS = { good: 0x2da44e, warning: 0xbf8700, bad: 0xcf222e } as const;

/** @see https://docs.discord.com/developers/resources/message#embed-object-embed-limits */
function writeDiscord(notice: Notice): object {
  const paragraphs = writeProblems(notice).map((text) => escapeDiscord(fit(text, 350)));
  return {
    // Whatever a text holds, it calls nobody.
    allowed_mentions: { parse: [] },
    embeds: [
      {
        title: fit(oneLine(writeHeadline(notice)), 256),
        ...(paragraphs.length > 0 && { description: fit(paragraphs.join("\n\n"), 4000) }),
        color: COLOURS[notice.state],
        footer: { text: writeFacts(notice) },
        ...(notice.runUrl !== undefined && { url: notice.runUrl }),
      },
    ],
  };
}

/** Discord's Markdown knows no entities. */
function escapeDiscord(text: string): string {
  return text.replace(/[\\`*_~|<>#[\]()-]/g, "\\$&");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
