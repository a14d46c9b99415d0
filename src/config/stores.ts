import { formatUri, parseConninfo } from "../conninfo.ts";
import { Secret } from "../sys/secret.ts";
import type { Address } from "./addresses.ts";
import { hasParts, readAddress } from "./addresses.ts";
import type { StoreKind } from "../backup/manifest.ts";
import type { ServerDestination } from "../stores/clickhouse/server-mode/server-destination.ts";
import type { Path } from "./faults.ts";
import type { Command } from "./options.ts";
import type { Place } from "./problems.ts";
import { suggest } from "./problems.ts";
import { readClickHouseChoices } from "./clickhouse-choices.ts";
import type { ClickHouseChoices } from "./clickhouse-choices.ts";
import { CLICKHOUSE_KEYS } from "./clickhouse-keys.ts";
import { POSTGRES_KEYS } from "./postgres-keys.ts";
import { readPostgresChoices } from "./postgres-scope.ts";
import type { PostgresChoices } from "./postgres-scope.ts";
import { NAME, STORE_KINDS } from "./schema.ts";
import type { Sources } from "./sources.ts";
import type { Given } from "./values.ts";

/** A database to back up. */
export type StoreConfig =
  | ({ name: string; kind: "postgres" } & Address & PostgresChoices)
  /** Without `databases`: all but the system's own. */
  | ({ name: string; kind: "clickhouse"; url: Secret; databases?: string[] } & ClickHouseChoices);

/** Where one store is restored to. */
export interface TargetConfig extends Address, Pick<ClickHouseChoices, "serverMode"> {
  store: string;
  kind: StoreKind;
}

/** Reads which stores there are, where they are, and where they are restored to. */
export class StoreReader {
  /** The stores that the operator chose; undefined when all are meant. */
  readonly chosen: readonly string[] | undefined;
  /** Where servers write rows by themselves, as far as what is said of it can be read here; filled by `readStores`. */
  readonly serverDestinations: ServerDestination[] = [];
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
    const members = chosen.flatMap((name) => this.#membersOf(name).map((member) => member.name));
    this.chosen = chosen.length > 0 ? members : undefined;
  }

