import { expect, test } from "vitest";
import { readS3Address } from "../../../src/destinations/s3-address.ts";

test.each([
  [
    "https://shop.s3.eu-west-1.amazonaws.com/clickhouse/",
    { url: "s3://shop/clickhouse", region: "eu-west-1" },
  ],
  ["https://shop.s3.amazonaws.com", { url: "s3://shop", region: "us-east-1" }],
  ["https://shop.eu.s3.us-gov-west-1.amazonaws.com/a", { url: "s3://shop.eu/a", region: "us-gov-west-1" }],
  ["https://s3.eu-west-1.amazonaws.com/shop/a%20b", { url: "s3://shop/a b", region: "eu-west-1" }],
  ["http://minio:9000/shop/a/b", { url: "s3://shop/a/b", endpoint: "http://minio:9000", pathStyle: true }],
  ["https://storage.googleapis.com", undefined],
  ["gs://shop/a", undefined],
  ["shop", undefined],
])("the address %s", (url, place) => {
  expect(readS3Address(url)).toEqual(place);
});
