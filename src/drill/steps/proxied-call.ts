import { isDeepStrictEqual } from "node:util";
import { AppError } from "../../errors.ts";
import type { Secret } from "../../sys/secret.ts";
import { fingerprintKey } from "../key-fingerprint.ts";
import { ANSWER } from "../upstream/shape.ts";
import type { RecordedRequest } from "../upstream/server.ts";
import { CALLS } from "./call-kinds.ts";
import type { CallKind } from "./call-kinds.ts";
import { callHttp, quoteAnswer } from "./http-call.ts";
import type { HttpAnswer } from "./http-call.ts";
import { queryStore } from "./step.ts";
import type { Step, StepContext } from "./step.ts";

const POLL_MS = 500;

export interface ProxiedCallOptions {
  name: string;
  call: CallKind;
  /** The application's address of that protocol, such as `http://127.0.0.1:4010/proxy/openai/v1`. */
  url: string;
  /** The key that the application knows the caller by. */
  apiKey: Secret;
  model: string;
  headers: Readonly<Record<string, Secret>>;
  /** Whether the application asks the real provider, not the built-in upstream. */
  live: boolean;
  /** The `decrypt` step that read the provider key, and the row it read it from; any of its rows when absent. */
  providerKey?: { step: string; row?: string };
  /** Where the application logs the call. */
  logged?: {
    store: string;
    /** Returns the logged rows; one that was not there before the call is the call's. */
    query: string;
    /** Values the row must hold, by column. */
    expect: Readonly<Record<string, string | number | boolean | null>>;
    withinMs: number;
  };
  timeoutMs: number;
}

/**
 * A call through the application, as its own users make them: it finds the caller's key, decrypts the provider's
 * key, asks the provider, and logs the request. Proved are the answer, the key that reached the upstream, and the row.
 */
export function buildProxiedCallStep(options: ProxiedCallOptions): Step {
  const { name, timeoutMs, live, logged } = options;
  return {
    name,
    kind: "proxied-call",
    timeoutMs,
    needsUpstream: !live,
    async perform(context) {
      const before = logged && (await queryStore(context, logged.store, logged.query));
      const seen = context.upstream?.requests.length ?? 0;
      const answer = await call(options, context);
      if (!live) requireUpstreamCall(options, context, context.upstream?.requests.slice(seen) ?? [], answer);
      requireAnswer(options, context, answer);
      if (logged && before) await waitForRow(logged, before, context);
    },
  };
}

async function call(options: ProxiedCallOptions, { signal }: StepContext): Promise<HttpAnswer> {
  const { path, headers, body } = CALLS[options.call](options.model, options.apiKey.reveal());
  const own = Object.entries(options.headers).map(([header, value]) => [header, value.reveal()] as const);
  return await callHttp(
    `${options.url.replace(/\/$/, "")}${path}`,
    {
      method: "POST",
      headers: { "content-type": "application/json", ...headers, ...Object.fromEntries<string>(own) },
      body: JSON.stringify(body),
    },
    signal,
  );
}

