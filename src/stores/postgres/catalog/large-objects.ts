import { createHash } from "node:crypto";
import type { SchemaObject } from "../../../backup/inventory.ts";
import type { Session } from "../server/session.ts";

/** Large objects that one query reads. */
const OBJECTS_PER_QUERY = 200;
/** Bytes that the server holds in memory at once. */
const PIECE_BYTES = 1024 * 1024;

/** Digests the contents of every large object at the server, piece by piece; no object when there are none. */
export async function readLargeObjects(session: Session): Promise<SchemaObject[]> {
  const digest = createHash("sha256");
  let count = 0;
  for (let last = "0"; ;) {
    const rows = await session.rows<{ id: string; digest: string }>(
      "Reading the large objects",
      `SELECT oid::text AS id, (
         WITH RECURSIVE piece (number, size, digest) AS (
           SELECT 0, length(bytes), md5(bytes) FROM lo_get(large.oid, 0, ${PIECE_BYTES}) bytes
           UNION ALL
           SELECT number + 1, length(bytes), md5(bytes)
           FROM piece, lo_get(large.oid, (number + 1)::bigint * ${PIECE_BYTES}, ${PIECE_BYTES}) bytes
           WHERE size = ${PIECE_BYTES})
         SELECT string_agg(digest, '' ORDER BY number) FROM piece) AS digest
       FROM (SELECT oid FROM pg_largeobject_metadata WHERE oid > $1::oid ORDER BY oid LIMIT ${OBJECTS_PER_QUERY}) large
       ORDER BY oid`,
      [last],
    );
    for (const row of rows) digest.update(`${row.id} ${row.digest}\n`);
    count += rows.length;
    last = rows.at(-1)?.id ?? last;
    if (rows.length < OBJECTS_PER_QUERY) break;
  }
  if (count === 0) return [];
  const definition = `${count}, ${digest.digest("hex").slice(0, 16)}`;
  return [{ kind: "large objects", name: "pg_largeobject", definition }];
}
