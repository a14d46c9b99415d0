import type { ComposeService } from "./compose.ts";

/** By which variable each store's address is known to the product, and thus to its operator's secrets. */
export interface StoreAddresses {
  postgres?: string;
  clickhouse?: string;
}

/** What the product needs in its environment to run on restored data. */
export interface ApplicationEnvironment {
  /** Lines for bash, since they take the restored stores' addresses from the drill's own variables. */
  exports: string[];
  /** Plain settings, as the example has them. */
  plain: Record<string, string>;
}

const POSTGRES_NAMES = [
  "DIRECT_URL",
  "DIRECT_DATABASE_URL",
  "DATABASE_URL",
  "POSTGRES_URL",
  "POSTGRES_URI",
  "PG_URL",
];
const CLICKHOUSE_NAMES = ["CLICKHOUSE_URL", "CLICKHOUSE_HTTP_URL", "CLICKHOUSE_DSN"];
/** Names of the parts of an address, and the variable of the drill that holds them. */
const PARTS: readonly [RegExp, string][] = [
  [/^(PG|POSTGRES_|DB_|DATABASE_)HOST(NAME)?$/, "POSTGRES_HOST"],
  [/^(PG|POSTGRES_|DB_|DATABASE_)PORT$/, "POSTGRES_PORT"],
  [/^(PG|POSTGRES_|DB_|DATABASE_)USER(NAME)?$/, "POSTGRES_USER"],
  [/^(PG|POSTGRES_|DB_|DATABASE_)PASS(WORD)?$/, "POSTGRES_PASSWORD"],
  [/^(PG|POSTGRES_|DB_|DATABASE_)(DATABASE|DB|NAME)$/, "POSTGRES_DATABASE"],
  [/^CLICKHOUSE_HOST(NAME)?$/, "CLICKHOUSE_HOST"],
  [/^CLICKHOUSE_PORT$/, "CLICKHOUSE_PORT"],
  [/^CLICKHOUSE_USER(NAME)?$/, "CLICKHOUSE_USER"],
  [/^CLICKHOUSE_PASS(WORD)?$/, "CLICKHOUSE_PASSWORD"],
  [/^CLICKHOUSE_(DATABASE|DB|NAME)$/, "CLICKHOUSE_DATABASE"],
];
const SECRET = /(SECRET|TOKEN|PASSWORD|PASS|KEY|DSN|CREDENTIALS?|WEBHOOK\w*)$/;
/** Long enough for whatever checks the length of a session secret; it guards nothing but a drill. */
const THROWAWAY = "only-for-the-drill-0123456789abcdef";

/**
 * Puts defaults in the place of variables, as compose has them: `${REGION:-eu}` is `eu`. What only somebody's environment
 * knows is empty: in lifeboat.yml it would be a variable that no workflow sets, or none at all.
 */
export function settleDefaults(known: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(known).map(([name, value]) => {
      const settled = value.replace(/\$\{\w+:?-([^{}]*)\}/g, "$1");
      return [name, /\$[{A-Za-z_]/.test(settled) ? "" : settled];
    }),
  );
}

/** Finds by which variables the product reaches its stores; the direct address before that of a pooler. */
export function findAddresses(
  known: Readonly<Record<string, string>>,
  services: readonly ComposeService[],
): StoreAddresses {
  const speaks = (pattern: RegExp) => (name: string) => pattern.test(known[name] ?? "");
  const isRun = (image: RegExp): boolean => services.some((service) => image.test(service.image ?? ""));
  const postgres =
    POSTGRES_NAMES.find((name) => name in known) ??
    Object.keys(known).find(speaks(/^postgres(ql)?:\/\//)) ??
    (isRun(/(^|\/)(postgres|postgis|timescaledb|pgvector)\b/) ? "DATABASE_URL" : undefined);
  const clickhouse =
    CLICKHOUSE_NAMES.find((name) => name in known) ??
    Object.keys(known).find(speaks(/^clickhouses?:\/\//)) ??
    (isRun(/clickhouse/) || Object.keys(known).some((name) => name.startsWith("CLICKHOUSE_"))
      ? "CLICKHOUSE_URL"
      : undefined);
  return { ...(postgres !== undefined && { postgres }), ...(clickhouse !== undefined && { clickhouse }) };
}

/**
 * What the product is started with in a drill: addresses lead to the restored stores, settings are those of the
 * example, and a secret without a value in the example gets a throwaway one. The keys of `keys` come from secrets.
 */
export function prepareEnvironment(
  known: Readonly<Record<string, string>>,
  stores: StoreAddresses,
  keys: readonly string[],
): ApplicationEnvironment {
  const exports: string[] = [];
  const plain: Record<string, string> = {};
  const isSplit = Object.keys(known).some((name) => /^CLICKHOUSE_(USER|PASS)/.test(name));
  for (const [name, value] of Object.entries(known)) {
    const part = PARTS.find(([pattern]) => pattern.test(name))?.[1];
    if (keys.includes(name) || name === "PORT") continue;
    if (POSTGRES_NAMES.includes(name) || name === stores.postgres || /^postgres(ql)?:\/\//.test(value)) {
      exports.push(`export ${name}="$LIFEBOAT_POSTGRES_URL"`);
    } else if (CLICKHOUSE_NAMES.includes(name) || name === stores.clickhouse) {
      exports.push(`export ${name}="${isSplit ? CLICKHOUSE_ORIGIN : "$LIFEBOAT_CLICKHOUSE_URL"}"`);
    } else if (part !== undefined) exports.push(`export ${name}="$LIFEBOAT_${part}"`);
    else if (SECRET.test(name)) plain[name] = THROWAWAY;
    else if (value !== "") plain[name] = value;
  }
  return { exports, plain };
}

const CLICKHOUSE_ORIGIN = "http://$LIFEBOAT_CLICKHOUSE_HOST:$LIFEBOAT_CLICKHOUSE_PORT";
