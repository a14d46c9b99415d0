import { pointOfBackup } from "../../backup/history.ts";
import type { BackupPoint, TrendPoint } from "../../backup/history.ts";
import type { BackupResult } from "../../commands/backup.ts";
import { describeCompleteness } from "../completeness.ts";
import { formatBytes, formatCount, formatSeconds } from "../quantities.ts";
import { listOf, tableOf } from "./page.ts";
import type { Block, Page } from "./page.ts";
import { compareWithPast, drawTrend } from "./trend.ts";

export function describeBackup(result: BackupResult): Page {
  const { isEverywhere, answer, failures } = describeCompleteness(result);
  const { stores } = result.manifest;
  const point = { ...pointOfBackup(result.manifest), seconds: result.seconds };
  const rows = point.stores.map(({ store, kind, tables, rows, sizeBytes, seconds }, index) => {
    const { server, inventory } = stores[index]!;
    return [
      store,
      `${kind} ${server.version}`,
      formatCount(tables),
      formatCount(rows),
      formatCount(inventory.schema.length),
      formatBytes(sizeBytes),
      formatSeconds(seconds),
    ];
  });
  const leftOut = stores.flatMap((held) =>
    held.leftOut.map(({ what, why }) => `${held.store}: ${what}: ${why}`),
  );
  return {
    sign: isEverywhere ? "✅" : "❌",
    title: `Backup ${result.backupId} is ${answer}`,
    blocks: [
      ...listOf("Not there", failures),
      {
        kind: "text",
        text:
          `${formatBytes(result.sizeBytes)} at the destination, ${formatBytes(result.sentBytes)} of it sent in ` +
          `${formatSeconds(result.seconds)}. A drill has yet to prove that it restores.`,
      },
      ...tableOf(["Store", "Server", ">Tables", ">Rows", ">Schema objects", ">Size", ">Time"], rows),
      ...describePast(point, result.past),
      ...listOf("Left out", leftOut),
    ],
  };
}

function describePast(point: BackupPoint, past: BackupResult["past"]): Block[] {
  if (!past) return [{ kind: "text", text: "No comparison with earlier runs: they may not be read." }];
  if (past.length === 0)
    return [{ kind: "text", text: "It is the first one here: nothing to compare with." }];
  const all = [point, ...past];
  return [
    ...compareWithPast([
      {
        name: "Size",
        now: point.sizeBytes,
        past: past.map(({ sizeBytes }) => sizeBytes),
        format: formatBytes,
      },
      { name: "Rows", now: point.rows, past: past.map(({ rows }) => rows), format: formatCount },
      { name: "Time", now: point.seconds, past: past.map(({ seconds }) => seconds), format: formatSeconds },
      ...(point.stores.length > 1 ? point.stores.flatMap((store) => measureStore(store, past)) : []),
    ]),
    ...drawSizes(all),
    ...listPoints(`The last ${all.length} backups`, all),
  ];
}

function measureStore(
  { store, sizeBytes, rows }: BackupPoint["stores"][number],
  past: readonly BackupPoint[],
) {
  const before = past.map(({ stores }) => stores.find((candidate) => candidate.store === store));
  return [
    {
      name: `${store}: size`,
      now: sizeBytes,
      past: before.map((one) => one?.sizeBytes),
      format: formatBytes,
    },
    { name: `${store}: rows`, now: rows, past: before.map((one) => one?.rows), format: formatCount },
  ];
}

/** @param points - newest first */
export function listPoints(title: string, points: readonly TrendPoint[]): Block[] {
  return tableOf(
    ["Backup", ">Size", ">Rows", ">Time"],
    points.map(({ backupId, sizeBytes, rows, seconds }) => [
      backupId,
      formatBytes(sizeBytes),
      formatCount(rows),
      formatSeconds(seconds),
    ]),
    { title, isFolded: true },
  );
}

/** @param points - newest first */
export function drawSizes(points: readonly TrendPoint[]): Block[] {
  const largest = Math.max(...points.map(({ sizeBytes }) => sizeBytes));
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(largest || 1) / 3)));
  const unit = ["B", "kB", "MB", "GB", "TB"][power];
  return drawTrend({
    title: `Size of the backups, in ${unit}`,
    points: [...points]
      .reverse()
      .map(({ startedAt, sizeBytes }) => ({ at: startedAt, value: sizeBytes / 1000 ** power })),
  });
}
