import type { DoctorResult } from "../../commands/doctor.ts";
import type { ListResult } from "../../commands/list.ts";
import type { PolicyResult } from "../../commands/policy.ts";
import type { StatusResult } from "../../commands/status.ts";
import type { Finding } from "../../finding.ts";
import { describeEstimate, listEstimate } from "../estimate.ts";
import { describeEncryption, describeLastDrill } from "../last-drill.ts";
import { countOf, formatAge, formatBytes } from "../quantities.ts";
import { describeStatus, listStatus } from "../status.ts";
import { drawSizes, listPoints } from "./backup.ts";
import { listOf, tableOf } from "./page.ts";
import type { Block, Page } from "./page.ts";

const SIGNS = { good: "✅", warning: "⚠️", bad: "❌" } as const;

export function describeDoctor({ verdict, subjects, estimate }: DoctorResult): Page {
  const answers = {
    good: "Everything is as a backup needs it",
    warning: "A backup will work; something deserves a look",
    bad: "A backup or a drill would fail",
  };
  return {
    sign: SIGNS[verdict],
    title: answers[verdict],
    blocks: [
      ...subjects.flatMap(({ kind, name, findings }) => tellFindings(`${kind} ${name}`, findings)),
      ...(estimate
        ? tableOf(["Of", "What", ">Amount", ">Cost", "Why"], listEstimate(estimate), {
            title: describeEstimate(estimate),
          })
        : []),
    ],
  };
}

export function describeStatusPage(result: StatusResult): Page {
  return {
    sign: SIGNS[result.verdict],
    title: describeStatus(result),
    blocks: [
      ...listStatus(result).flatMap(({ name, findings }) => tellFindings(name, findings)),
      ...result.destinations.flatMap(({ url, trend }) => [
        ...drawSizes(trend),
        ...(trend.length < 2 ? [] : listPoints(`The last backups at ${url}`, trend)),
      ]),
    ],
  };
}

function tellFindings(title: string, findings: readonly Finding[]): Block[] {
  return tableOf(
    ["", "Check", "Found", "Mend it"],
    findings.map(({ check, state, found, mend = "" }) => [SIGNS[state], check, found, mend]),
    { title },
  );
}

export function describeList({ destination, backups, unreadable }: ListResult): Page {
  return {
    sign: "📋",
    title: `${countOf(backups.length, "backup")} at ${destination}`,
    blocks: [
      ...tableOf(
        ["Backup", ">Age", ">Size", "Class", "Encryption", "Stores", "Last drill"],
        backups.map((backup) => [
          backup.pin === undefined ? backup.backupId : `${backup.backupId} 📌 ${backup.pin}`,
          formatAge(backup.ageHours),
          formatBytes(backup.sizeBytes),
          backup.span ?? "",
          describeEncryption(backup),
          backup.stores.map(({ store, rows }) => `${store} (${countOf(rows, "row")})`).join(", "),
          describeLastDrill(backup),
        ]),
      ),
      ...listOf("Not readable", unreadable),
    ],
  };
}

export function describePolicy({ role, policies }: PolicyResult): Page {
  return {
    sign: "📋",
    title: `Rights of the role ${role}`,
    blocks: policies.flatMap(({ destinations, policy }) =>
      tableOf(
        ["Statement", "Actions", "Resources"],
        policy.Statement.map(({ Sid, Action, Resource }) => [
          Sid,
          Action.join(", "),
          [Resource].flat().join(", "),
        ]),
        { title: destinations.join(", ") },
      ),
    ),
  };
}
