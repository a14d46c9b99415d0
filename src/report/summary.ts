import type { RunResult } from "../commands/result.ts";
import type { Failure } from "./failure.ts";
import { describeBackup } from "./summary/backup.ts";
import { describeDrill } from "./summary/drill.ts";
import { describeDoctor, describeList, describePolicy, describeStatusPage } from "./summary/look.ts";
import { renderPage } from "./summary/page.ts";
import type { Page } from "./summary/page.ts";
import { describePlan, describeShardRun } from "./summary/shards.ts";
import { describeRestore } from "./summary/restore.ts";
import {
  describeCopied,
  describePinned,
  describePruned,
  describeRekeyed,
  describeVerified,
} from "./summary/upkeep.ts";

/** The job summary of a run: the answer first, then what it rests on. */
export function renderSummary(result: RunResult): string {
  return renderPage(describeResult(result));
}

/** The job summary of a run that ended in an error. */
export function renderFailureSummary(command: string, failure: Failure): string {
  const { title, reason, hint, code, exitStatus } = failure;
  return renderPage({
    sign: "❌",
    title: `${command}: ${title}`,
    blocks: [
      ...(reason === "" ? [] : [{ kind: "text" as const, text: reason }]),
      { kind: "list", title: "What to try", items: hint.split("\n") },
      { kind: "text", text: `${code}, exit status ${exitStatus}` },
    ],
  });
}

/** What a run has to tell, before it is Markdown. */
export function describeResult(result: RunResult): Page {
  switch (result.command) {
    case "backup":
    case "finish":
      return describeBackup(result);
    case "plan":
      return describePlan(result);
    case "shard":
      return describeShardRun(result);
    case "restore":
      return describeRestore(result);
    case "drill":
      return describeDrill(result);
    case "prune":
      return describePruned(result);
    case "copy":
      return describeCopied(result);
    case "pin":
    case "unpin":
      return describePinned(result);
    case "verify":
      return describeVerified(result);
    case "rekey":
      return describeRekeyed(result);
    case "doctor":
      return describeDoctor(result);
    case "policy":
      return describePolicy(result);
    case "status":
      return describeStatusPage(result);
    case "list":
      return describeList(result);
  }
}
