import * as z from "zod";
import { AppError } from "../errors.ts";

/** A kind of JSON document that lies at a destination, with a version of its own. */
export interface DocumentKind<T> {
  /** What people call it. */
  what: string;
  format: string;
  /** The newest version that `schema` reads. */
  newestVersion: number;
  schema: z.ZodType<T>;
  /** What to do about a damaged one. */
  hint: string;
}

const headSchema = z.looseObject({ format: z.string(), formatVersion: z.number() });

/**
 * Reads a document of any version this code knows. Unknown fields are refused: what they mean might matter.
 *
 * @param where - the document's address, for the error
 * @throws AppError FORMAT_TOO_NEW, BACKUP_DAMAGED
 */
export function parseDocument<T>(kind: DocumentKind<T>, bytes: Uint8Array, where: string): T {
  const { what, format, newestVersion, schema, hint } = kind;
  const damaged = (why: string, cause?: unknown): AppError =>
    new AppError("BACKUP_DAMAGED", `The ${what} ${where} cannot be read: ${why}.`, { hint, cause });
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    throw damaged("it is not JSON", error);
  }
  const head = headSchema.safeParse(content);
  if (!head.success || head.data.format !== format) throw damaged(`it is no ${format}`);
  if (head.data.formatVersion > newestVersion) {
    throw new AppError(
      "FORMAT_TOO_NEW",
      `The ${what} ${where} has format ${head.data.formatVersion}; this lifeboat reads up to ${newestVersion}.`,
      { hint: "Use the version of lifeboat that wrote it, or a newer one." },
    );
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw damaged(z.prettifyError(parsed.error), parsed.error);
  return parsed.data;
}

/** One field a line, so that a change of one fact is a change of one line. */
export function serialiseDocument(content: object): Buffer {
  return Buffer.from(`${JSON.stringify(content, null, 1)}\n`);
}
