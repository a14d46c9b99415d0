import { findDatabaseProvider, findPrice } from "../presets/prices.ts";
import type { Charge, Price, Provider, Unit } from "../presets/prices.ts";
import { formatBytes } from "../report/quantities.ts";
import { guessSeries, PART_BYTES, sumOf } from "./backup-series.ts";
import type { Series } from "./backup-series.ts";
import type { StoreKind } from "./manifest.ts";

/** Nights of the month that is estimated, each with a backup. */
export const NIGHTS = 30;
/** One drill a week, as the workflows that come with lifeboat have it. */
export const DRILLS = 4;
const GB = 1e9;
/** Manifest, restore guide, receipts and listings of one backup. */
const DOCUMENT_WRITES = 10;

/** A database that is backed up each night. */
export interface BilledStore {
  name: string;
  kind: StoreKind;
  host: string;
  /** What it takes up there. */
  sourceBytes: number;
}

/** A destination, and what its backups were like. */
export interface BilledDestination {
  url: string;
  provider?: Provider | undefined;
  storageClass?: string | undefined;
  /** Whether requests are billed at all: not in a folder. */
  hasRequests: boolean;
  /** Days between two backups that it receives. */
  everyDays: number;
  stores: readonly { store: string; keptBackups: number; series?: Series | undefined }[];
}

export interface EstimateLine {
  /** Whose it is: `store app`, or a destination's address. */
  about: string;
  charge: Charge;
  amount: number;
  unit: Unit;
  /** Undefined where the price is not known here. */
  usd?: number;
  /** What the amount rests on, in a sentence. */
  assumption: string;
  price?: Price;
}

/** Everything rounded to two digits, for no more of it is known. */
export interface MonthEstimate {
  lines: EstimateLine[];
  /** The sum of those whose price is known. */
  usd: number;
}

/**
 * About what a month of nightly backups and weekly drills costs beyond what the databases cost anyway, by list prices.
 * The first destination is the one that drills read.
 */
export function estimateMonth(
  stores: readonly BilledStore[],
  destinations: readonly BilledDestination[],
): MonthEstimate {
  const bill = new Bill();
  for (const store of stores) {
    const series = destinations
      .flatMap((destination) => destination.stores)
      .find((held) => held.store === store.name && held.series)?.series;
    billStore(bill, store, series);
  }
  for (const [index, destination] of destinations.entries()) {
    billDestination(bill, destination, stores, index === 0 ? DRILLS : 0);
  }
  return bill.total();
}

function billStore(bill: Bill, store: BilledStore, series: Series | undefined): void {
  const { name, kind, host, sourceBytes } = store;
  const about = `store ${name}`;
  const provider = findDatabaseProvider(host);
  // Postgres sends rows as they are, and they are compressed here; ClickHouse sends what will be stored.
  const measured = kind === "clickhouse" ? series : undefined;
  const night = measured?.sentBytes ?? sourceBytes;
  const basis = measured
    ? describeSeries(measured)
    : "its size at the source, which is more than a backup sends";
  bill.add({
    about,
    charge: "egress",
    amount: (NIGHTS * night) / GB,
    unit: "GB",
    assumption: `${NIGHTS} nights of ${formatBytes(night)}, ${basis}`,
    price: findPrice(provider, "egress"),
  });
  const compute = findPrice(provider, "compute");
  if (!compute?.awake) return;
  const { units, idleMinutes } = compute.awake;
  const hours = (NIGHTS * ((series?.seconds ?? 0) / 60 + idleMinutes)) / 60;
  const time = series ? `${Math.ceil(series.seconds / 60)} min` : "the time of a backup, not known yet,";
  bill.add({
    about,
    charge: "compute",
    amount: hours * units,
    unit: "unit-hour",
    assumption: `${NIGHTS} nights, each awake for ${time} and ${idleMinutes} min until it sleeps again, at ${units === 1 ? "1 unit" : `${units} units`}, if it would have slept`,
    price: compute,
  });
}

function describeSeries({ backups }: Series): string {
  return backups === 1
    ? "as if all of it changed each night: there is one backup to judge by"
    : `the mean of the last ${backups} backups`;
}

