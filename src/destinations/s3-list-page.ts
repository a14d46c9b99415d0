import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type {
  ListObjectsV2CommandInput,
  ListObjectsV2CommandOutput,
  S3Client,
  _Object,
} from "@aws-sdk/client-s3";
import { buffer } from "node:stream/consumers";

/** An object in a page of a listing. */
export interface PageEntry {
  Key: string;
  Size: number;
  LastModified: Date;
}

/** A page of a listing, without what the SDK knows of each object besides. */
export type ListPage = Pick<
  ListObjectsV2CommandOutput,
  "NextContinuationToken" | "CommonPrefixes" | "IsTruncated"
> & {
  Contents: PageEntry[];
};

/**
 * Asks for a page of a listing. The SDK spends most of a long listing on making objects of XML that nobody looks at: so the
 * entries are read here, and what is left of the page, errors among it, is given to the SDK.
 */
export async function sendListPage(
  client: S3Client,
  input: ListObjectsV2CommandInput,
  options: { abortSignal: AbortSignal },
): Promise<ListPage> {
  const command = new ListObjectsV2Command(input);
  let entries: PageEntry[] | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { statusCode: number; body: unknown };
      if (response.statusCode !== 200) return result;
      const body = await buffer(response.body as NodeJS.ReadableStream);
      const page = readEntries(body.toString("utf8"));
      entries = page?.entries;
      response.body = page ? Buffer.from(page.rest) : body;
      return result;
    },
    { step: "deserialize", priority: "low", name: "readListEntries" },
  );
  const output = await client.send(command, options);
  return { ...output, Contents: entries ?? (output.Contents ?? []).map(toEntry) };
}

function toEntry({ Key = "", Size = 0, LastModified = new Date(0) }: _Object): PageEntry {
  return { Key, Size, LastModified };
}

const OPEN = "<Contents>";
const CLOSE = "</Contents>";

/**
 * Takes the entries out of a page.
 *
 * @returns undefined where the page is not written as services write it: it is then for a parser that knows all of XML
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function readEntries(xml: string): { entries: PageEntry[]; rest: string } | undefined {
  if (xml.includes("<!")) return undefined; // comments, CDATA, entities of its own
  const entries: PageEntry[] = [];
  const rest: string[] = [];
  let at = 0;
  for (;;) {
    const begin = xml.indexOf(OPEN, at);
    const end = begin === -1 ? -1 : xml.indexOf(CLOSE, begin);
    if (end === -1) break;
    const entry = readEntry(xml.slice(begin + OPEN.length, end));
    if (!entry) return undefined;
    entries.push(entry);
    rest.push(xml.slice(at, begin));
    at = end + CLOSE.length;
  }
  rest.push(xml.slice(at));
  const left = rest.join("");
  return left.includes("Contents") ? undefined : { entries, rest: left };
}

function readEntry(element: string): PageEntry | undefined {
  const key = findText(element, "Key");
  const size = findText(element, "Size");
  const modified = findText(element, "LastModified");
  const Key = key === undefined ? undefined : decodeText(key);
  if (Key === undefined || size === undefined || modified === undefined) return undefined;
  const [Size, LastModified] = [Number(size), new Date(modified)];
  const isWhole = /^\d+$/.test(size) && !Number.isNaN(LastModified.getTime());
  return isWhole ? { Key, Size, LastModified } : undefined;
}

/** The text of an element that holds nothing else, and is there once. */
function findText(element: string, name: string): string | undefined {
  const [open, close] = [`<${name}>`, `</${name}>`];
  const begin = element.indexOf(open);
  const end = element.indexOf(close, begin);
  if (begin === -1 || end === -1 || element.includes(open, end)) return undefined;
  const text = element.slice(begin + open.length, end);
  return text.includes("<") ? undefined : text;
}

const NAMED = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);
const LAST_CODE_POINT = 0x10ffff;

/** @returns undefined where an entity is not known */
function decodeText(text: string): string | undefined {
  if (!text.includes("&")) return text;
  let isKnown = true;
  const decoded = text.replace(
    /&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));|&/g,
    (_, decimal?: string, hex?: string, name?: string) => {
      const code = decimal === undefined ? parseInt(hex ?? "", 16) : Number(decimal);
      const character = code <= LAST_CODE_POINT ? String.fromCodePoint(code) : NAMED.get(name ?? "");
      isKnown &&= character !== undefined;
      return character ?? "";
    },
  );
  return isKnown ? decoded : undefined;
}
