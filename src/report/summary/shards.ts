import type { PlanResult } from "../../commands/plan.ts";
import type { ShardResult } from "../../commands/shard.ts";
import { countOf } from "../quantities.ts";
import { describeFinishedShard, describeShard } from "../shards.ts";
import { listOf } from "./page.ts";
import type { Page } from "./page.ts";

export function describePlan({ backupId, shards }: PlanResult): Page {
  return {
    sign: "📋",
    title: `Backup ${backupId} is divided into ${countOf(shards.length, "shard")}`,
    blocks: [
      { kind: "text", text: "Nothing is listed before every shard has run and finish has joined them." },
      ...listOf("Shards", shards.map(describeShard)),
    ],
  };
}

export function describeShardRun(result: ShardResult): Page {
  return { sign: "✅", title: describeFinishedShard(result), blocks: [] };
}
