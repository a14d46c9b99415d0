import { Command as Program, Option as Flag } from "commander";
import { COMMANDS, listOptions } from "../config/options.ts";
import type { Command } from "../config/options.ts";
import { VERSION } from "../version.ts";

/** What argv says; nothing is interpreted yet. */
export interface Arguments {
  command: Command;
  options: Record<string, string | undefined>;
}

const DESCRIPTIONS: Readonly<Record<Command, string>> = {
  backup: "Back up the configured stores into one backup.",
  list: "List the complete backups and their last drills.",
  restore: "Restore a backup into databases of yours, and compare every table.",
  drill: "Prove that a backup restores: restore it into throwaway targets, compare, and judge.",
};

const VALUE = { text: " <text>", list: " <items>", time: " <time>", choice: " <choice>", flag: "" } as const;

/**
 * The command line, built from the one list of options. Commander itself answers --help, --version and
 * mistakes.
 *
 * @param act - called with what was parsed
 */
export function buildProgram(act: (args: Arguments) => Promise<void>): Program {
  const program = new Program("lifeboat")
    .description("Backs up Postgres and ClickHouse, and proves that the backups restore.")
    .version(VERSION)
    .showHelpAfterError("(lifeboat --help lists the commands)")
    .helpCommand(false);
  for (const command of COMMANDS) {
    const sub = program.command(command).description(DESCRIPTIONS[command]);
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
  return program;
}

function describe(option: ReturnType<typeof listOptions>[number]["option"]): string {
  const notes = [
    ...(option.env ? [`variable ${option.env}`] : []),
    ...(option.default === undefined ? [] : [`default ${option.default}`]),
  ];
  return notes.length === 0 ? option.help : `${option.help} (${notes.join("; ")})`;
}
