import type { DestinationConfig } from "./open.ts";

/**
 * Reads the address of a folder in a bucket as servers write it: `https://bucket.s3.eu-west-1.amazonaws.com/folder`,
 * `https://s3.eu-west-1.amazonaws.com/bucket/folder`, and the latter form for every service that is not AWS.
 *
 * @returns undefined where it names no bucket
 */
export function readS3Address(url: string): DestinationConfig | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, host, hostname, pathname } = new URL(url);
  if (!/^https?:$/.test(protocol)) return undefined;
  const path = decodeURIComponent(pathname)
    .split("/")
    .filter((part) => part !== "");
  const aws = /^(?:(.+)\.)?s3(?:[.-]([a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com(?:\.cn)?$/.exec(hostname);
  const bucket = aws?.[1] ?? path.shift();
  if (bucket === undefined) return undefined;
  const place = { url: `s3://${[bucket, ...path].join("/")}` };
  if (!aws) return { ...place, endpoint: `${protocol}//${host}`, pathStyle: true };
  return { ...place, region: aws[2] ?? "us-east-1" };
}

/** Whether a service is AWS itself, where no other endpoint is given. */
export function isAwsEndpoint(endpoint: string | undefined): boolean {
  return endpoint === undefined || /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}
