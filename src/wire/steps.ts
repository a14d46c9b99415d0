import type { StepConfig } from "../config/config.ts";
import { buildDecryptStep } from "../drill/steps/decrypt.ts";
import { buildAssertStep } from "../drill/steps/assert.ts";
import { buildChangesStep } from "../drill/steps/changes.ts";
import { buildHttpStep } from "../drill/steps/http.ts";
import { buildOrphansStep } from "../drill/steps/orphans.ts";
import { buildProxiedCallStep } from "../drill/steps/proxied-call.ts";
import { buildStartStep } from "../drill/steps/start.ts";
import { buildRunStep } from "../drill/steps/run.ts";
import { buildSqlStep } from "../drill/steps/sql.ts";
import type { Step } from "../drill/steps/step.ts";

export function buildStep(config: StepConfig): Step {
  switch (config.kind) {
    case "run":
      return buildRunStep(config);
    case "sql":
      return buildSqlStep(config);
    case "start":
      return buildStartStep(config);
    case "http":
      return buildHttpStep(config);
    case "decrypt":
      return buildDecryptStep(config);
    case "proxied-call":
      return buildProxiedCallStep(config);
    case "assert":
      return buildAssertStep(config);
    case "orphans":
      return buildOrphansStep(config);
    case "changes":
      return buildChangesStep(config);
  }
}
