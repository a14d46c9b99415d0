import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import type { ClickHousePart } from "../../../backup/manifest.ts";
import type { RunContext } from "../../../run-context.ts";
import { notWhole, proveWithTools, readThrough } from "../../proving.ts";
import type { ContentProof } from "../../store.ts";
import { parseSchema } from "../sql/ddl.ts";
import { walkNative } from "./native-blocks.ts";
import { NativeFault } from "./native-bytes.ts";

/** Walks over the values of every part to its last row, and reads the schema as a restore would. */
export function createClickHouseProof(context: RunContext): ContentProof {
  return {
    async prove(store, object, content) {
      if (store.kind !== "clickhouse") throw new Error(`${store.store} is no ClickHouse backup`);
      const part = store.parts.find(({ key }) => key === object.key);
      if (part) return await proveWithTools(content, () => walkPart(part, content, context));
      if (object.key === store.ddl.objects.key) {
        parseSchema(await text(content));
        return undefined;
      }
      for await (const _ of content) {
        // SQL for people and stock tools: it has no form of its own.
      }
      return undefined;
    },
  };
}

async function walkPart(
  part: ClickHousePart,
  content: Readable,
  context: RunContext,
): Promise<string | undefined> {
  try {
    const outline = await readThrough(part, content, "zstd", context, (blocks) =>
      walkNative(blocks, part.columns),
    );
    if (!outline.isWalked) {
      return `only ClickHouse can read values of the type ${outline.type} (column ${outline.column}); the zstd around them is whole.`;
    }
    if (outline.rows !== part.rows) {
      throw notWhole(part, `it has ${outline.rows} rows instead of ${part.rows}`);
    }
    return undefined;
  } catch (error) {
    if (error instanceof NativeFault) throw notWhole(part, error.message);
    throw error;
  }
}
