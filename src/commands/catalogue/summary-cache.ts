import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { backupSummarySchema } from "../../backup/backup-summary.ts";
import type { BackupSummary } from "../../backup/backup-summary.ts";
import type { Listed } from "../../destinations/destination.ts";
import { VERSION } from "../../version.ts";

const fileSchema = z.strictObject({
  /** Another version of lifeboat may read another summary from the same manifest. */
  writtenBy: z.literal(VERSION),
  url: z.string(),
  summaries: z.array(
    z.strictObject({ sizeBytes: z.number(), modifiedAt: z.number(), summary: backupSummarySchema }),
  ),
});
type Remembered = z.infer<typeof fileSchema>["summaries"][number];

/**
 * What this machine has read of the manifests at one destination. Only a manifest of the same size and time as then counts
 * as known, and only `list` asks: nothing is restored or removed by what stands here.
 */
export class SummaryCache {
  readonly #path: string;
  readonly #url: string;
  readonly #known: ReadonlyMap<string, Remembered>;

  private constructor(path: string, url: string, known: readonly Remembered[]) {
    this.#path = path;
    this.#url = url;
    this.#known = new Map(known.map((entry) => [entry.summary.backupId, entry]));
  }

  /** Reads what was kept for a destination; nothing is known where the file is missing, or is not what was written. */
  static async open(cacheDir: string, url: string): Promise<SummaryCache> {
    const name = createHash("sha256").update(url).digest("hex").slice(0, 32);
    const path = join(cacheDir, "summaries", `${name}.json`);
    const text = await readFile(path, "utf8").catch(() => "null");
    const kept = fileSchema.safeParse(parseJson(text));
    return new SummaryCache(path, url, kept.success && kept.data.url === url ? kept.data.summaries : []);
  }

  /** @param manifest - as it is listed now */
  find(backupId: string, manifest: Listed): BackupSummary | undefined {
    const known = this.#known.get(backupId);
    const isSame =
      known?.sizeBytes === manifest.sizeBytes && known.modifiedAt === manifest.modifiedAt.getTime();
    return isSame ? known.summary : undefined;
  }

  /** Keeps what is there now, and forgets the rest. Best effort: without it the next list takes longer. */
  async keep(summaries: readonly { manifest: Listed; summary: BackupSummary }[]): Promise<void> {
    const content: z.infer<typeof fileSchema> = {
      writtenBy: VERSION,
      url: this.#url,
      summaries: summaries.map(({ manifest, summary }) => ({
        sizeBytes: manifest.sizeBytes,
        modifiedAt: manifest.modifiedAt.getTime(),
        summary,
      })),
    };
    const partial = `${this.#path}.${process.pid}`;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writeFile(partial, JSON.stringify(content), { mode: 0o600 });
      await rename(partial, this.#path);
    } catch {
      return;
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
