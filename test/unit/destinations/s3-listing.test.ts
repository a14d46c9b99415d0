import type { ListObjectsV2CommandInput, ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { S3Listing } from "../../../src/destinations/s3-listing.ts";
import type { S3Requests } from "../../../src/destinations/s3-requests.ts";

const KEYS = ["a/m", "a/x", "b/c/m", "b/m", "c/x"];

type Answer = (input: ListObjectsV2CommandInput) => Partial<ListObjectsV2CommandOutput>;

/** A service that lists two entries a page and knows no delimiter. */
const listPlainly: Answer = ({ ContinuationToken = "0" }) => {
  const from = Number(ContinuationToken);
  const to = from + 2;
  return {
    IsTruncated: to < KEYS.length,
    Contents: KEYS.slice(from, to).map((Key) => ({ Key, Size: 1, LastModified: new Date(0) })),
    ...(to < KEYS.length && { NextContinuationToken: String(to) }),
  };
};

async function listInFolders(answer: Answer): Promise<string[]> {
  const requests: Pick<S3Requests, "bucket" | "url"> & { send: unknown } = {
    bucket: "b",
    url: "s3://b",
    send: (_doing: string, ask: (client: unknown, options: unknown) => Promise<unknown>) =>
      ask({ send: ({ input }: { input: ListObjectsV2CommandInput }) => Promise.resolve(answer(input)) }, {}),
  };
  const found: string[] = [];
  for await (const { key } of new S3Listing(requests as S3Requests, "", undefined).inFolders("", "m"))
    found.push(key);
  return found;
}

test("a service that ignores delimiters still shows every backup, since prune removes what it does not see", async () => {
  expect(await listInFolders(listPlainly)).toEqual(["a/m", "b/m"]);
});

test("a service that does not tell where a listing goes on is refused, for the same reason", async () => {
  const withoutToken: Answer = (input) => ({ ...listPlainly(input), NextContinuationToken: undefined });
  await expect(listInFolders(withoutToken)).rejects.toMatchObject({ code: "DESTINATION_FAILED" });
});

test("an empty token at the end of a listing begins none anew", async () => {
  const asked: string[] = [];
  const withEmptyToken: Answer = (input) => {
    if (asked.push(input.ContinuationToken ?? "") > KEYS.length) throw new Error("it goes on for ever");
    return { NextContinuationToken: "", ...listPlainly(input) };
  };
  expect(await listInFolders(withEmptyToken)).toEqual(["a/m", "b/m"]);
});
