import * as z from "zod";
import { OCCASIONS } from "../notify/channel.ts";
import { COMMANDS } from "./options.ts";

/** The keys of `notify` in lifeboat.yml. */

const text = (description: string) => z.string().min(1).describe(description);

const commands = z
  .array(z.enum(COMMANDS))
  .min(1)
  .describe(
    "Whose runs are told of; backup alone for a heartbeat, and every command that judges or changes when absent.",
  )
  .optional();

const on = z
  .enum(OCCASIONS)
  .describe(
    "When: at each failure, which is what happens when absent; when a run ends otherwise than the last one; or always.",
  )
  .optional();

export const notifyKeys = z
  .array(
    z.union([
      z.strictObject({
        slack: text("Address of an incoming webhook of Slack, from the environment."),
        on,
        commands,
      }),
      z.strictObject({
        discord: text("Address of a webhook of Discord, from the environment."),
        on,
        commands,
      }),
      z.strictObject({
        email: text("Address that takes a mail as JSON: from, to, subject and text."),
        token: text("Sent as a bearer token; take it from the environment.").optional(),
        from: text("The sender."),
        to: z.array(z.string().min(1)).min(1).describe("The receivers."),
        on,
        commands,
      }),
      z.strictObject({
        webhook: text("Address that takes the notice itself as JSON."),
        secret: text("Signs each notice as Standard Webhooks says; take it from the environment.").optional(),
        on,
        commands,
      }),
      z.strictObject({
        heartbeat: z.union([
          text(
            "Address that is called when a run ends well; with /start and /fail behind it at the other moments.",
          ),
          z.strictObject({
            start: text("Called when a run begins.").optional(),
            success: text("Called when it ended well.").optional(),
            failure: text("Called when it did not.").optional(),
          }),
        ]),
        commands,
      }),
    ]),
  )
  .describe("Who is told how runs end.");
