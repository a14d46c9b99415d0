import { randomUUID } from "node:crypto";
import type { Command } from "../config/options.ts";
import type { LastOutcome } from "../backup/last-outcome.ts";
import { AppError } from "../errors.ts";
import type { Outcome } from "../report/outcome.ts";
import type { RunContext } from "../run-context.ts";
import { createDeadline } from "../sys/clock.ts";
import type { Secret } from "../sys/secret.ts";
import type { Channel, NoticeChannel } from "./channel.ts";
import { writeMessage } from "./messages.ts";
import type { Message } from "./messages.ts";
import type { Notice } from "./notice.ts";
import { NotSent, send } from "./send.ts";

/** All notices together take no longer than this. */
const LIMIT_MS = 45_000;
/** What is left of the 7.5 s that GitHub gives a cancelled step, once the run has tidied up. */
const CANCELLED_LIMIT_MS = 2000;

/** Remembers how the last run of a command ended. */
export interface Memory {
  /** Undefined where nothing is remembered, or it cannot be read. */
  read(): Promise<LastOutcome | undefined>;
  write(outcome: LastOutcome): Promise<void>;
}

export interface NotifierRequest {
  /** The product's name. */
  name: string;
  command: Command;
  channels: readonly Channel[];
  memory: Memory;
  /** Whether the run was cancelled from outside, which leaves it little time. */
  isCancelled: () => boolean;
  runUrl?: string;
}

/** Tells others that a run begins and how it ended. What cannot be sent is a warning: it changes no result. */
export class Notifier {
  readonly #request: NotifierRequest;
  readonly #channels: readonly Channel[];
  readonly #context: RunContext;
  #starting: Promise<void> = Promise.resolve();

  constructor(request: NotifierRequest, context: RunContext) {
    this.#request = request;
    this.#context = context;
    this.#channels = request.channels.filter(({ commands }) => commands.includes(request.command));
  }

  /** Goes on beside the run, which does not wait for it. */
  begin(): void {
    this.#starting = this.#sendAll(
      this.#channels.flatMap((channel) =>
        channel.kind === "heartbeat" && channel.start ? [[channel, ping(channel.start)] as const] : [],
      ),
      this.#context,
    );
  }

  /** Waits until the beginning is told. */
  async begun(): Promise<void> {
    await this.#starting;
  }

  async end(outcome: Outcome): Promise<void> {
    await this.#starting;
    if (this.#channels.length === 0) return;
    const { name, runUrl, isCancelled } = this.#request;
    const isHasty = isCancelled();
    // The run's own signal may have fired, and a failure must be told all the same.
    const context = { ...this.#context, signal: createDeadline(isHasty ? CANCELLED_LIMIT_MS : LIMIT_MS) };
    const notice: Notice = context.redactor.redactAll({
      format: "lifeboat-notice",
      formatVersion: 1,
      name,
      at: context.clock.now().toISOString(),
      ...outcome,
      ...(runUrl !== undefined && { runUrl }),
    });
    const isChanged = isHasty || (await this.#noteChange(notice));
    const id = `msg_${randomUUID()}`;
    await this.#sendAll(
      this.#channels.flatMap((channel): (readonly [Channel, Message])[] => {
        if (channel.kind !== "heartbeat") {
          return isDue(channel, notice, isChanged) ? [[channel, writeMessage(channel, notice, id)]] : [];
        }
        const url = notice.state === "bad" ? channel.failure : channel.success;
        return url ? [[channel, ping(url)]] : [];
      }),
      context,
    );
  }

  /** Whether the run ended otherwise than the last one; a failure that nothing is known before is a change. */
  async #noteChange({ state, problems, at }: Notice): Promise<boolean> {
    if (!this.#channels.some((channel) => channel.kind !== "heartbeat" && channel.on === "change"))
      return false;
    const { memory, command } = this.#request;
    const keys = problems.map(({ key }) => key).sort();
    try {
      const last = await memory.read();
      const isSame = last
        ? last.state === state && JSON.stringify(last.problems) === JSON.stringify(keys)
        : state === "good";
      await memory.write({
        format: "lifeboat-outcome",
        formatVersion: 1,
        command,
        at,
        state,
        problems: keys,
      });
      return !isSame;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#context.reporter.warn(
        `How this run ended cannot be remembered for the next one: ${error.message}`,
      );
      return state !== "good";
    }
  }

  async #sendAll(messages: readonly (readonly [Channel, Message])[], context: RunContext): Promise<void> {
    await Promise.all(
      messages.map(async ([{ label }, message]) => {
        try {
          await send(message, context);
        } catch (error) {
          if (!(error instanceof NotSent) && !(error instanceof AppError)) throw error;
          const why = error instanceof NotSent ? error.message : "there was no time left";
          context.reporter.warn(context.redactor.redact(`${label} got no notice of this run: ${why}.`));
        }
      }),
    );
  }
}

function isDue({ on }: NoticeChannel, { state }: Notice, isChanged: boolean): boolean {
  return on === "always" || (on === "change" ? isChanged : state === "bad");
}

function ping(url: Secret): Message {
  return { url, method: "GET", headers: {} };
}
