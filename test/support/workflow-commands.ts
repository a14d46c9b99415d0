/** What a step's output tells the runner, and what it leaves for people to read. */
export interface StepLog {
  /** What people see: all output, but without the commands that only the runner reads. */
  log: string;
  /** All output as it came. */
  raw: string;
  annotations: Annotation[];
  /** What the step asked to be masked. */
  masks: string[];
  /** Titles of the log groups; a group that was opened and not closed ends in "…". */
  groups: string[];
}

export interface Annotation {
  level: string;
  title: string;
  message: string;
}

/**
 * Reads the commands in a step's output.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function readLog(raw: string): StepLog {
  const seen: string[] = [];
  const annotations: Annotation[] = [];
  const masks: string[] = [];
  const groups: string[] = [];
  for (const line of raw.split("\n")) {
    const [, command = "", properties = "", data = ""] =
      /^::([\w-]+)(?: ([^:]*(?:%3A[^:]*)*))?::(.*)$/.exec(line) ?? [];
    const text = decode(data);
    if (command === "add-mask") masks.push(text);
    else if (command === "group") groups.push(`${text}…`);
    else if (command === "endgroup") groups.push((groups.pop() ?? "").replace(/…$/, ""));
    else if (/^(error|warning|notice)$/.test(command)) {
      annotations.push({
        level: command,
        title: decode(/title=([^,]*)/.exec(properties)?.[1] ?? ""),
        message: text,
      });
    }
    if (command !== "add-mask") seen.push(decode(line));
  }
  return { raw, log: seen.join("\n"), annotations, masks, groups };
}

/**
 * Reads a file of assignments: `name=value`, or `name<<delimiter`, lines of the value, `delimiter`.
 *
 * @throws Error on any other line, as the runner does
 */
export function readFileCommands(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (line === "") continue;
    const [, name = "", sign, rest = ""] = /^(.+?)(=|<<)(.*)$/.exec(line) ?? [];
    if (sign === "=") {
      values[name] = rest;
    } else if (sign === "<<") {
      const end = lines.indexOf(rest, at + 1);
      if (end === -1) throw new Error(`The value of ${name} has no end.`);
      values[name] = lines.slice(at + 1, end).join("\n");
      at = end;
    } else throw new Error(`Not an assignment: ${line}`);
  }
  return values;
}

function decode(text: string): string {
  const meanings: Record<string, string> = { "%0A": "\n", "%0D": "\r", "%3A": ":", "%2C": ",", "%25": "%" };
  return text.replaceAll(/%(0A|0D|3A|2C|25)/g, (code) => meanings[code] ?? code);
}
