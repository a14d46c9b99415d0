import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { listProviderAuthorities, PROVIDER_AUTHORITIES } from "../../../src/presets/authorities.ts";

test.each(PROVIDER_AUTHORITIES)(
  "the authority of $provider is the one that was published",
  ({ pem, sha256 }) => {
    const certificate = new X509Certificate(pem);
    expect(certificate.fingerprint256.replaceAll(":", "").toLowerCase()).toBe(sha256);
    expect(certificate.issuer).toBe(certificate.subject);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.ca).toBe(true);
    expect(pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
  },
);

test("an authority vouches for its provider's hosts alone", () => {
  expect(listProviderAuthorities("db.abc.supabase.co")).toHaveLength(1);
  expect(listProviderAuthorities("aws-0-eu-west-1.pooler.supabase.com")).toHaveLength(1);
  expect(listProviderAuthorities("db.supabase.co.evil.example")).toEqual([]);
  expect(listProviderAuthorities("evilsupabase.co")).toEqual([]);
});
