import type { StoreKind } from "../backup/manifest.ts";
import type { StoreConfig, TargetConfig } from "../config/config.ts";
import type { RunContext } from "../run-context.ts";
import type { ContentProof, Placement, Store, Target, ThrowawayTarget } from "../stores/store.ts";

// Each kind of store is loaded when it is used only: its client library takes time to load.

async function buildStore(config: StoreConfig, context: RunContext): Promise<Store> {
  if (config.kind === "postgres") {
    const { createPostgresStore } = await import("../stores/postgres/store.ts");
    return createPostgresStore(config, context);
  }
  const { createClickHouseStore } = await import("../stores/clickhouse/store.ts");
  return createClickHouseStore(config, context);
}

export async function buildTarget(
  config: TargetConfig,
  placement: Placement,
  context: RunContext,
): Promise<Target> {
  if (config.kind === "postgres") {
    const { createPostgresTarget } = await import("../stores/postgres/restore/target.ts");
    return createPostgresTarget({ ...config, placement }, context);
  }
  const { createClickHouseTarget } = await import("../stores/clickhouse/restore/target.ts");
  return createClickHouseTarget({ ...config, placement }, context);
}

export async function buildThrowaway(config: TargetConfig, context: RunContext): Promise<ThrowawayTarget> {
  if (config.kind === "postgres") {
    const { createPostgresThrowaway } = await import("../stores/postgres/restore/target.ts");
    return await createPostgresThrowaway(config, context);
  }
  const { createClickHouseThrowaway } = await import("../stores/clickhouse/restore/target.ts");
  return await createClickHouseThrowaway(config, context);
}

export async function buildProof(kind: StoreKind, context: RunContext): Promise<ContentProof> {
  if (kind === "postgres") {
    const { createPostgresProof } = await import("../stores/postgres/archive/proof.ts");
    return createPostgresProof(context);
  }
  const { createClickHouseProof } = await import("../stores/clickhouse/native/proof.ts");
  return createClickHouseProof(context);
}

/** Opens stores for a piece of work, and closes them after it. */
export async function withStores<Result>(
  configs: readonly StoreConfig[],
  context: RunContext,
  work: (stores: Store[]) => Promise<Result>,
): Promise<Result> {
  return await withAll(
    configs.map((config) => buildStore(config, context)),
    work,
  );
}

/** Closes what could be opened also where the rest could not. */
export async function withAll<Part extends { close(): Promise<void> }, Result>(
  opening: Promise<Part>[],
  work: (parts: Part[]) => Promise<Result>,
): Promise<Result> {
  const opened = await Promise.allSettled(opening);
  const parts = opened.flatMap((part) => (part.status === "fulfilled" ? [part.value] : []));
  try {
    for (const part of opened) if (part.status === "rejected") throw part.reason;
    return await work(parts);
  } finally {
    await Promise.all(parts.map((part) => part.close()));
  }
}
