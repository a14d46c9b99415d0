import { createHash } from "node:crypto";

/** The last line of a guide: a comment that Markdown does not show. */
const SEAL = /\n<!-- sha256 of all above: ([0-9a-f]{64}) -->\n$/;

/** A guide that proves itself: its last line is the SHA-256 of all the rest. */
export function sealGuide(guide: string): string {
  const text = guide.trimEnd() + "\n";
  return `${text}\n<!-- sha256 of all above: ${digest(Buffer.from(`${text}\n`))} -->\n`;
}

/** What a guide says of itself; those of format version 1 have no seal. */
export function readSeal(bytes: Buffer): "intact" | "broken" | "absent" {
  const seal = SEAL.exec(bytes.toString("latin1"));
  if (!seal) return "absent";
  return seal[1] === digest(bytes.subarray(0, seal.index + 1)) ? "intact" : "broken";
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
