import type { Address } from "./addresses.ts";
import { hasParts, readAddress } from "./addresses.ts";
import type { StoreKind } from "../backup/manifest.ts";
import type { Secret } from "../sys/secret.ts";
import type { Path } from "./faults.ts";
import type { Command } from "./options.ts";
import type { Place } from "./problems.ts";
import { suggest } from "./problems.ts";
import { STORE_KINDS } from "./schema.ts";
import type { Sources } from "./sources.ts";
import type { Given } from "./values.ts";

/** A database to back up. */
export type StoreConfig =
  | ({ name: string; kind: "postgres"; excludeSchemas: string[] } & Address)
  /** Without `databases`: all but the system's own. */
  | { name: string; kind: "clickhouse"; url: Secret; databases?: string[] };

/** Where one store is restored to. */
export interface TargetConfig extends Address {
  store: string;
  kind: StoreKind;
}

/** Reads which stores there are, where they are, and where they are restored to. */
export class StoreReader {
  /** The stores that the operator chose; undefined when all are meant. */
  readonly chosen: readonly string[] | undefined;
  readonly #sources: Sources;
  /** Of the stores that the file names. */
  readonly #kinds = new Map<string, StoreKind>();

  constructor(sources: Sources) {
    this.#sources = sources;
    for (const [name, { kind }] of Object.entries(sources.content.stores ?? {})) {
      const path = ["stores", name];
      const known = kind ?? STORE_KINDS.find((candidate) => candidate === name);
      if (known) this.#kinds.set(name, known);
      else
        sources.addAbsent(
          [...path, "kind"],
          sources.place(path),
          `needs a kind: ${STORE_KINDS.join(" or ")}.`,
        );
    }
    const chosen = sources.list("store");
    for (const name of chosen) this.requireKnown(name, sources.optionPlace("store"));
    this.chosen = chosen.length > 0 ? chosen : undefined;
  }

  /** Reports a name that the file does not know; without stores in the file every name may be right. */
  requireKnown(name: string, place: Place): void {
    const known = Object.keys(this.#sources.content.stores ?? {});
    if (known.length === 0 || known.includes(name)) return;
    this.#sources.addAbsent(
      ["stores", name],
      place,
      `names ${name}, which is no store.${suggest(name, known)}`,
    );
  }

