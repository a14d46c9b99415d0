import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { openS3Client } from "./services.ts";
import type { TestBucket } from "./services.ts";

/**
 * How many parts the receipts tell of, in a destination that is the folder `backups` of a bucket.
 *
 * @param name - of the product
 * @param writer - a part of the name of the receipts that count
 */
export async function countReceivedParts(bucket: TestBucket, name: string, writer = ""): Promise<number> {
  const client = openS3Client(bucket);
  const Bucket = bucket.bucket;
  const { Contents = [] } = await client.send(
    new ListObjectsV2Command({ Bucket, Prefix: `backups/${name}/receipts/` }),
  );
  const counts = await Promise.all(
    Contents.filter(({ Key }) => Key?.includes(writer)).map(async ({ Key }) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return (JSON.parse(await Body!.transformToString()) as { parts: unknown[] }).parts.length;
    }),
  );
  client.destroy();
  return counts.reduce((sum, count) => sum + count, 0);
}
