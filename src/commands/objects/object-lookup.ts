import type { StoredObject } from "../../backup/manifest.ts";
import type { Destination } from "../../destinations/destination.ts";
import { AppError } from "../../errors.ts";
import type { Reporter } from "../../run-context.ts";

/** Up to so many objects are looked for one by one; more of them are found by listing their folder once. */
const SINGLE_LOOKUPS = 50;

/** Finds out whether objects of earlier backups are still there, as they were. */
export class ObjectLookup {
  readonly #folder: string;
  readonly #known: readonly StoredObject[];
  readonly #destination: Destination;
  readonly #reporter: Reporter;
  #sizes: Promise<ReadonlyMap<string, number>> | undefined;
  #isRefused = false;

  /** @param known - every object that may be asked for; all lie in the folder */
  constructor(folder: string, known: readonly StoredObject[], destination: Destination, reporter: Reporter) {
    this.#folder = folder;
    this.#known = known;
    this.#destination = destination;
    this.#reporter = reporter;
  }

  /** Credentials that may not look are no obstacle: the object counts as absent then, and a warning tells why. */
  async holds({ key, sizeBytes }: StoredObject): Promise<boolean> {
    if (this.#isRefused) return false;
    try {
      return (await this.#findSize(key)) === sizeBytes;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "DESTINATION_REFUSED") throw error;
      if (!this.#isRefused) {
        this.#reporter.warn(`Everything is sent, since nobody may look what is there: ${error.message}`);
      }
      this.#isRefused = true;
      return false;
    }
  }

  async #findSize(key: string): Promise<number | undefined> {
    if (this.#known.length <= SINGLE_LOOKUPS) return await this.#destination.findSize(key);
    this.#sizes ??= this.#listSizes();
    return (await this.#sizes).get(key);
  }

  async #listSizes(): Promise<ReadonlyMap<string, number>> {
    const wanted = new Set(this.#known.map(({ key }) => key));
    const sizes = new Map<string, number>();
    for await (const { key, sizeBytes } of this.#destination.list(this.#folder)) {
      if (wanted.has(key)) sizes.set(key, sizeBytes);
    }
    return sizes;
  }
}
