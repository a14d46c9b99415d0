import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";

export interface Arguments {
  /** Of the data: 1 is what docs/bench tells of. */
  scale: number;
  /** How often each command is measured. */
  rounds: number;
  /** The one part to measure; all of them when absent. */
  only?: string;
  /** The folder of the reports. */
  out: string;
}

/** Reads the command line; one that asks for help, or cannot be read, ends the process with a few lines that say so. */
export function readArguments(parts: readonly string[]): Arguments {
  return new Command("npm run bench --")
    .description("Measures lifeboat beside the runbooks' own commands, and writes a report of each part.")
    .option("--scale <number>", "size of the data, as a multiple of the whole bench's", parseScale, 1)
    .option("--rounds <number>", "how often each command is measured", parseRounds, 3)
    .addOption(new Option("--only <part>", "measure this part alone").choices(parts))
    .addOption(
      new Option("--out <folder>", "where the reports are written").default(
        fileURLToPath(new URL("../docs/bench", import.meta.url)),
        "docs/bench",
      ),
    )
    .allowExcessArguments(false)
    .showHelpAfterError("(--help tells what there is)")
    .parse()
    .opts<Arguments>();
}

function parseScale(given: string): number {
  const scale = Number(given);
  if (scale > 0 && scale < Infinity) return scale;
  throw new InvalidArgumentError("It is a number above 0.");
}

function parseRounds(given: string): number {
  const rounds = Number(given);
  if (Number.isInteger(rounds) && rounds > 0) return rounds;
  throw new InvalidArgumentError("It is a whole number above 0.");
}
