import type { ListObjectsV2CommandInput } from "@aws-sdk/client-s3";
import pLimit from "p-limit";
import { AppError } from "../errors.ts";
import type { Listed } from "./destination.ts";
import { sendListPage } from "./s3-list-page.ts";
import type { ListPage } from "./s3-list-page.ts";
import type { S3Requests } from "./s3-requests.ts";

/** Ranges that are listed side by side; each is a page of folders. */
const RANGES_AT_ONCE = 8;

/** How the objects of one folder of a bucket are listed. */
export class S3Listing {
  readonly #requests: S3Requests;
  readonly #prefix: string;
  readonly #pageSize: number | undefined;

  /**
   * @param prefix - of the destination: empty, or with a slash at its end
   * @param pageSize - entries a page; the service's own (1000) by default
   */
  constructor(requests: S3Requests, prefix: string, pageSize: number | undefined) {
    this.#requests = requests;
    this.#prefix = prefix;
    this.#pageSize = pageSize;
  }

  /**
   * Of each folder directly below a prefix the object of one name, in key order. A page can be asked for only when the one
   * before it is there; so where there are many, the folders are listed first, and then what lies in each thousand of them,
   * side by side.
   */
  async *inFolders(prefix: string, name: string): AsyncGenerator<Listed> {
    for await (const page of this.pages(prefix)) {
      if (page.IsTruncated) break;
      return yield* this.#pick(page, prefix, name);
    }
    const limit = pLimit(RANGES_AT_ONCE);
    const ranges: Promise<Listed[]>[] = [];
    for await (const page of this.pages(prefix, { Delimiter: "/" })) {
      const folders = (page.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []);
      // A service that ignores the delimiter lists everything instead: an empty answer would tell prune to remove all.
      ranges.push(Promise.resolve(this.#pick(page, prefix, name)));
      const range = limit(() => this.#listRange(prefix, folders, name));
      range.catch(() => {}); // whoever waits for it sees it
      ranges.push(range);
    }
    for (const range of ranges) yield* await range;
  }

  /** What a page holds of the objects of that name, each in a folder directly below the prefix. */
  #pick(page: ListPage, prefix: string, name: string): Listed[] {
    return this.entriesOf(page).filter(({ key }) => {
      const [, found, ...rest] = key.slice(prefix.length).split("/");
      return found === name && rest.length === 0;
    });
  }

  /** @param folders - in key order, with the prefix of the destination and a slash at the end */
  async #listRange(prefix: string, folders: readonly string[], name: string): Promise<Listed[]> {
    const [first, last] = [folders[0], folders.at(-1)];
    if (first === undefined || last === undefined) return [];
    const wanted = new Set(folders.map((folder) => folder + name));
    const end = Buffer.from(last + name);
    const found: Listed[] = [];
    // Without the slash: some services take a whole folder for passed that is named with it.
    for await (const { Contents } of this.pages(prefix, { StartAfter: first.slice(0, -1) })) {
      found.push(...this.entriesOf({ Contents: Contents.filter(({ Key }) => wanted.has(Key)) }));
      if (Buffer.compare(Buffer.from(Contents.at(-1)?.Key ?? ""), end) >= 0) break;
    }
    return found;
  }

  /** What a page holds, without the prefix of the destination. */
  entriesOf({ Contents }: Pick<ListPage, "Contents">): Listed[] {
    return Contents.map(({ Key, Size, LastModified }) => ({
      key: Key.slice(this.#prefix.length),
      sizeBytes: Size,
      modifiedAt: LastModified,
    }));
  }

  async *pages(
    prefix: string,
    how: Pick<ListObjectsV2CommandInput, "Delimiter" | "StartAfter"> = {},
  ): AsyncGenerator<ListPage> {
    const Bucket = this.#requests.bucket;
    let ContinuationToken: string | undefined;
    do {
      const input = {
        Bucket,
        Prefix: this.#prefix + prefix,
        MaxKeys: this.#pageSize,
        ContinuationToken,
        ...how,
      };
      const page: ListPage = await this.#requests.send(`Listing ${prefix}`, (client, options) =>
        sendListPage(client, input, options),
      );
      ContinuationToken = page.NextContinuationToken || undefined;
      if (page.IsTruncated && ContinuationToken === undefined) throw brokenOff(prefix, this.#requests.url);
      yield page;
    } while (ContinuationToken !== undefined);
  }
}

/** What is not listed counts as not there: prune would take what it needs for garbage. */
function brokenOff(prefix: string, url: string): AppError {
  const message = `Listing ${prefix} failed: ${url} gave a part of it, and did not say where the rest begins.`;
  return new AppError("DESTINATION_FAILED", message, {
    hint: "The service does not know version 2 of S3's listings (ListObjectsV2): use a newer version of it, or another one.",
  });
}
