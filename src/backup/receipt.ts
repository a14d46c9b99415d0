import * as z from "zod";
import { parseDocument, serialiseDocument } from "./document.ts";
import { clickhousePartSchema } from "./manifest.ts";

const RECEIPT_VERSION = 1;

/**
 * Parts that a run has finished while it is still under way. Should it die, a later run refers to them and sends
 * only the rest.
 */
const receiptSchema = z.strictObject({
  format: z.literal("lifeboat-receipt"),
  formatVersion: z.literal(RECEIPT_VERSION),
  /** The run that wrote the parts. */
  backupId: z.string(),
  store: z.string(),
  parts: z.array(clickhousePartSchema),
});
export type Receipt = z.infer<typeof receiptSchema>;

export function serialiseReceipt(receipt: Pick<Receipt, "backupId" | "store" | "parts">): Buffer {
  return serialiseDocument({ format: "lifeboat-receipt", formatVersion: RECEIPT_VERSION, ...receipt });
}

/** @throws AppError FORMAT_TOO_NEW, BACKUP_DAMAGED */
export function parseReceipt(bytes: Uint8Array, where: string): Receipt {
  const kind = {
    what: "receipt",
    format: "lifeboat-receipt",
    newestVersion: RECEIPT_VERSION,
    schema: receiptSchema,
    hint: "Remove it: it only spares a later run from sending parts again.",
  };
  return parseDocument(kind, bytes, where);
}
