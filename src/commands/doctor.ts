import type { MonthEstimate } from "../backup/month-estimate.ts";
import { AppError } from "../errors.ts";
import { explainAsFinding, worstOf } from "../finding.ts";
import type { Finding } from "../finding.ts";
import type { RunContext } from "../run-context.ts";
import { settleAll } from "./together.ts";

/** Something that a backup or a drill needs, and that can be looked at. */
export interface Subject {
  kind: "destination" | "store" | "target";
  /** The store's name; the address of a destination. */
  name: string;
  /** Looks at everything, also where something is bad; writes nothing. */
  diagnose(): Promise<Finding[]>;
}

export interface Diagnosis {
  kind: Subject["kind"];
  name: string;
  findings: Finding[];
}

export interface DoctorResult {
  command: "doctor";
  /** The state of the worst finding. */
  verdict: Finding["state"];
  /** In the order in which the configuration names them. */
  subjects: Diagnosis[];
  /** What a month costs, of the stores and destinations about which nothing is bad. */
  estimate?: MonthEstimate;
}

/**
 * Looks at everything that a backup needs, and at the targets of drills where they are given, and says what is
 * wrong with each, all at once. Writes nothing anywhere.
 *
 * @param estimate - says what a month costs, of what `isSound` names; it changes no verdict
 * @throws AppError CANCELLED
 */
export async function doctor(
  subjects: readonly Subject[],
  context: RunContext,
  estimate?: (
    isSound: (kind: Subject["kind"], name: string) => boolean,
  ) => Promise<MonthEstimate | undefined>,
): Promise<DoctorResult> {
  const diagnoses = await context.reporter.phase("Look", () =>
    settleAll(subjects.map((subject) => diagnose(subject, context))),
  );
  const verdict = worstOf(diagnoses.flatMap(({ findings }) => findings));
  const isSound = (kind: Subject["kind"], name: string): boolean =>
    diagnoses.some((one) => one.kind === kind && one.name === name && worstOf(one.findings) !== "bad");
  // Told beside the findings: what cannot be measured is left out.
  const month = await estimate?.(isSound).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
    context.reporter.info(`What a month costs cannot be estimated: ${error.message}`);
    return undefined;
  });
  return { command: "doctor", verdict, subjects: diagnoses, ...(month && { estimate: month }) };
}

async function diagnose(subject: Subject, { redactor }: RunContext): Promise<Diagnosis> {
  const { kind, name } = subject;
  const findings = await subject
    .diagnose()
    .catch((error: unknown) => [explainAsFinding("configuration", error)]);
  return {
    kind,
    name,
    findings: findings.map((finding) => ({
      ...finding,
      found: redactor.redact(finding.found),
      ...(finding.mend !== undefined && { mend: redactor.redact(finding.mend) }),
    })),
  };
}
