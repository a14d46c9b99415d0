import { AppError } from "../errors.ts";

/** An encrypted object is not what was written. @param why - goes on after "cannot be decrypted:" */
export function damagedEncryption(why: string, cause?: unknown): AppError {
  return new AppError("BACKUP_DAMAGED", `It cannot be decrypted: ${why}.`, {
    hint: "Restore another backup (lifeboat list shows them), and find out what changed this object.",
    cause,
  });
}
