import { EXIT_STATUS } from "../errors.ts";
import type { BackupResult } from "./backup.ts";
import type { CopyResult } from "./copy.ts";
import type { DoctorResult } from "./doctor.ts";
import type { DrillResult } from "./drill.ts";
import type { ListResult } from "./list.ts";
import type { PinResult } from "./pin.ts";
import type { PlanResult } from "./plan.ts";
import type { PolicyResult } from "./policy.ts";
import type { PruneResult } from "./prune.ts";
import type { RekeyResult } from "./rekey.ts";
import type { RestoreResult } from "./restore.ts";
import type { ShardResult } from "./shard.ts";
import type { StatusResult } from "./status.ts";
import type { VerifyResult } from "./verify.ts";

/** What a run came to: the document that --json prints. */
export type RunResult =
  | VerifyResult
  | RekeyResult
  | BackupResult
  | PlanResult
  | ShardResult
  | RestoreResult
  | DrillResult
  | ListResult
  | StatusResult
  | CopyResult
  | PruneResult
  | PinResult
  | DoctorResult
  | PolicyResult;

/** What `doctor` ends with when a backup or a drill would fail. */
const DOCTOR_FOUND_BAD = 4;

/** The exit status of a run that ended with a result: a drill that is not proven is no success. */
export function exitStatusOfResult(result: RunResult): number {
  const hasOutcomes =
    result.command === "backup" || result.command === "finish" || result.command === "status";
  const failed = hasOutcomes ? result.destinations.find(({ failure }) => failure) : undefined;
  if (failed?.failure) return EXIT_STATUS[failed.failure.code];
  const verdict =
    result.command === "drill" ? result.record.verdict : "verdict" in result ? result.verdict : "";
  if (verdict === "differs") return EXIT_STATUS.DATA_DIFFERS;
  if (verdict === "damaged") return EXIT_STATUS.BACKUP_DAMAGED;
  if (verdict === "unfinished") return EXIT_STATUS.TOOL_FAILED;
  if (verdict === "unproven") return EXIT_STATUS.UNPROVEN;
  if (verdict === "bad") return result.command === "status" ? EXIT_STATUS.UNPROVEN : DOCTOR_FOUND_BAD;
  return 0;
}
