import * as z from "zod";
import { keyFingerprintSchema } from "./application-keys.ts";
import { parseDocument, serialiseDocument } from "./document.ts";

const PLAN_VERSION = 1;

/** What one run backs up of one store. */
const portionSchema = z.strictObject({
  store: z.string(),
  /** It says what the store is, and takes what no other run does. */
  isLead: z.boolean(),
  /** Pieces by table, both in the words of the store. */
  tables: z.record(z.string(), z.array(z.string())),
});
export type Portion = z.infer<typeof portionSchema>;

const shardSchema = z.strictObject({
  /** Its number and how many there are: `2/3`. */
  shard: z.string().regex(/^\d+\/\d+$/),
  /** About how much it has to read. */
  sizeBytes: z.number(),
  portions: z.array(portionSchema).min(1),
});
export type PlannedShard = z.infer<typeof shardSchema>;

/** How one backup is divided among several runs, and what they must agree on. */
const planSchema = z.strictObject({
  format: z.literal("lifeboat-plan"),
  formatVersion: z.literal(PLAN_VERSION),
  backupId: z.string(),
  name: z.string(),
  startedAt: z.iso.datetime(),
  /** Addresses of the destinations that receive this backup. */
  destinations: z.array(z.string()).min(1),
  /** Whatever earlier backups hold, everything is sent. */
  full: z.boolean(),
  keys: z.array(keyFingerprintSchema),
  shards: z.array(shardSchema).min(1),
});
export type ShardPlan = z.infer<typeof planSchema>;

export function serialisePlan(plan: Omit<ShardPlan, "format" | "formatVersion">): Buffer {
  return serialiseDocument({ format: "lifeboat-plan", formatVersion: PLAN_VERSION, ...plan });
}

/** @throws AppError FORMAT_TOO_NEW, BACKUP_DAMAGED */
export function parsePlan(bytes: Uint8Array, where: string): ShardPlan {
  const kind = {
    what: "plan",
    format: "lifeboat-plan",
    newestVersion: PLAN_VERSION,
    schema: planSchema,
    hint: "Run plan again, and the shards after it.",
  };
  return parseDocument(kind, bytes, where);
}

/** A store, and what of it can be given to different runs. */
interface Divisible {
  store: string;
  /** What the run that leads must read. */
  sizeBytes: number;
  pieces: readonly { table: string; piece: string; sizeBytes: number }[];
}

/** What a piece costs beside its bytes: requests, and a look whether it is there already. */
const PIECE_BYTES = 1024 ** 2;

/**
 * Divides stores among runs: the largest first, each to the run that has least. No run is without work, so there may
 * be fewer than were asked for.
 */
export function divide(stores: readonly Divisible[], count: number): PlannedShard[] {
  const items = stores.flatMap(({ store, sizeBytes, pieces }) => [
    { store, piece: undefined, sizeBytes },
    ...pieces.map((piece) => ({ store, piece, sizeBytes: piece.sizeBytes })),
  ]);
  const loads = Array.from({ length: Math.min(count, items.length) }, () => ({
    cost: 0,
    sizeBytes: 0,
    portions: new Map<string, Portion>(),
  }));
  for (const { store, piece, sizeBytes } of items.toSorted((a, b) => b.sizeBytes - a.sizeBytes)) {
    const load = loads.reduce((least, each) => (each.cost < least.cost ? each : least));
    load.cost += sizeBytes + PIECE_BYTES;
    load.sizeBytes += sizeBytes;
    const portion = load.portions.get(store) ?? { store, isLead: false, tables: {} };
    load.portions.set(store, portion);
    if (piece === undefined) portion.isLead = true;
    else (portion.tables[piece.table] ??= []).push(piece.piece);
  }
  return loads.map(({ sizeBytes, portions }, index) => ({
    shard: `${index + 1}/${loads.length}`,
    sizeBytes,
    portions: [...portions.values()],
  }));
}

/** Which pieces of a store a shard backs up. Who leads takes all but what others hold: also what came in since. */
export function holdsPiece(
  { shards }: ShardPlan,
  shard: string,
  portion: Portion,
): (table: string, piece: string) => boolean {
  const identify = (table: string, piece: string): string => JSON.stringify([table, piece]);
  const listed = ({ tables }: Portion): string[] =>
    Object.entries(tables).flatMap(([table, pieces]) => pieces.map((piece) => identify(table, piece)));
  if (!portion.isLead) {
    const own = new Set(listed(portion));
    return (table, piece) => own.has(identify(table, piece));
  }
  const others = new Set(
    shards
      .filter((other) => other.shard !== shard)
      .flatMap(({ portions }) => portions.filter(({ store }) => store === portion.store).flatMap(listed)),
  );
  return (table, piece) => !others.has(identify(table, piece));
}
