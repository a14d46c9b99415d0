import type { StoreKind } from "../backup/manifest.ts";
import type { Secret } from "../sys/secret.ts";
import { suggest } from "./problems.ts";
import { STORE_KINDS } from "./schema.ts";
import type { Sources } from "./sources.ts";
import type { Given } from "./values.ts";
import { listUrlSecrets, readStoreUrl } from "./values.ts";

/** A database to back up. */
export type StoreConfig =
  | { name: string; kind: "postgres"; url: Secret; excludeSchemas: string[] }
  /** Without `databases`: all but the system's own. */
  | { name: string; kind: "clickhouse"; url: Secret; databases?: string[] };

/** Where one store is restored to. */
export interface TargetConfig {
  store: string;
  kind: StoreKind;
  url: Secret;
}

export type StoreKinds = ReadonlyMap<string, StoreKind>;

/** The kind of every store that the file names. */
export function readStoreKinds(sources: Sources): StoreKinds {
  const kinds = new Map<string, StoreKind>();
  for (const [name, store] of Object.entries(sources.content.stores ?? {})) {
    const kind = store.kind ?? STORE_KINDS.find((candidate) => candidate === name);
    if (kind) kinds.set(name, kind);
    else
      sources.addAbsent(
        "stores",
        sources.place(["stores", name]),
        `needs a kind: ${STORE_KINDS.join(" or ")}.`,
      );
  }
  return kinds;
}

/** The stores that the operator chose, all when none; a name that the file does not know is a problem. */
export function readChosenStores(sources: Sources, kinds: StoreKinds): string[] | undefined {
  const chosen = sources.list("store");
  const known = [...kinds.keys()];
  for (const name of chosen) {
    if (known.length === 0 || kinds.has(name)) continue;
    sources.addAbsent(
      "stores",
      sources.optionPlace("store"),
      `names ${name}, which is no store.${suggest(name, known)}`,
    );
  }
  return chosen.length > 0 ? chosen : undefined;
}

/** @param isNeeded - whether the command reads the databases: a drill must not need the passwords of production */
export function readStores(
  sources: Sources,
  kinds: StoreKinds,
  chosen: readonly string[] | undefined,
  isNeeded: boolean,
): StoreConfig[] {
  const urls = readUrlOptions(sources, "", kinds, chosen);
  const isChosen = (name: string): boolean => chosen?.includes(name) ?? true;
  const stores = [
    ...new Map([...kinds, ...[...urls].map(([name, { kind }]) => [name, kind] as const)]),
  ].flatMap(([name, kind]): StoreConfig[] => {
    const path = ["stores", name];
    const isUsed = isNeeded && isChosen(name);
    const given = urls.get(name)?.given ?? sources.text([...path, "url"], isUsed);
    if (isUsed && sources.content.stores?.[name]?.url === undefined && !given) {
      sources.addAbsent("stores", sources.place(path), `needs a url, or the option ${kind}-url.`);
    }
    const url = readUrl(sources, given, kind);
    const scope = readScope(sources, name, kind);
    return isUsed && url ? [{ name, url, ...scope }] : [];
  });
  // A store of no known kind is told about already; its variables still are to be.
  for (const name of Object.keys(sources.content.stores ?? {})) {
    if (!kinds.has(name)) sources.text(["stores", name, "url"], isNeeded && isChosen(name));
  }
  if (isNeeded && kinds.size + urls.size === 0) {
    const options = STORE_KINDS.map((kind) => sources.optionPlace(`${kind}-url`).label).join(" or ");
    sources.addAbsent(
      "stores",
      { label: "Nothing", order: 0 },
      `is to be backed up. Give ${options}, or stores in ${sources.filePath}.`,
    );
  }
  return stores;
}

/** @param isNeeded - whether the command restores into the drill's targets */
export function readDrillTargets(
  sources: Sources,
  kinds: StoreKinds,
  chosen: readonly string[] | undefined,
  isNeeded: boolean,
): TargetConfig[] {
  const targets = new Map<string, TargetConfig>();
  const byOption = readTargetOptions(sources, kinds, chosen);
  for (const [store, target] of Object.entries(sources.content.drill?.targets ?? {})) {
    const path = ["drill", "targets", store];
    const kind = kinds.get(store) ?? STORE_KINDS.find((candidate) => kinds.size === 0 && candidate === store);
    if (!kind) {
      sources.addAbsent(
        "stores",
        sources.place(path),
        `belongs to no store.${suggest(store, [...kinds.keys()])}`,
      );
      continue;
    }
    const isUsed =
      isNeeded && (chosen?.includes(store) ?? true) && !byOption.some((one) => one.store === store);
    const given = sources.text(typeof target === "string" ? path : [...path, "url"], isUsed);
    const url = readUrl(sources, given, kind);
    if (isUsed && url) targets.set(store, { store, kind, url });
  }
  for (const target of byOption) targets.set(target.store, target);
  return [...targets.values()];
}

/** The targets given as options: all that a restore ever writes to. */
export function readTargetOptions(
  sources: Sources,
  kinds: StoreKinds,
  chosen: readonly string[] | undefined,
): TargetConfig[] {
  return [...readUrlOptions(sources, "target-", kinds, chosen)].flatMap(([store, { kind, given }]) => {
    const url = readUrl(sources, given, kind);
    return url && (chosen?.includes(store) ?? true) ? [{ store, kind, url }] : [];
  });
}

/**
 * Which store an option such as postgres-url is about: the only one of its kind, by the name the file or the
 * option `store` gives it; a store named like its kind where neither gives one.
 */
function readUrlOptions(
  sources: Sources,
  prefix: "" | "target-",
  kinds: StoreKinds,
  chosen: readonly string[] | undefined,
): Map<string, { kind: StoreKind; given: Given }> {
  const found = new Map<string, { kind: StoreKind; given: Given }>();
  for (const kind of STORE_KINDS) {
    const given = sources.option(`${prefix}${kind}-url`);
    if (!given) continue;
    const ofKind = [...kinds].filter(([, candidate]) => candidate === kind).map(([name]) => name);
    const names = chosen && ofKind.length > 1 ? ofKind.filter((name) => chosen.includes(name)) : ofKind;
    const only = chosen?.length === 1 && kinds.size === 0 ? chosen[0] : undefined;
    if (names.length > 1) {
      sources.problems.add(
        given.place,
        `fits several stores (${names.join(", ")}). Choose one with the option store, or write them in ${sources.filePath}.`,
      );
    } else found.set(names[0] ?? only ?? kind, { kind, given });
  }
  return found;
}

function readUrl(sources: Sources, given: Given | undefined, kind: StoreKind): Secret | undefined {
  const url = given && readStoreUrl(given, kind, sources.problems);
  if (url) sources.secrets.push(...listUrlSecrets(url));
  return url;
}

type Scope = { kind: "postgres"; excludeSchemas: string[] } | { kind: "clickhouse"; databases?: string[] };

function readScope(sources: Sources, name: string, kind: StoreKind): Scope {
  const store = sources.content.stores?.[name];
  const foreign = kind === "postgres" ? "databases" : "exclude-schemas";
  if (store?.[foreign]) {
    sources.problems.add(
      sources.place(["stores", name, foreign]),
      `means nothing for ${kind}. Leave it out.`,
    );
  }
  const expand = (key: "databases" | "exclude-schemas"): string[] =>
    (store?.[key] ?? []).flatMap((_, index) => sources.text(["stores", name, key, index])?.text ?? []);
  if (kind === "postgres") return { kind, excludeSchemas: expand("exclude-schemas") };
  return { kind, ...(store?.databases && { databases: expand("databases") }) };
}
