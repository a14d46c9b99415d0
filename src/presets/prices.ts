/**
 * What providers ask for what a backup uses, as they publish it: list prices, before discounts and taxes. What is not
 * here is not known here; nothing is guessed.
 */
export type Provider = "AWS" | "Backblaze B2" | "ClickHouse Cloud" | "Cloudflare R2" | "Neon" | "Supabase";

/** `writes`, `reads`: requests. `retrieval`: bytes read from a colder class. `egress`: bytes that leave the provider. */
export type Charge = "storage" | "writes" | "reads" | "retrieval" | "egress" | "compute";

/** GB are decimal; a unit of compute is the provider's own. */
export type Unit = "GB-month" | "GB" | "1000 requests" | "unit-hour";

export interface Price {
  provider: Provider;
  charge: Charge;
  /** What `usd` buys. */
  unit: Unit;
  usd: number;
  /** Of a bucket; the standard class where absent. */
  storageClass?: string;
  /** So many units a month cost nothing. */
  free?: number;
  /** GB that may leave in a month for each GB that is stored, free. */
  freePerStoredGb?: number;
  /** What is removed earlier is paid for so long. */
  minimumDays?: number;
  /** How much runs while the database is awake, and for how long it stays so after the last query, unless it was told otherwise. */
  awake?: { units: number; idleMinutes: number };
  /** The plan or region that it holds for. */
  terms: string;
  /** When it was written down here, ISO 8601: the source says whether it still holds. */
  recordedAt: string;
  source: string;
}

const S3 = {
  provider: "AWS",
  terms: "us-east-1",
  recordedAt: "2026-11-21",
  source: "https://aws.amazon.com/s3/pricing/",
} as const;
const R2 = {
  provider: "Cloudflare R2",
  terms: "standard storage",
  recordedAt: "2026-08-03",
  source: "https://developers.cloudflare.com/r2/pricing/",
} as const;
const B2 = {
  provider: "Backblaze B2",
  terms: "pay as you go",
  recordedAt: "2026-04-30",
  source: "https://www.backblaze.com/cloud-storage/pricing",
} as const;
const NEON = {
  provider: "Neon",
  terms: "Launch plan",
  recordedAt: "2026-11-21",
  source: "https://neon.com/pricing",
} as const;
const CLICKHOUSE = {
  provider: "ClickHouse Cloud",
  terms: "Enterprise plan, AWS us-east-1; smaller plans ask less for compute",
  recordedAt: "2026-09-05",
  source: "https://clickhouse.com/pricing.md",
} as const;

/** A class of S3: USD for a GB-month, for 1000 writes and reads, and for a GB read; and days that are paid for at least. */
function priceClass(
  storageClass: string,
  [storage, writes, reads, retrieval]: readonly [number, number, number, number],
  minimumDays?: number,
): Price[] {
  const about = { ...S3, storageClass };
  return [
    { ...about, charge: "storage", unit: "GB-month", usd: storage, ...(minimumDays && { minimumDays }) },
    { ...about, charge: "writes", unit: "1000 requests", usd: writes },
    { ...about, charge: "reads", unit: "1000 requests", usd: reads },
    { ...about, charge: "retrieval", unit: "GB", usd: retrieval },
  ];
}

export const PRICES: readonly Price[] = [
  ...priceClass("STANDARD", [0.023, 0.005, 0.0004, 0]),
  ...priceClass("STANDARD_IA", [0.0125, 0.01, 0.001, 0.01], 30),
  ...priceClass("ONEZONE_IA", [0.01, 0.01, 0.001, 0.01], 30),
  ...priceClass("GLACIER_IR", [0.004, 0.02, 0.01, 0.03], 90),
  { ...S3, charge: "egress", unit: "GB", usd: 0.09, free: 100 },

  { ...R2, charge: "storage", unit: "GB-month", usd: 0.015, free: 10 },
  { ...R2, charge: "writes", unit: "1000 requests", usd: 0.0045, free: 1000 },
  { ...R2, charge: "reads", unit: "1000 requests", usd: 0.000_36, free: 10_000 },
  { ...R2, charge: "egress", unit: "GB", usd: 0 },

  { ...B2, charge: "storage", unit: "GB-month", usd: 0.006, free: 10 },
  { ...B2, charge: "writes", unit: "1000 requests", usd: 0 },
  { ...B2, charge: "reads", unit: "1000 requests", usd: 0.0004 },
  { ...B2, charge: "egress", unit: "GB", usd: 0.01, freePerStoredGb: 3 },

  { ...NEON, charge: "egress", unit: "GB", usd: 0.1, free: 100 },
  { ...NEON, charge: "compute", unit: "unit-hour", usd: 0.106, awake: { units: 1, idleMinutes: 5 } },

  {
    provider: "Supabase",
    charge: "egress",
    unit: "GB",
    usd: 0.09,
    free: 250,
    terms: "Pro plan",
    recordedAt: "2026-11-21",
    source: "https://supabase.com/docs/guides/platform/manage-your-usage/egress",
  },

  { ...CLICKHOUSE, charge: "egress", unit: "GB", usd: 0.115 },
  { ...CLICKHOUSE, charge: "compute", unit: "unit-hour", usd: 0.3903, awake: { units: 2, idleMinutes: 15 } },
];

export function findPrice(
  provider: Provider | undefined,
  charge: Charge,
  storageClass = "STANDARD",
): Price | undefined {
  return PRICES.find(
    (price) =>
      price.provider === provider &&
      price.charge === charge &&
      (price.storageClass ?? storageClass) === storageClass,
  );
}

const DATABASE_HOSTS: readonly [RegExp, Provider][] = [
  [/\.supabase\.(co|com)$/, "Supabase"],
  [/\.neon\.(tech|build)$/, "Neon"],
  [/\.rds\.amazonaws\.com$/, "AWS"],
  [/\.clickhouse\.cloud$/, "ClickHouse Cloud"],
];

const BUCKET_HOSTS: readonly [RegExp, Provider][] = [
  [/\.amazonaws\.com$/, "AWS"],
  [/\.r2\.cloudflarestorage\.com$/, "Cloudflare R2"],
  [/\.backblazeb2\.com$/, "Backblaze B2"],
];

/** Whose database answers at a host. */
export function findDatabaseProvider(host: string): Provider | undefined {
  return DATABASE_HOSTS.find(([hosts]) => hosts.test(host.toLowerCase()))?.[1];
}

/** Whose buckets an S3 endpoint serves; without an endpoint it is AWS. */
export function findBucketProvider(endpoint: string | undefined): Provider | undefined {
  if (endpoint === undefined) return "AWS";
  if (!URL.canParse(endpoint)) return undefined;
  return BUCKET_HOSTS.find(([hosts]) => hosts.test(new URL(endpoint).hostname))?.[1];
}
