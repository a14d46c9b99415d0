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
}

/**
 * Looks at everything that a backup needs, and at the targets of drills where they are given, and says what is
 * wrong with each, all at once. Writes nothing anywhere.
 *
 * @throws AppError CANCELLED
 */
export async function doctor(subjects: readonly Subject[], context: RunContext): Promise<DoctorResult> {
  const diagnoses = await context.reporter.phase("Look", () =>
    settleAll(subjects.map((subject) => diagnose(subject, context))),
  );
  const verdict = worstOf(diagnoses.flatMap(({ findings }) => findings));
  return { command: "doctor", verdict, subjects: diagnoses };
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
