import type { ListObjectsV2CommandInput, ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { S3Listing } from "../../../src/destinations/s3-listing.ts";
import type { S3Requests } from "../../../src/destinations/s3-requests.ts";

const KEYS = ["a/m", "a/x", "b/c/m", "b/m", "c/x"];

/** A service that lists two entries a page and knows no delimiter. */
function listPlainly({
  ContinuationToken = "0",
}: ListObjectsV2CommandInput): Partial<ListObjectsV2CommandOutput> {
  const from = Number(ContinuationToken);
  const to = from + 2;
  return {
    IsTruncated: to < KEYS.length,
    Contents: KEYS.slice(from, to).map((Key) => ({ Key, Size: 1, LastModified: new Date(0) })),
    ...(to < KEYS.length && { NextContinuationToken: String(to) }),
  };
}

test("a service that ignores delimiters still shows every backup, since prune removes what it does not see", async () => {
  const requests: Pick<S3Requests, "bucket"> & { send: unknown } = {
    bucket: "b",
    send: (_doing: string, ask: (client: unknown, options: unknown) => Promise<unknown>) =>
      ask(
        { send: ({ input }: { input: ListObjectsV2CommandInput }) => Promise.resolve(listPlainly(input)) },
        {},
      ),
  };
  const found: string[] = [];
  for await (const { key } of new S3Listing(requests as S3Requests, "", undefined).inFolders("", "m"))
    found.push(key);
  expect(found).toEqual(["a/m", "b/m"]);
});
