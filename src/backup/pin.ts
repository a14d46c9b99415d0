import * as z from "zod";
import { parseDocument, serialiseDocument } from "./document.ts";

/** The newest version of pins this code writes and reads. */
export const PIN_FORMAT_VERSION = 1;

const pinSchema = z.strictObject({
  format: z.literal("lifeboat-pin"),
  formatVersion: z.literal(PIN_FORMAT_VERSION),
  backupId: z.string(),
  /** Why it is kept, in the words of whoever wants it kept. */
  note: z.string(),
  pinnedAt: z.iso.datetime(),
});
/** Keeps one backup, whatever the rules of retention say, for as long as it lies there as `pins/<id>.json`. */
export type Pin = z.infer<typeof pinSchema>;

export function serialisePin(pin: Pin): Buffer {
  return serialiseDocument(pin);
}

/**
 * @param where - the pin's address, for the error
 * @throws AppError FORMAT_TOO_NEW, BACKUP_DAMAGED
 */
export function parsePin(bytes: Uint8Array, where: string): Pin {
  const kind = {
    what: "pin",
    format: "lifeboat-pin",
    newestVersion: PIN_FORMAT_VERSION,
    schema: pinSchema,
    hint: "Remove the pin with lifeboat unpin, and pin the backup again.",
  };
  return parseDocument(kind, bytes, where);
}
