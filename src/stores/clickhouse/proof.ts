import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import type { StoredObject } from "../../backup/manifest.ts";
import { AppError } from "../../errors.ts";
import type { ContentProof } from "../store.ts";
import { parseSchema } from "./ddl.ts";
import { ZstdOutline } from "./zstd-frames.ts";

/** Follows the frames of every part to their end, and reads the schema as a restore would. */
export function createClickHouseProof(): ContentProof {
  return {
    async prove(store, object, content) {
      if (store.kind !== "clickhouse") throw new Error(`${store.store} is no ClickHouse backup`);
      if (object.key === store.ddl.objects.key) parseSchema(await text(content));
      else if (store.parts.some(({ key }) => key === object.key)) await followFrames(object, content);
      else {
        for await (const _ of content) {
          // SQL for people and stock tools: it has no form of its own.
        }
      }
      return undefined;
    },
  };
}

async function followFrames({ key }: StoredObject, content: Readable): Promise<void> {
  const outline = new ZstdOutline();
  for await (const chunk of content as AsyncIterable<Uint8Array>) outline.push(chunk);
  if (outline.isComplete) return;
  throw new AppError("BACKUP_DAMAGED", `${key} is what was written, but its last zstd frame is not whole.`, {
    hint: "Restore another backup (lifeboat list shows them), and report this one.",
  });
}
