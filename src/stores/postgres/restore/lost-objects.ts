import { isAllowedMissing } from "../../../backup/allow-missing.ts";
import type { Inventory } from "../../../backup/inventory.ts";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { LostObject } from "../../store.ts";
import { rankEntry } from "../archive/entry-match.ts";
import { judgeMessage } from "./restore-messages.ts";
import type { Meaning, RestoreMessage } from "./restore-messages.ts";
import { describeEntry } from "../archive/toc.ts";
import type { Toc, TocEntry } from "../archive/toc.ts";
import { adviseOn } from "../server/tool-faults.ts";

const SAYINGS: ReadonlySet<string> = new Set([
  "ACL",
  "COMMENT",
  "PUBLICATION TABLE",
  "PUBLICATION TABLES IN SCHEMA",
  "SECURITY LABEL",
]);
/** How many are spelt out in an error. */
const SHOWN = 20;

/** Collects what a restore loses, so that the operator reads all of it at once. */
export class LostObjects {
  readonly #toc: Toc;
  readonly #inventory: Inventory;
  readonly #support: ReadonlySet<number>;
  readonly #context: RunContext;
  readonly #lost = new Map<string, LostObject>();
  readonly #lostEntries = new Set<number>();
  /** What processes of pg_restore kept each other from making. */
  readonly #deadlocked = new Set<TocEntry>();
  readonly #triedAgain = new Set<TocEntry>();

  constructor(toc: Toc, inventory: Inventory, support: ReadonlySet<number>, context: RunContext) {
    this.#toc = toc;
    this.#inventory = inventory;
    this.#support = support;
    this.#context = context;
  }

  /** What is not tried at all, since it cannot succeed. */
  leaveOut(entry: TocEntry, why: string): void {
    this.#add(entry, why);
  }

  /** How well an entry fits what was said of an error. */
  rank(entryId: number, said: string): number {
    const entry = this.#toc.find(entryId);
    return entry ? rankEntry(entry, said) : 0;
  }

  /**
   * What is to be tried again, alone, with what could not be made for want of it: a foreign key to a partitioned table
   * whose index lacks a part. Whatever they meet then counts.
   */
  takeDeadlocked(): TocEntry[] {
    const again = new Set(this.#deadlocked);
    this.#deadlocked.clear();
    // An archive has each entry behind those that it needs.
    for (const entry of this.#toc.entries) {
      if (!this.#lostEntries.has(entry.id)) continue;
      if (!this.#toc.neededBy(entry).some((needed) => again.has(needed))) continue;
      again.add(entry);
      this.#lostEntries.delete(entry.id);
      this.#lost.delete(this.#keyOf(entry));
    }
    const entries = this.#toc.entries.filter((entry) => again.has(entry));
    if (entries.length > 0) {
      const names = entries.map((entry) => this.#keyOf(entry)).join(", ");
      this.#context.reporter.info(`After a deadlock, these are tried again when nothing else runs: ${names}`);
    }
    return entries;
  }

  judge(message: RestoreMessage): Meaning {
    const entry = message.entryId === undefined ? undefined : this.#toc.find(message.entryId);
    if (entry && /^deadlock detected/.test(message.text) && !this.#triedAgain.has(entry)) {
      this.#triedAgain.add(entry);
      this.#deadlocked.add(entry);
      return { kind: "harmless", why: "It is tried again when nothing else runs." };
    }
    const meaning = judgeMessage(
      message,
      entry,
      message.entryId !== undefined && this.#support.has(message.entryId),
    );
    const subject = entry ? this.#describe(entry) : { kind: "statement", name: message.command || "unknown" };
    if (meaning.kind === "harmless") {
      this.#context.reporter.info(`${subject.kind} ${subject.name}: ${message.text} ${meaning.why}`);
    } else if (meaning.kind === "lost") {
      if (entry) this.#add(entry, message.text);
      else this.#lost.set(`${subject.kind} ${subject.name}`, { ...subject, why: message.text });
    }
    return meaning;
  }

  /**
   * What was lost and may be.
   *
   * @throws AppError TOOL_FAILED with everything that was lost and may not be
   */
  requireAllowed(allowed: readonly string[]): LostObject[] {
    for (const entry of this.#deadlocked) this.#add(entry, "deadlock detected");
    const all = [...this.#lost.values()];
    const refused = all.filter(
      (object) => !isAllowedMissing(object, allowed) && !this.#goesWith(object, allowed),
    );
    if (refused.length === 0) return all;
    const lines = refused.slice(0, SHOWN).map(({ kind, name, why }) => `  ${kind} ${name}: ${why}`);
    if (refused.length > SHOWN) lines.push(`  and ${refused.length - SHOWN} more`);
    const advice = [...new Set(refused.flatMap(({ why }) => adviseOn(why) ?? []))];
    const names = refused.slice(0, SHOWN).map(({ kind, name }) => `${kind} ${name}`);
    const count = refused.length === 1 ? "one object" : `${refused.length} objects`;
    throw new AppError("TOOL_FAILED", [`pg_restore could not restore ${count}:`, ...lines].join("\n"), {
      hint: [...advice, `To restore without: --allow-missing "${names.join(",")}"`].join(" "),
    });
  }

  /** What only says something of an object is no loss of its own where that object may be missing. */
  #goesWith({ kind, name }: LostObject, allowed: readonly string[]): boolean {
    return this.#toc.entries.some((entry) => {
      if (!SAYINGS.has(entry.kind) || !this.#lostEntries.has(entry.id)) return false;
      const own = this.#describe(entry);
      if (own.kind !== kind || own.name !== name) return false;
      return this.#toc.neededBy(entry).some((subject) => isAllowedMissing(this.#describe(subject), allowed));
    });
  }

  #add(entry: TocEntry, why: string): void {
    const key = this.#keyOf(entry);
    this.#lostEntries.add(entry.id);
    // Of several messages about one object, the first tells why.
    if (!this.#lost.has(key)) this.#lost.set(key, { ...this.#describe(entry), why });
  }

  #keyOf(entry: TocEntry): string {
    const { kind, name } = this.#describe(entry);
    return `${kind} ${name}`;
  }

  #describe(entry: TocEntry): { kind: string; name: string } {
    return describeEntry(entry, this.#toc, this.#inventory);
  }
}