/** Tells apart: the upstream was not reached, it got no key, and it got another key. */
function requireUpstreamCall(
  options: ProxiedCallOptions,
  { upstream, decrypted, note, redactor }: StepContext,
  requests: readonly RecordedRequest[],
  answer: HttpAnswer,
): void {
  const said = redactor.redact(quoteAnswer(answer));
  const request = requests.findLast(({ shape }) => shape !== undefined) ?? requests.at(-1);
  if (!upstream || !request) {
    throw new AppError("TOOL_FAILED", `The application did not reach the upstream; it answered ${said}`, {
      hint: "It could not decrypt the provider key, or does not send its calls to LIFEBOAT_UPSTREAM_URL.",
    });
  }
  const { keyFingerprint, path } = request;
  if (keyFingerprint === undefined) {
    throw new AppError(
      "TOOL_FAILED",
      `The call reached the upstream at ${path} without a key of its provider.`,
      {
        hint: "The application found no provider key, or sends it in a header of another provider.",
      },
    );
  }
  if (keyFingerprint === fingerprintKey(decrypted.runKey, options.apiKey.reveal())) {
    throw new AppError("DATA_DIFFERS", "The upstream got the caller's own key, not the provider's.", {
      hint: "The application passes the caller's key on instead of the one it stores.",
    });
  }
  if (!options.providerKey) {
    note("The call reached the upstream. Whose key it carried was not compared: no `decrypt` step is named.");
    return;
  }
  const { step, row } = options.providerKey;
  const rows = decrypted.byStep.get(step);
  if (!rows || (row !== undefined && !rows.has(row))) {
    const what =
      row === undefined ? `Step "${step}" decrypted nothing` : `Step "${step}" decrypted no row ${row}`;
    throw new AppError("UNPROVEN", `${what} that the key at the upstream could be compared with.`, {
      hint: "Put the `decrypt` step before this one, and name it and its row as it does.",
    });
  }
  const expected = row === undefined ? [...rows.values()] : [rows.get(row)];
  if (!expected.includes(keyFingerprint)) {
    throw new AppError(
      "DATA_DIFFERS",
      "The upstream got another key than the one decrypted from the restored row.",
      {
        hint: "The application takes its provider key from elsewhere, or decrypts it to something else.",
      },
    );
  }
  note("The key decrypted from the restored row is the one that reached the upstream.");
}

function requireAnswer(
  { live }: ProxiedCallOptions,
  { note, redactor }: StepContext,
  answer: HttpAnswer,
): void {
  const isAnswered = answer.status >= 200 && answer.status < 300 && (live || answer.text.includes(ANSWER));
  if (!isAnswered) {
    const said = redactor.redact(quoteAnswer(answer));
    throw new AppError(
      "TOOL_FAILED",
      `The application did not pass the upstream's answer on; it answered ${said}`,
      {
        hint: "See the application's log for the reason.",
      },
    );
  }
  note(`The application answered ${answer.status} with what the ${live ? "provider" : "upstream"} said.`);
}

async function waitForRow(
  logged: NonNullable<ProxiedCallOptions["logged"]>,
  before: readonly Record<string, unknown>[],
  context: StepContext,
): Promise<void> {
  const { clock, signal, note } = context;
  const startMs = clock.ticksMs();
  let latest: Record<string, unknown> | undefined;
  for (;;) {
    const fresh = findFresh(before, await queryStore(context, logged.store, logged.query));
    if (fresh.some((row) => findMismatch(row, logged.expect) === undefined)) {
      note(
        `The call was logged in ${logged.store} within ${Math.ceil((clock.ticksMs() - startMs) / 1000)} s.`,
      );
      return;
    }
    latest = fresh[0] ?? latest;
    if (clock.ticksMs() - startMs >= logged.withinMs) break;
    await clock.sleep(POLL_MS, signal);
  }
  const seconds = logged.withinMs / 1000;
  if (!latest) {
    throw new AppError("DATA_DIFFERS", `The call was not logged in ${logged.store} within ${seconds} s.`, {
      hint: "The application cannot write there, or the query does not return its rows.",
    });
  }
  throw new AppError("DATA_DIFFERS", `The call was logged wrongly: ${findMismatch(latest, logged.expect)}.`, {
    hint: "Compare with a row of the same call in production.",
  });
}

/** The rows beyond those that were there before; equal ones are told apart by their number. */
function findFresh(
  before: readonly Record<string, unknown>[],
  rows: readonly Record<string, unknown>[],
): Record<string, unknown>[] {
  const left = new Map<string, number>();
  for (const row of before) left.set(JSON.stringify(row), (left.get(JSON.stringify(row)) ?? 0) + 1);
  return rows.filter((row) => {
    const text = JSON.stringify(row);
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
}

function findMismatch(
  row: Record<string, unknown>,
  expect: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const [column, value] of Object.entries(expect)) {
    const found = row[column];
    if (!isDeepStrictEqual(found, value) && String(found) !== String(value)) {
      return `${column} is ${JSON.stringify(found)}, expected ${JSON.stringify(value)}`;
    }
  }
  return undefined;
}
