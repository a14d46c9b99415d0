import { createHash } from "node:crypto";
import type { Inventory, TableInventory } from "../../src/backup/inventory.ts";
import { FORMAT_VERSION, objectsOfStore, serialiseManifest } from "../../src/backup/manifest.ts";
import type {
  ClickHouseManifest,
  Manifest,
  PostgresManifest,
  StoredObject,
} from "../../src/backup/manifest.ts";
import { manifestKey, partKey, storeObjectKey } from "../../src/destinations/keys.ts";
import type { DrillRecord } from "../../src/drill/record.ts";
import type { MemoryPlace } from "./memory-destination.ts";

export const BACKUP_ID = "20261120T021704Z-7f3a";

export function buildTable(name: string, rows: number, digest: string | null = `${rows}17`): TableInventory {
  return { name, rows, digest };
}

export function buildInventory(parts: Partial<Inventory> = {}): Inventory {
  return { digestMethod: "test-1", tables: [], schema: [], notCovered: [], ...parts };
}

export function buildStoredObject(key: string, content = key): StoredObject {
  const bytes = Buffer.from(content);
  return { key, sizeBytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
}

export function buildPostgresManifest(parts: Partial<PostgresManifest> = {}): PostgresManifest {
  const store = parts.store ?? "app";
  return {
    store,
    kind: "postgres",
    server: { version: "17.10" },
    source: { id: `id of ${store}`, database: "shop" },
    inventory: buildInventory({
      tables: [buildTable("public.users", 3), buildTable("public.orders", 20)],
      schema: [{ kind: "index", name: "public.users_pkey", definition: "a1b2" }],
    }),
    leftOut: [],
    seconds: 1.5,
    archive: { ...buildStoredObject(storeObjectKey(BACKUP_ID, store, "app.dump")), format: "custom" },
    tool: "pg_dump (PostgreSQL) 17.10",
    excludedSchemas: [],
    roles: [],
    ...parts,
  };
}

export function buildClickHouseManifest(parts: Partial<ClickHouseManifest> = {}): ClickHouseManifest {
  const store = parts.store ?? "log";
  const part = { database: "shop", table: "requests", partition: "202611", fingerprint: "f00d" };
  const describeObject = (file: string): StoredObject =>
    buildStoredObject(storeObjectKey(BACKUP_ID, store, file));
  return {
    store,
    kind: "clickhouse",
    server: { version: "26.7.1.1" },
    source: { id: `id of ${store}`, database: "shop" },
    inventory: buildInventory({
      tables: [buildTable("shop.requests", 1000)],
      schema: [{ kind: "view", name: "shop.errors", definition: "c3d4" }],
    }),
    leftOut: [],
    seconds: 2,
    ddl: {
      objects: describeObject("ddl.json"),
      beforeData: describeObject("before-data.sql"),
      afterData: describeObject("after-data.sql"),
    },
    parts: [
      {
        ...buildStoredObject(partKey(store, part, BACKUP_ID)),
        ...part,
        columns: ["id", "at"],
        rows: 1000,
        digest: "17",
      },
    ],
    ...parts,
  };
}

export function buildManifest(parts: Partial<Manifest> = {}): Manifest {
  return {
    format: "lifeboat-backup",
    formatVersion: FORMAT_VERSION,
    id: BACKUP_ID,
    name: "shop",
    writtenBy: "0.1.0",
    startedAt: "2026-11-20T02:17:04.000Z",
    finishedAt: "2026-11-20T02:18:34.000Z",
    stores: [buildPostgresManifest(), buildClickHouseManifest()],
    phases: [{ phase: "backup", seconds: 90 }],
    ...parts,
  };
}

export function buildDrillRecord(parts: Partial<DrillRecord> = {}): DrillRecord {
  return {
    format: "lifeboat-drill",
    formatVersion: 1,
    id: "20261121T033000Z-0001",
    backupId: BACKUP_ID,
    writtenBy: "0.1.0",
    startedAt: "2026-11-21T03:30:00.000Z",
    finishedAt: "2026-11-21T03:31:15.000Z",
    verdict: "proven",
    reasons: [],
    notProven: [],
    comparisons: [],
    steps: [],
    phases: [
      { phase: "find", seconds: 0.4 },
      { phase: "restore", seconds: 71.2 },
    ],
    restoreSeconds: 75,
    dataAgeHours: 25.216,
    objectives: {},
    ...parts,
  };
}

/** Puts a complete backup where a run would have: each object holds its own key, as the builders say. */
export function placeBackup(place: MemoryPlace, manifest: Manifest): void {
  for (const store of manifest.stores) {
    for (const { key } of objectsOfStore(store)) place.set(key, Buffer.from(key));
  }
  place.set(manifestKey(manifest.id), serialiseManifest(manifest));
}
