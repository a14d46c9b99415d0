import { buffer } from "node:stream/consumers";
import type { Inventory } from "../../src/backup/inventory.ts";
import { objectsOfStore } from "../../src/backup/manifest.ts";
import type { StoreManifest } from "../../src/backup/manifest.ts";
import type { RestoreOutcome, RestoreRequest, TargetFacts, ThrowawayTarget } from "../../src/stores/store.ts";

interface Behaviour {
  facts: Partial<TargetFacts>;
  /** What the restored data is found to be. */
  damage(inventory: Inventory): void;
  /** What a query returns. */
  answer(sql: string): Record<string, unknown>[];
  /** Called when a method has begun; what it throws, the caller of the method gets. */
  on(method: Moment): void | Promise<void>;
}

type Moment = "inspect" | "restore" | "takeInventory" | "settle" | "query" | "destroy" | "close";

/** A target that reads all objects of a store and remembers what was done to it, in order. */
export class FakeTarget implements ThrowawayTarget {
  readonly kind: StoreManifest["kind"];
  readonly store: string;
  readonly calls: string[] = [];
  holdsData = false;
  readonly #behaviour: Partial<Behaviour>;

  constructor(kind: StoreManifest["kind"], store: string, behaviour: Partial<Behaviour> = {}) {
    this.kind = kind;
    this.store = store;
    this.#behaviour = behaviour;
  }

  async inspect(): Promise<TargetFacts> {
    await this.#begin("inspect");
    return {
      id: `target of ${this.store}`,
      host: `${this.store}.example`,
      databases: [`${this.store}_target`],
      occupiedBy: [],
      serverVersion: "1",
      ...this.#behaviour.facts,
    };
  }

  async restore(backup: StoreManifest, { objects, replace }: RestoreRequest): Promise<RestoreOutcome> {
    this.holdsData = true;
    await this.#begin("restore", replace ? " and replace" : "");
    for (const object of objectsOfStore(backup)) await buffer(await objects.open(object));
    return { lost: [] };
  }

  async takeInventory(backup: StoreManifest): Promise<Inventory> {
    await this.#begin("takeInventory");
    const inventory = structuredClone(backup.inventory);
    this.#behaviour.damage?.(inventory);
    return inventory;
  }

  async settle(): Promise<void> {
    await this.#begin("settle");
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    await this.#begin("query", `: ${sql}`);
    return this.#behaviour.answer?.(sql) ?? [{ answer: 1 }];
  }

  connectionEnv(): Record<string, string> {
    return { [`LIFEBOAT_${this.store.toUpperCase()}_URL`]: `fake://${this.store}` };
  }

  async destroy(): Promise<void> {
    await this.#begin("destroy");
    this.holdsData = false;
  }

  async close(): Promise<void> {
    await this.#begin("close");
  }

  async #begin(method: Moment, details = ""): Promise<void> {
    this.calls.push(method + details);
    await this.#behaviour.on?.(method);
  }
}