  /** @param isNeeded - whether the command reads the databases: a drill must not need the passwords of production */
  readStores(isNeeded: boolean): StoreConfig[] {
    const byOption = this.#readUrlOptions("");
    const names = new Set([...Object.keys(this.#sources.content.stores ?? {}), ...byOption.keys()]);
    if (isNeeded && names.size === 0) {
      const options = this.#sources.nameOptions(["postgres-url", "clickhouse-url"]);
      const text = `is to be backed up. Give ${options}, or stores in ${this.#sources.filePath}.`;
      this.#sources.addAbsent(["stores"], { label: "Nothing", order: 0 }, text);
    }
    return [...names].flatMap((name): StoreConfig[] => {
      const path = ["stores", name];
      const isUsed = isNeeded && this.#isChosen(name);
      const option = byOption.get(name);
      const given = option?.given ?? this.#sources.text([...path, "url"], isUsed);
      const kind = option?.kind ?? this.#kinds.get(name);
      if (!kind) return []; // told about already
      const isGiven =
        this.#sources.content.stores?.[name]?.url !== undefined || hasParts(this.#sources, path);
      if (isUsed && !given && !isGiven) {
        const text = `needs a url, or the option ${kind}-url.`;
        this.#sources.addAbsent([...path, "url"], this.#sources.place(path), text);
      }
      const address = readAddress(this.#sources, option ? undefined : path, kind, given, isUsed);
      const scope = this.#readScope(name, kind);
      return isUsed && address ? [{ name, ...address, ...scope }] : [];
    });
  }

  /**
   * A restore writes only where options point; a drill's targets may stand in the file as well. A doctor looks at
   * those whose addresses it is given.
   */
  readTargets(command: Command): TargetConfig[] {
    const isDrill = command === "drill";
    const byOption = this.#readUrlOptions("target-");
    const inFile = this.#sources.content.drill?.targets ?? {};
    const fromFile = Object.keys(inFile).flatMap((store) => {
      const path = ["drill", "targets", store];
      this.requireKnown(store, this.#sources.place(path));
      const isUsed = (isDrill || command === "doctor") && this.#isChosen(store) && !byOption.has(store);
      const isNeeded = isDrill && isUsed;
      const isText = typeof inFile[store] === "string";
      const given = this.#sources.text(isText ? path : [...path, "url"], isNeeded);
      const kind = this.#kindOf(store, path);
      const isGiven = isText || (inFile[store] as { url?: string }).url !== undefined;
      if (isUsed && !isGiven && !hasParts(this.#sources, path)) {
        this.#sources.addAbsent([...path, "url"], this.#sources.place(path), "needs a url, or a host.");
      }
      const target = this.#buildTarget(store, kind, given, isText ? undefined : path, isNeeded);
      return isUsed ? target : [];
    });
    const fromOptions = [...byOption].flatMap(([store, { kind, given }]) =>
      this.#buildTarget(store, kind, given),
    );
    this.#requireTargets(command, isDrill && Object.keys(inFile).length > 0, [...byOption.keys()]);
    return [...fromFile, ...fromOptions.filter(({ store }) => this.#isChosen(store))];
  }

  #requireTargets(command: Command, isInFile: boolean, given: readonly string[]): void {
    const options = ["target-postgres-url", "target-clickhouse-url"] as const;
    const hasOption = options.some((name) => this.#sources.option(name));
    if ((command === "restore" || command === "drill") && !hasOption && !isInFile) {
      const orFile = command === "drill" ? `, or drill.targets in ${this.#sources.filePath}` : "";
      const text = `is given. Give ${this.#sources.nameOptions(options)}${orFile}.`;
      this.#sources.addAbsent(["drill", "targets"], { label: "No target", order: 0 }, text);
    } else if (command === "restore") {
      const without = this.chosen?.filter((name) => !given.includes(name)) ?? [];
      for (const name of without) {
        this.#sources.problems.add(
          this.#sources.optionPlace("store"),
          `names ${name}, but no target is given for it.`,
        );
      }
    }
  }

  #isChosen(name: string): boolean {
    return this.chosen?.includes(name) ?? true;
  }

  /** A file without stores, as a drill's may be, tells kinds by the names of its targets. */
  #kindOf(store: string, path: Path): StoreKind | undefined {
    if (this.#sources.content.stores !== undefined) return this.#kinds.get(store);
    const kind = STORE_KINDS.find((candidate) => candidate === store);
    if (!kind) {
      const text = `belongs to no store: write it under stores, with its kind.`;
      this.#sources.addAbsent(["stores"], this.#sources.place(path), text);
    }
    return kind;
  }

  /**
   * Which store an option such as postgres-url is about: the only one of its kind, by the name the file or the
   * option `store` gives it; a store named like its kind where neither gives one.
   */
  #readUrlOptions(prefix: "" | "target-"): Map<string, { kind: StoreKind; given: Given }> {
    const found = new Map<string, { kind: StoreKind; given: Given }>();
    for (const kind of STORE_KINDS) {
      const given = this.#sources.option(`${prefix}${kind}-url`);
      if (!given) continue;
      const ofKind = [...this.#kinds].filter(([, candidate]) => candidate === kind).map(([name]) => name);
      const names = ofKind.length > 1 ? ofKind.filter((name) => this.#isChosen(name)) : ofKind;
      const onlyChosen = this.chosen?.length === 1 && this.#kinds.size === 0 ? this.chosen[0] : undefined;
      found.set(names[0] ?? onlyChosen ?? kind, { kind, given });
      if (names.length > 1) {
        const text = `fits several stores (${names.join(", ")}). Choose one with the option store.`;
        this.#sources.problems.add(given.place, text);
      }
    }
    return found;
  }

  #buildTarget(
    store: string,
    kind: StoreKind | undefined,
    given: Given | undefined,
    path?: Path,
    isNeeded = true,
  ): TargetConfig[] {
    const address = kind && readAddress(this.#sources, path, kind, given, isNeeded);
    return kind && address ? [{ store, kind, ...address }] : [];
  }

  #readScope(
    name: string,
    kind: StoreKind,
  ): { kind: "postgres"; excludeSchemas: string[] } | { kind: "clickhouse"; databases?: string[] } {
    const store = this.#sources.content.stores?.[name];
    const foreign = kind === "postgres" ? "databases" : "exclude-schemas";
    if (store?.[foreign]) {
      const place = this.#sources.place(["stores", name, foreign]);
      this.#sources.problems.add(place, `means nothing for ${kind}. Leave it out.`);
    }
    const expand = (key: "databases" | "exclude-schemas"): string[] =>
      (store?.[key] ?? []).flatMap(
        (_, index) => this.#sources.text(["stores", name, key, index])?.text ?? [],
      );
    if (kind === "postgres") return { kind, excludeSchemas: expand("exclude-schemas") };
    return { kind, ...(store?.databases && { databases: expand("databases") }) };
  }
}