function billDestination(
  bill: Bill,
  destination: BilledDestination,
  stores: readonly BilledStore[],
  drills: number,
): void {
  const { url: about, provider, storageClass, everyDays, hasRequests } = destination;
  const priceOf = (charge: Charge): Price | undefined => findPrice(provider, charge, storageClass);
  const storage = priceOf("storage");
  const backups = NIGHTS / everyDays;
  const held = destination.stores.map(({ store, keptBackups, series }) => {
    const source = stores.find(({ name }) => name === store);
    const { sizeBytes, sentBytes, writes, objects } = series ?? guessSeries(source?.sourceBytes ?? 0);
    const paid = Math.max(keptBackups, (storage?.minimumDays ?? 0) / everyDays);
    // Beside the newest, each holds what it added: what has not changed since lies there once.
    return {
      store,
      paid,
      isGuess: !series,
      bytes: sizeBytes + (paid - 1) * sentBytes,
      sizeBytes,
      writes,
      objects,
    };
  });
  const newestGb = sumOf(held.map(({ sizeBytes }) => sizeBytes)) / GB;
  const storedGb = sumOf(held.map(({ bytes }) => bytes)) / GB;
  const kept = held.map(
    ({ store, paid, isGuess }) =>
      `${Math.round(paid)} of ${store}${isGuess ? " (of its size at the source, since there is none yet)" : ""}`,
  );
  const least =
    storage?.minimumDays === undefined ? "" : `; each is paid for ${storage.minimumDays} days at least`;
  bill.add({
    about,
    charge: "storage",
    amount: storedGb,
    unit: "GB-month",
    assumption: `Backups that stay once retention is full: ${kept.join(", ")}${least}`,
    price: storage,
  });
  if (!hasRequests) return;
  const writes = backups * (DOCUMENT_WRITES + sumOf(held.map((one) => one.writes)));
  const objects = sumOf(held.map((one) => one.objects));
  bill.add({
    about,
    charge: "writes",
    amount: writes / 1000,
    unit: "1000 requests",
    assumption: `${roughly(backups)} backups, large objects in parts of ${formatBytes(PART_BYTES)}`,
    price: priceOf("writes"),
  });
  bill.add({
    about,
    charge: "reads",
    amount: ((backups + drills) * objects) / 1000,
    unit: "1000 requests",
    assumption: `One for each object, by ${roughly(backups)} backups and ${drills} drills`,
    price: priceOf("reads"),
  });
  if (drills === 0) return;
  const assumption = `${drills} drills that read the newest backup, outside the provider's network as GitHub's runners are`;
  const egress = { about, amount: drills * newestGb, unit: "GB", assumption } as const;
  const retrieval = priceOf("retrieval");
  if (retrieval && retrieval.usd > 0) bill.add({ ...egress, charge: "retrieval", price: retrieval });
  bill.add({ ...egress, charge: "egress", price: priceOf("egress"), storedGb });
}

/** Adds up, and grants what is free once to all that is billed together. */
class Bill {
  readonly #lines: EstimateLine[] = [];
  readonly #used = new Map<string, number>();
  #usd = 0;

  add({
    price,
    storedGb = 0,
    ...line
  }: Omit<EstimateLine, "usd" | "price"> & { price: Price | undefined; storedGb?: number }): void {
    const shown = { ...line, amount: roughly(line.amount) };
    if (!price) {
      this.#lines.push(shown);
      return;
    }
    const account = `${price.provider} ${price.charge}`;
    const used = this.#used.get(account) ?? 0;
    this.#used.set(account, used + line.amount);
    const free = Math.max(0, (price.free ?? 0) + (price.freePerStoredGb ?? 0) * storedGb - used);
    const usd = Math.max(0, line.amount - free) * price.usd;
    this.#usd += usd;
    this.#lines.push({ ...shown, usd: roughly(usd), price });
  }

  total(): MonthEstimate {
    return { lines: this.#lines, usd: roughly(this.#usd) };
  }
}

function roughly(amount: number): number {
  return Number(amount.toPrecision(2));
}