  /** Reports a name that the file does not know; without stores in the file every name may be right. */
  requireKnown(name: string, place: Place): void {
    const known = [...new Set([...Object.keys(this.#sources.content.stores ?? {}), ...this.names])];
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
      const members = this.#membersOf(name).filter((member) => this.#isChosen(member.name));
      const isUsed = isNeeded && members.length > 0;
      this.#requireNames(name);
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
      const scope = this.#readScope(name, kind, isUsed);
      if (!isUsed || !address) return [];
      return members.map((member) => ({
        name: member.name,
        ...withDatabase(address, member.database),
        ...scope,
      }));
    });
  }

  /**
   * A restore writes only where options point; a drill's targets may stand in the file as well. A doctor looks at
   * those whose addresses it is given.
   */
  readTargets(command: Command): TargetConfig[] {
    const isDrill = command === "drill";
    const byOption = this.#readUrlOptions("target-", command !== "restore");
    const inFile = this.#sources.content.drill?.targets ?? {};
    const fromFile = Object.keys(inFile).flatMap((store) => {
      const path = ["drill", "targets", store];
      this.requireKnown(store, this.#sources.place(path));
      const members = this.#membersOf(store)
        .map(({ name }) => name)
        .filter(
          (name) => this.#isChosen(name) && !byOption.has(name) && (name === store || !(name in inFile)),
        );
      const isUsed = (isDrill || command === "doctor") && members.length > 0;
      const isNeeded = isDrill && isUsed;
      const isText = typeof inFile[store] === "string";
      const given = this.#sources.text(isText ? path : [...path, "url"], isNeeded);
      const kind = this.#kindOf(store, path);
      const isGiven = isText || (inFile[store] as { url?: string }).url !== undefined;
      if (isUsed && !isGiven && !hasParts(this.#sources, path)) {
        this.#sources.addAbsent([...path, "url"], this.#sources.place(path), "needs a url, or a host.");
      }
      const [target] = this.#buildTarget(store, kind, given, isText ? undefined : path, isNeeded);
      return isUsed && target ? members.map((name) => ({ ...target, store: name })) : [];
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

  #isEntryChosen(entry: string): boolean {
    return this.#membersOf(entry).some(({ name }) => this.#isChosen(name));
  }

  /** Stores are folders at the destination, which not every name of a database can be. */
  #requireNames(entry: string): void {
    for (const [index, { name }] of this.#membersOf(entry).entries()) {
      if (NAME.test(name)) continue;
      this.#sources.problems.add(
        this.#sources.place(["stores", entry, "databases", index]),
        "cannot be part of a store's name. Write a store of its own for it, with database.",
      );
    }
  }

  #isChosen(name: string): boolean {
    return this.chosen?.includes(name) ?? true;
  }

  /** A file without stores, as a drill's may be, tells kinds by the names of its targets. */
  #kindOf(store: string, path: Path): StoreKind | undefined {
    if (this.#sources.content.stores !== undefined) return this.#kinds.get(this.#entryOf(store));
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
  #readUrlOptions(prefix: "" | "target-", servesAll = false): Map<string, { kind: StoreKind; given: Given }> {
    const found = new Map<string, { kind: StoreKind; given: Given }>();
    for (const kind of STORE_KINDS) {
      const given = this.#sources.option(`${prefix}${kind}-url`);
      if (!given) continue;
      const ofKind = [...this.#kinds].filter(([, candidate]) => candidate === kind).map(([name]) => name);
      const names = ofKind.length > 1 ? ofKind.filter((name) => this.#isEntryChosen(name)) : ofKind;
      const onlyChosen = this.chosen?.length === 1 && this.#kinds.size === 0 ? this.chosen[0] : undefined;
      const entry = names[0] ?? onlyChosen ?? kind;
      // A drill makes a database of its own for each store on the server it is given.
      const members = this.#membersOf(entry)
        .map(({ name }) => name)
        .filter((name) => this.#isChosen(name));
      const fitting = prefix === "" ? [entry] : members;
      for (const name of fitting) found.set(name, { kind, given });
      const several = names.length > 1 ? names : fitting.length > 1 && !servesAll ? fitting : [];
      if (several.length > 0) {
        const text = `fits several stores (${several.join(", ")}). Choose one with the option store.`;
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
    if (!kind || !address) return [];
    // A server that reads what another server wrote needs the same credentials.
    const { serverMode } = kind === "clickhouse" ? readClickHouseChoices(this.#sources, store, false) : {};
    return [{ store, kind, ...address, ...(serverMode && { serverMode }) }];
  }

  #readScope(
    name: string,
    kind: StoreKind,
    isUsed: boolean,
  ):
    | ({ kind: "postgres" } & PostgresChoices)
    | ({ kind: "clickhouse"; databases?: string[] } & ClickHouseChoices) {
    const store = this.#sources.content.stores?.[name];
    for (const key of kind === "postgres" ? CLICKHOUSE_KEYS : POSTGRES_KEYS) {
      if (store?.[key] === undefined) continue;
      const place = this.#sources.place(["stores", name, key]);
      this.#sources.problems.add(place, `means nothing for ${kind}. Leave it out.`);
    }
    if (kind === "postgres") return { kind, ...readPostgresChoices(this.#sources, name) };
    const choices = readClickHouseChoices(this.#sources, name, isUsed);
    if (choices.serverMode) this.serverDestinations.push(choices.serverMode.destination);
    return {
      kind,
      ...(store?.databases && { databases: this.#readDatabases(name, true) }),
      ...choices,
    };
  }

  /** @param isNeeded - whether a variable that is not set is a problem here */
  #readDatabases(name: string, isNeeded: boolean): string[] {
    return (this.#sources.content.stores?.[name]?.databases ?? []).flatMap(
      (_, index) => this.#sources.text(["stores", name, "databases", index], isNeeded)?.text ?? [],
    );
  }

  /** The stores that an entry of the file stands for: several where it names databases of one Postgres server. */
  #membersOf(name: string): { name: string; database?: string }[] {
    const { databases } = this.#sources.content.stores?.[name] ?? {};
    if (this.#kinds.get(name) !== "postgres" || databases === undefined) return [{ name }];
    return this.#readDatabases(name, false).map((database) => ({ name: `${name}-${database}`, database }));
  }

  /** Every store of the file by its own name. */
  get names(): string[] {
    const entries = Object.keys(this.#sources.content.stores ?? {});
    return entries.flatMap((entry) => this.#membersOf(entry).map(({ name }) => name));
  }

  /** The entry of the file that a store comes from. */
  #entryOf(store: string): string {
    const entries = Object.keys(this.#sources.content.stores ?? {});
    return entries.find((entry) => this.#membersOf(entry).some(({ name }) => name === store)) ?? store;
  }
}

/** The same address with another database. */
function withDatabase(address: Address, database: string | undefined): Address {
  const parameters = database === undefined ? undefined : parseConninfo(address.url.reveal());
  if (!(parameters instanceof Map) || database === undefined) return address;
  return { ...address, url: new Secret(formatUri(new Map(parameters).set("dbname", database))) };
}
