import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { rootCertificates } from "node:tls";
import { AppError } from "../../../errors.ts";
import { listProviderAuthorities } from "../../../presets/authorities.ts";
import { readPrivateFile } from "../../../sys/private-file.ts";

export const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** How a connection is encrypted and whom it believes; texts in PEM. */
export interface Tls {
  mode: SslMode;
  /** Who may vouch for the server's certificate; undefined where nothing is verified. */
  authorities: string | undefined;
  /** The client's own certificate and key, where the server asks for one. */
  client: { certificate: string; key: string } | undefined;
}

/** `sslrootcert=system`, as libpq 16 and later spell it: the certificate authorities the machine trusts. */
const SYSTEM_ROOTS = "system";

/** Where Linux distributions, macOS and the BSDs keep the authorities that the machine trusts. */
const SYSTEM_FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

export interface TlsParameters {
  host: string;
  sslmode: string | undefined;
  /** Path of a PEM file, PEM text itself, or "system". */
  sslrootcert: string | undefined;
  sslcert: string | undefined;
  sslkey: string | undefined;
}

/**
 * What the parameters mean to libpq, read from files where they name some. verify-full without an authority, which
 * libpq refuses unless a file lies in the home directory, takes those that are publicly trusted and the host's
 * provider's own.
 *
 * @param invalid - makes the error of a parameter that makes no sense
 * @throws AppError CONFIG_INVALID
 */
export function readTls(parameters: TlsParameters, invalid: (why: string, hint: string) => AppError): Tls {
  const { host, sslrootcert, sslcert, sslkey } = parameters;
  const mode = SSL_MODES.find((known) => known === (parameters.sslmode ?? "prefer"));
  if (!mode) throw invalid("has an unknown sslmode", `Use one of ${SSL_MODES.join(", ")}.`);
  if ((sslcert === undefined) !== (sslkey === undefined)) {
    throw invalid("gives one of sslcert and sslkey without the other", "Give both, or neither.");
  }
  const provider = listProviderAuthorities(host).join("");
  if (mode === "verify-ca" && (sslrootcert === SYSTEM_ROOTS || (!sslrootcert && provider === ""))) {
    throw invalid(
      "asks for verify-ca without a certificate authority of its own",
      "Add sslrootcert=/path/to/ca.pem, or ask for verify-full, which public authorities suffice for.",
    );
  }
  return {
    mode,
    authorities: findAuthorities(mode, sslrootcert, provider),
    client:
      sslcert === undefined || sslkey === undefined
        ? undefined
        : {
            certificate: readPem(sslcert, "certificate (sslcert)"),
            key: sslkey.includes("-----BEGIN") ? sslkey : readPrivateFile(sslkey, "key (sslkey)"),
          },
  };
}

/** What `pg` needs: `require` encrypts and verifies nothing unless an authority is given, verify-ca no host name. */
export function tlsOptions({ mode, authorities, client }: Tls): ConnectionOptions {
  return {
    ...(client && { cert: client.certificate, key: client.key }),
    ...(authorities === undefined
      ? { rejectUnauthorized: false }
      : {
          rejectUnauthorized: true,
          ca: authorities,
          ...(mode !== "verify-full" && { checkServerIdentity: () => undefined }),
        }),
  };
}

/** @see https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
function findAuthorities(mode: SslMode, given: string | undefined, provider: string): string | undefined {
  const mayVerify = mode === "require" || mode.startsWith("verify-");
  if (!mayVerify) return undefined;
  if (given !== undefined && given !== SYSTEM_ROOTS)
    return readPem(given, "certificate authority (sslrootcert)");
  if (mode === "verify-ca") return provider;
  if (mode === "require" && given === undefined) return undefined;
  return [...rootCertificates, readSystemRoots(), provider].join("\n");
}

function readPem(given: string, what: string): string {
  const isText = given.includes("-----BEGIN");
  try {
    const text = isText ? given : readFileSync(given, "utf8");
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch (error) {
    throw new AppError("CONFIG_INVALID", `The ${what} ${given} cannot be read.`, {
      hint: "Give the path of a PEM file that this user may read, or its text.",
      cause: error,
    });
  }
  throw new AppError("CONFIG_INVALID", `The ${what}${isText ? "" : ` ${given}`} holds no certificate.`, {
    hint: "It is a text that begins with -----BEGIN CERTIFICATE-----.",
  });
}

function readSystemRoots(): string {
  for (const path of SYSTEM_FILES) {
    try {
      return readFileSync(path, "utf8");
    } catch {
      // the next one
    }
  }
  return "";
}
