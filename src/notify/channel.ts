import type { Secret } from "../sys/secret.ts";
import type { Command } from "../config/options.ts";

/** When a notice is sent. `change`: when a run ends otherwise than the last one of the same command did. */
export const OCCASIONS = ["failure", "change", "always"] as const;
export type Occasion = (typeof OCCASIONS)[number];

interface Common {
  /** How messages name it; no address: that is a secret. */
  label: string;
  /** Whose runs are told of. */
  commands: readonly Command[];
}

/** Where people, or programs, are told how runs end. */
export type NoticeChannel = Common & { on: Occasion } & (
    | { kind: "slack" | "discord"; url: Secret }
    | { kind: "email"; url: Secret; token?: Secret; from: string; to: string[] }
    | { kind: "webhook"; url: Secret; secret?: Secret }
  );

/** Addresses of a service that raises the alarm when it hears nothing. */
export interface Heartbeat extends Common {
  kind: "heartbeat";
  start?: Secret;
  success?: Secret;
  failure?: Secret;
}

export type Channel = NoticeChannel | Heartbeat;

/** Under which command others are told of a run: they know one backup, however many runs share it. */
export function toldAs(command: Command): Command {
  return command === "plan" || command === "finish" ? "backup" : command;
}
