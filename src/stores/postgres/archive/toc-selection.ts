import type { Inventory } from "../../../backup/inventory.ts";
import { isSelective, ScopeReader } from "../../../backup/restore-scope.ts";
import type { RestoreScope } from "../../../backup/restore-scope.ts";
import { RELATION_KINDS, relationName } from "./toc.ts";
import type { Toc, TocEntry } from "./toc.ts";

/** The entries of an archive that a restore of a part takes. */
export interface Selection {
  entries: TocEntry[];
  /**
   * Ids of those that only lie under what was asked for: a type, a function, the schema. They are made where they
   * are missing, and left as they are where they are not.
   */
  support: ReadonlySet<number>;
}

/** What comes and goes with what it stands on. */
const SATELLITES: ReadonlySet<string> = new Set([
  "ACL",
  "COMMENT",
  "CHECK CONSTRAINT",
  "CONSTRAINT",
  "DEFAULT",
  "FK CONSTRAINT",
  "INDEX",
  "INDEX ATTACH",
  "MATERIALIZED VIEW DATA",
  "POLICY",
  "ROW SECURITY",
  "RULE",
  "SECURITY LABEL",
  "SEQUENCE OWNED BY",
  "SEQUENCE SET",
  "STATISTICS",
  "STATISTICS DATA",
  "TABLE ATTACH",
  "TABLE DATA",
  "TRIGGER",
]);
/** Computed from rows, or rows themselves. */
const COMES_WITH_ROWS: ReadonlySet<string> = new Set([
  "BLOB METADATA",
  "BLOBS",
  "MATERIALIZED VIEW DATA",
  "SEQUENCE SET",
  "STATISTICS DATA",
  "TABLE DATA",
]);
const ROWS: ReadonlySet<string> = new Set(["SEQUENCE SET", "TABLE DATA"]);

/**
 * Chooses what a scope covers: its tables and all that belongs to them, what lies in its schemas, and what these
 * stand on. What needs a table outside is left out.
 *
 * @param isLeftOut - what is not restored in any case
 */
export function selectEntries(
  toc: Toc,
  inventory: Inventory,
  scope: RestoreScope | undefined,
  isLeftOut: (entry: TocEntry) => boolean = () => false,
): Selection {
  const content = scope?.content ?? "all";
  const isOfContent = ({ kind }: TocEntry): boolean =>
    content === "all" || (content === "data" ? ROWS.has(kind) : !COMES_WITH_ROWS.has(kind));
  const wanted = (entry: TocEntry): boolean => isOfContent(entry) && !isLeftOut(entry);
  if (!scope || !isSelective(scope)) {
    const gone = new Set(toc.entries.filter(isLeftOut));
    const entries = toc.entries.filter(
      (entry) =>
        wanted(entry) && !(entry.kind === "COMMENT" && toc.neededBy(entry).some((it) => gone.has(it))),
    );
    return { entries, support: new Set() };
  }
  const chosen = new Chooser(toc, inventory, scope).choose();
  return {
    entries: toc.entries.filter((entry) => chosen.has(entry.id) && wanted(entry)),
    support: new Set([...chosen].flatMap(([id, isSupport]) => (isSupport ? [id] : []))),
  };
}

class Chooser {
  readonly #toc: Toc;
  readonly #reader: ScopeReader;
  readonly #schemas: ReadonlySet<string>;
  /** Whether an entry is in, by id; undefined while it is being asked for. */
  readonly #asked = new Map<TocEntry, boolean | undefined>();
  readonly #met = new Map<TocEntry, boolean>();

  constructor(toc: Toc, inventory: Inventory, scope: RestoreScope) {
    this.#toc = toc;
    this.#reader = new ScopeReader(inventory, scope);
    this.#schemas = new Set(scope.schemas);
  }

  /** By id, whether it is only support. */
  choose(): Map<number, boolean> {
    const chosen = new Map<number, boolean>();
    for (const entry of this.#toc.entries) if (this.#isChosen(entry)) chosen.set(entry.id, false);
    const addSupport = (entry: TocEntry): void => {
      for (const needed of this.#toc.neededBy(entry)) {
        if (chosen.has(needed.id)) continue;
        chosen.set(needed.id, true);
        addSupport(needed);
      }
    };
    for (const entry of this.#toc.entries) if (chosen.get(entry.id) === false) addSupport(entry);
    return chosen;
  }

  #isChosen(entry: TocEntry): boolean {
    const known = this.#asked.get(entry);
    if (this.#asked.has(entry)) return known ?? true; // a circle stands or falls with the rest of it
    this.#asked.set(entry, undefined);
    const isIn = this.#isWanted(entry) && this.#isMet(entry);
    this.#asked.set(entry, isIn);
    return isIn;
  }

  #isWanted(entry: TocEntry): boolean {
    const { kind, schema, tag } = entry;
    if (RELATION_KINDS.has(kind)) return this.#reader.holdsTable(relationName(entry));
    if (kind === "SCHEMA") return this.#schemas.has(tag);
    const needed = this.#toc.neededBy(entry);
    if (SATELLITES.has(kind)) return needed.some((other) => this.#isChosen(other));
    const owner = needed.find((other) => RELATION_KINDS.has(other.kind));
    if (kind === "SEQUENCE" && owner) return this.#isChosen(owner);
    return schema !== null && this.#schemas.has(schema);
  }

  /** Whether no table or view is missing below it. */
  #isMet(entry: TocEntry): boolean {
    const known = this.#met.get(entry);
    if (known !== undefined) return known;
    this.#met.set(entry, true); // a circle stands or falls with the rest of it
    const isMet = this.#toc.neededBy(entry).every((needed) => {
      if (RELATION_KINDS.has(needed.kind) || SATELLITES.has(needed.kind)) return this.#isChosen(needed);
      return this.#isMet(needed);
    });
    this.#met.set(entry, isMet);
    return isMet;
  }
}
