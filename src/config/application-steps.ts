import type { HttpStepOptions } from "../drill/steps/http.ts";
import type { ProxiedCallOptions } from "../drill/steps/proxied-call.ts";
import type { StartStepOptions } from "../drill/steps/start.ts";
import type { HttpStep, ProxiedCallStep, StartStep } from "./schema.ts";
import type { StepCommon, StepReader } from "./step-reader.ts";

export type StartStepConfig = { kind: "start" } & StartStepOptions;
export type HttpStepConfig = { kind: "http" } & HttpStepOptions;
export type ProxiedCallConfig = { kind: "proxied-call" } & ProxiedCallOptions;

/** An application logs a call after it was answered, and in batches. */
const LOGGED_WITHIN_MS = 30_000;

export function readStartStep(step: StartStep, common: StepCommon, reader: StepReader): StartStepConfig {
  const directory = reader.text("working-directory");
  return {
    kind: "start",
    ...common,
    command: reader.command("start", step.start),
    ready: readAddress(reader, "ready"),
    env: reader.secrets("env"),
    ...(directory !== undefined && { workingDirectory: reader.inFolder(directory) }),
  };
}

export function readHttpStep(step: HttpStep, common: StepCommon, reader: StepReader): HttpStepConfig {
  const { status, json } = step.expect ?? {};
  const body = reader.text("body");
  return {
    kind: "http",
    ...common,
    url: readAddress(reader, "http"),
    written: step.http,
    method: step.method ?? (body === undefined ? "GET" : "POST"),
    headers: reader.secrets("headers"),
    ...(body !== undefined && { body }),
    expect: {
      ...(status !== undefined && { status }),
      headers: reader.texts("expect", "headers"),
      ...(json && { json }),
    },
  };
}

/**
 * @param decryptStep - the name of the `decrypt` step before it, whose rows hold the provider's key unless the step
 *   says otherwise
 */
export function readProxiedCall(
  step: ProxiedCallStep,
  common: StepCommon,
  reader: StepReader,
  decryptStep: string | undefined,
): ProxiedCallConfig {
  const { live = false, logged } = step;
  const keyStep = reader.text("provider-key", "step") ?? decryptStep;
  const row = reader.text("provider-key", "row");
  if (live && step["provider-key"]) {
    reader.problem("cannot be compared in a live call. Leave it or live out.", "provider-key");
  }
  return {
    kind: "proxied-call",
    ...common,
    call: step["proxied-call"],
    url: readAddress(reader, "url"),
    apiKey: reader.secret("api-key"),
    model: reader.text("model") ?? "",
    headers: reader.secrets("headers"),
    live,
    ...(keyStep !== undefined && { providerKey: { step: keyStep, ...(row !== undefined && { row }) } }),
    ...(logged && {
      logged: {
        store: reader.store("logged", "store"),
        query: logged.query,
        expect: logged.expect ?? {},
        withinMs: reader.durationMs(LOGGED_WITHIN_MS, "logged", "within"),
      },
    }),
  };
}

function readAddress(reader: StepReader, key: string): string {
  const address = reader.text(key) ?? "";
  if (address !== "" && !/^https?:\/\/[^/]/.test(address)) {
    reader.problem("is no address. Write http://127.0.0.1:PORT/path.", key);
  } else if (/^https?:\/\/[^/?#]*@/.test(address)) {
    reader.problem("holds a user or a password. Give them in a header: authorization.", key);
  }
  return address;
}
