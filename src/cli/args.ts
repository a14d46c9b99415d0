import { Command as Program, InvalidArgumentError, Option as Flag } from "commander";
import { COMMANDS, OPTIONS, listOptions } from "../config/options.ts";
import type { Command } from "../config/options.ts";
import type { UpstreamSettings } from "../drill/upstream/step-upstream.ts";
import { VERSION } from "../version.ts";
import type { InitFlags } from "./init.ts";

/** What argv says; nothing is interpreted yet. */
export interface Arguments {
  command: Command;
  options: Record<string, string | undefined>;
}

const DESCRIPTIONS: Readonly<Record<Command, string>> = {
  backup: "Back up the configured stores into one backup.",
  plan: "Divide a backup over several jobs: each runs backup --shard, and finish joins what they did.",
  finish: "Join what the shards of a plan have done into one backup, and list it.",
  list: "List the complete backups and their last drills.",
  status: "Say whether backups are young enough and drills recent enough, and what is strange about them.",
  restore: "Restore a backup into databases of yours, and compare every table.",
  copy: "Copy backups from one destination to the others.",
  prune: "Remove the backups that retention lets go, and what no backup needs.",
  pin: "Keep a backup, whatever the rules of retention say.",
  unpin: "Leave a pinned backup to the rules of retention again.",
  doctor: "Look at all that a backup needs, and say what is wrong and how to mend it. Writes nothing.",
  verify: "Hold what lies at the destination against its manifests: all there, or with --full every byte.",
  rekey: "Encrypt existing backups for the present recipients.",
  policy: "Print the IAM policy that gives a role the least rights at the configured buckets.",
  drill: "Prove that a backup restores: restore it into throwaway targets, compare, and judge.",
};

const VALUE = { text: " <text>", list: " <items>", time: " <time>", choice: " <choice>", flag: "" } as const;

/** What the command line can ask for. */
export interface Actions {
  /** One of the commands that work on backups. */
  act: (args: Arguments) => Promise<void>;
  /** The built-in upstream by itself. */
  serveUpstream: (settings: UpstreamSettings) => Promise<void>;
  /** Sets up the repository in the working folder. */
  setUp: (flags: InitFlags) => Promise<void>;
}

/**
 * The command line, built from the one list of options. Commander itself answers --help, --version and
 * mistakes, by throwing CommanderError.
 */
export function buildProgram({ act, serveUpstream, setUp }: Actions): Program {
  const program = new Program("lifeboat")
    .exitOverride() // before the commands are added, which take it over
    .description("Backs up Postgres and ClickHouse, and proves that the backups restore.")
    .version(VERSION)
    .showHelpAfterError("(lifeboat --help lists the commands)")
    .helpCommand(false);
  for (const command of COMMANDS) {
    const sub = program
      .command(command)
      .description(DESCRIPTIONS[command])
      .showHelpAfterError(`(lifeboat ${command} --help lists its options)`);
    const names = new Map<string, string>();
    for (const { name, option } of listOptions("cli")) {
      if (!option.commands.includes(command)) continue;
      const flag = new Flag(`--${name}${VALUE[option.kind]}`, describe(option));
      names.set(flag.attributeName(), name);
      sub.addOption(flag);
    }
    sub.action(async (given: Record<string, string | boolean>) => {
      const options = Object.entries(given).map(([key, value]) => [names.get(key) ?? key, String(value)]);
      await act({ command, options: Object.fromEntries(options) as Arguments["options"] });
    });
  }
  program
    .command("upstream")
    .description("Run the built-in upstream by itself, to try an application by hand.")
    .addOption(new Flag("--port <port>", "Port on 127.0.0.1; any free one when absent.").argParser(readPort))
    .option("--https", "Speak HTTPS under a certificate made for the run.", false)
    .option("--host-name <names...>", "Further names that the certificate is for.", [])
    .action(async ({ port = 0, https, hostName }: { port?: number; https: boolean; hostName: string[] }) => {
      await serveUpstream({ port, https, hostNames: hostName });
    });
  program
    .command("init")
    .description("Look at the repository in this folder, and write lifeboat.yml and the workflows for it.")
    .option("--yes", "Ask nothing: take what the repository says, and the usual for the rest.", false)
    .option("--force", "Write over files that are there.", false)
    .option("--destination <url>", OPTIONS.destination.help)
    .option("--s3-endpoint <url>", OPTIONS["s3-endpoint"].help)
    .option("--s3-region <region>", OPTIONS["s3-region"].help)
    .option("--s3-path-style", OPTIONS["s3-path-style"].help, false)
    .option("--recipient <keys...>", OPTIONS.recipient.help, [])
    .option("--time-zone <name>", "Time zone of the schedules, such as Europe/Berlin; UTC when absent.")
    .action((flags: InitFlags) => setUp(flags));
  return program;
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new InvalidArgumentError("It is a number from 1 to 65535.");
}

function describe(option: ReturnType<typeof listOptions>[number]["option"]): string {
  const notes = [
    ...(option.env ? [`variable ${option.env}`] : []),
    ...(option.default === undefined ? [] : [`default ${option.default}`]),
  ];
  return notes.length === 0 ? option.help : `${option.help} (${notes.join("; ")})`;
}
