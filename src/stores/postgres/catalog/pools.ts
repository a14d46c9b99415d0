import type { Session } from "../server/session.ts";

/**
 * Partitions by the hash of an enum, with all below them, and by full name the topmost table that is partitioned so.
 * Such a hash is one of the value's oid, which each database gives out anew: pg_dump has the rows of these partitions
 * inserted by way of the table at the top (`forcePartitionRootLoad` in its sources), and each may end up in any of them.
 *
 * @throws AppError STORE_FAILED
 */
export async function readPools(session: Session): Promise<Map<number, string>> {
  const rows = await session.rows<{ oid: number; pool: string }>(
    "Listing the partitions by hash",
    `WITH by_enum AS (
       SELECT partrelid FROM pg_partitioned_table WHERE (
         SELECT pg_opclass.oid FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod
         WHERE amname = 'hash' AND opcname = 'enum_ops' AND opcnamespace = 'pg_catalog'::regnamespace) = ANY (partclass)
     )
     SELECT relid::oid AS oid, nspname || '.' || relname AS pool
     FROM by_enum JOIN pg_class ON pg_class.oid = partrelid JOIN pg_namespace n ON n.oid = relnamespace
     CROSS JOIN LATERAL pg_partition_tree(partrelid) WHERE isleaf AND NOT EXISTS (
       SELECT FROM pg_partition_ancestors(partrelid) above(oid) WHERE above.oid <> partrelid
         AND above.oid IN (SELECT partrelid FROM by_enum))`,
  );
  return new Map(rows.map(({ oid, pool }) => [oid, pool]));
}
