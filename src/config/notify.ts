import type { Channel, NoticeChannel, Occasion } from "../notify/channel.ts";
import { OCCASIONS, toldAs } from "../notify/channel.ts";
import { Secret } from "../sys/secret.ts";
import type { Path } from "./faults.ts";
import { formatPath, valueAt } from "./faults.ts";
import { OPTIONS } from "./options.ts";
import type { Command, OptionName } from "./options.ts";
import type { Sources } from "./sources.ts";
import type { Given } from "./values.ts";

const TOLD_OF: readonly Command[] = OPTIONS.heartbeat.commands.filter(
  (command) => toldAs(command) === command,
);

/** Who is told how the run ends. */
export interface NotifyConfig {
  channels: Channel[];
  /** Those that are not told, since a variable is not set, in sentences: a laptop need not have it. */
  silent: string[];
}

type Kind = "slack" | "discord" | "email" | "webhook" | "heartbeat";
const KINDS: readonly Kind[] = ["slack", "discord", "email", "webhook", "heartbeat"];

/** Reads `notify` of the file, and the inputs that stand for its most common forms. */
export function readNotify(sources: Sources): NotifyConfig {
  const found: NotifyConfig = { channels: readInputs(sources), silent: [] };
  for (const [index, entry] of (sources.content.notify ?? []).entries()) {
    const path = ["notify", index];
    const kind = KINDS.find((candidate) => candidate in entry);
    if (!kind) continue; // cannot be: the schema knows no others
    const label = `${formatPath(path)} (${kind})`;
    const unset = listUnset(sources, entry);
    if (unset.length === 0) found.channels.push(readChannel(sources, path, kind, label));
    else {
      const are = unset.length === 1 ? "is" : "are";
      found.silent.push(`${label} gets no notice of this run: ${unset.join(" and ")} ${are} not set.`);
    }
  }
  return found;
}

function readChannel(sources: Sources, path: Path, kind: Kind, label: string): Channel {
  const text = (...keys: Path): string => sources.text([...path, ...keys], false)?.text ?? "";
  const address = (...keys: Path): Secret => readAddress(sources, sources.text([...path, ...keys], false));
  const has = (key: string): boolean => valueAt(sources.content, [...path, key]) !== undefined;
  const keep = (key: string): Secret => {
    const secret = new Secret(text(key));
    sources.secrets.push(secret);
    return secret;
  };
  const commands = (valueAt(sources.content, [...path, "commands"]) as Command[] | undefined) ?? TOLD_OF;
  if (kind === "heartbeat") {
    const common = { kind, label, commands: has("commands") ? commands : (["backup"] as const) };
    if (typeof valueAt(sources.content, [...path, kind]) === "string") {
      return { ...common, ...deriveAddresses(address(kind)) };
    }
    const given = valueAt(sources.content, [...path, kind]) as object;
    const moments = (["start", "success", "failure"] as const).filter((moment) => moment in given);
    return { ...common, ...Object.fromEntries(moments.map((moment) => [moment, address(kind, moment)])) };
  }
  const on = (valueAt(sources.content, [...path, "on"]) as Occasion | undefined) ?? "failure";
  const common = { label, commands, on, url: address(kind) };
  if (kind === "email") {
    const to = valueAt(sources.content, [...path, "to"]) as string[];
    return {
      ...common,
      kind,
      from: text("from"),
      to: to.map((_, index) => text("to", index)),
      ...(has("token") && { token: keep("token") }),
    };
  }
  if (kind !== "webhook" || !has("secret")) return { ...common, kind };
  const secret = keep("secret");
  requireSigningSecret(sources, sources.text([...path, "secret"], false), secret);
  return { ...common, kind, secret };
}

function readInputs(sources: Sources): Channel[] {
  const on = (sources.option("notify-on")?.text ?? "failure") as Occasion;
  const commands = [toldAs(sources.command)];
  const read = (name: OptionName): Pick<NoticeChannel, "label" | "commands" | "on" | "url">[] => {
    const given = sources.option(name);
    return given ? [{ label: given.place.label, commands, on, url: readAddress(sources, given) }] : [];
  };
  const secretGiven = sources.option("webhook-secret");
  const secret = secretGiven && new Secret(secretGiven.text);
  if (secret) requireSigningSecret(sources, secretGiven, secret);
  if (!OCCASIONS.includes(on)) {
    sources.problems.add(sources.optionPlace("notify-on"), `must be one of ${OCCASIONS.join(", ")}.`);
  }
  return [
    ...read("slack-webhook").map((common) => ({ ...common, kind: "slack" as const })),
    ...read("discord-webhook").map((common) => ({ ...common, kind: "discord" as const })),
    ...read("webhook").map((common) => ({ ...common, kind: "webhook" as const, ...(secret && { secret }) })),
    ...read("heartbeat").map(({ label, url }) => ({
      kind: "heartbeat" as const,
      label,
      commands,
      ...deriveAddresses(url),
    })),
  ];
}

/** An address of a service that is told by calling it. Whoever has it can call it: all of it is a credential. */
function readAddress(sources: Sources, given: Given | undefined): Secret {
  const text = given?.text ?? "";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (given && !(url && /^https?:$/.test(url.protocol) && !url.username)) {
    const text = "is no address that can be called. Write https://…, without a user or password in it.";
    sources.problems.add(given.place, text);
  }
  const secret = new Secret(text);
  // What services repeat in their answers is the path.
  sources.secrets.push(secret, ...(url && url.pathname.length > 8 ? [new Secret(url.pathname)] : []));
  return secret;
}

/** `/start` and `/fail` go behind the path, as healthchecks.io and those that follow it want it. */
function deriveAddresses(success: Secret): { start: Secret; success: Secret; failure: Secret } {
  const derive = (moment: string): Secret => {
    if (!URL.canParse(success.reveal())) return success; // a problem that was told
    const url = new URL(success.reveal());
    url.pathname = `${url.pathname.replace(/\/$/, "")}/${moment}`;
    return new Secret(url.href);
  };
  return { start: derive("start"), success, failure: derive("fail") };
}

/** @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function requireSigningSecret({ problems }: Sources, given: Given | undefined, secret: Secret): void {
  const encoded = secret.reveal().replace(/^whsec_/, "");
  const bytes = Buffer.from(encoded, "base64");
  if (!given || (bytes.length >= 24 && bytes.toString("base64") === encoded)) return;
  problems.add(given.place, "must be base64 of 24 bytes or more. openssl rand -base64 32 makes one.");
}

/** The variables of an entry that stand without a default and are not set. */
function listUnset(sources: Sources, entry: object): string[] {
  const names = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value === "object" && value !== null) Object.values(value).forEach(look);
    else if (typeof value === "string") {
      for (const [, name = ""] of value.matchAll(/(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)) {
        if (!sources.variable(name)) names.add(name);
      }
    }
  };
  look(entry);
  return [...names];
}
