import { generate } from "selfsigned";

/** A certificate of its own authority, for one run. */
export interface Certificate {
  privateKeyPem: string;
  /** Also what a client must trust: NODE_EXTRA_CA_CERTS, SSL_CERT_FILE. */
  certificatePem: string;
}

/** Makes a certificate for 127.0.0.1, localhost and the given host names, valid for a day. */
export async function createCertificate(hostNames: readonly string[], now: Date): Promise<Certificate> {
  const { private: privateKeyPem, cert: certificatePem } = await generate(
    [{ name: "commonName", value: "lifeboat upstream" }],
    {
      keyType: "ec",
      notBeforeDate: now,
      notAfterDate: new Date(now.getTime() + 24 * 3_600_000),
      extensions: [
        { name: "basicConstraints", cA: true },
        { name: "keyUsage", keyCertSign: true, digitalSignature: true },
        {
          name: "subjectAltName",
          altNames: [
            { type: 7, ip: "127.0.0.1" },
            ...["localhost", ...hostNames].map((value) => ({ type: 2, value }) as const),
          ],
        },
      ],
    },
  );
  return { privateKeyPem, certificatePem };
}
