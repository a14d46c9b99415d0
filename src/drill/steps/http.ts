import { isDeepStrictEqual } from "node:util";
import { AppError } from "../../errors.ts";
import type { Secret } from "../../sys/secret.ts";
import { findAtPath } from "../json-path.ts";
import { callHttp, findJson, quoteAnswer } from "./http-call.ts";
import type { HttpAnswer } from "./http-call.ts";
import type { Step } from "./step.ts";

export interface HttpStepOptions {
  name: string;
  url: string;
  /** The address as it was written: what the environment put into it may be a token. */
  written: string;
  method: string;
  headers: Readonly<Record<string, Secret>>;
  body?: string;
  expect: HttpExpectation;
  timeoutMs: number;
}

/** What an answer must be; without a status: 200 to 299. */
export interface HttpExpectation {
  status?: number;
  /** Values that headers must have. */
  headers?: Readonly<Record<string, string>>;
  /** Values in the JSON body, by path: `data.0.id`, `*` for any. */
  json?: Readonly<Record<string, unknown>>;
}

/** A request to the application, and what it must answer. */
export function buildHttpStep(options: HttpStepOptions): Step {
  const { name, url, written, method, body, expect, timeoutMs } = options;
  return {
    name,
    kind: "http",
    timeoutMs,
    async perform({ signal, note, redactor }) {
      const headers = Object.fromEntries(
        Object.entries(options.headers).map(([header, value]) => [header, value.reveal()]),
      );
      const request = { method, headers, shown: written, ...(body !== undefined && { body }) };
      const answer = await callHttp(url, request, signal);
      const problems = findProblems(answer, expect);
      if (problems.length > 0) {
        const said = redactor.redact(quoteAnswer(answer));
        throw new AppError(
          "TOOL_FAILED",
          `${method} ${written}: ${problems.join("; ")}. It answered ${said}`,
          {
            hint: "See the application's log for the reason.",
          },
        );
      }
      note(`${method} ${written} answered ${answer.status}, as expected.`);
    },
  };
}

function findProblems(answer: HttpAnswer, { status, headers = {}, json = {} }: HttpExpectation): string[] {
  const problems: string[] = [];
  const isStatusRight =
    status === undefined ? answer.status >= 200 && answer.status < 300 : answer.status === status;
  if (!isStatusRight) problems.push(`expected status ${status ?? "200 to 299"}`);
  for (const [header, value] of Object.entries(headers)) {
    if (answer.headers.get(header) !== value) problems.push(`expected header ${header} to be ${value}`);
  }
  const tree = findJson(answer);
  for (const [path, value] of Object.entries(json)) {
    if (!findAtPath(tree, path).some((found) => isDeepStrictEqual(found.value, value))) {
      problems.push(`expected ${JSON.stringify(value)} at ${path}`);
    }
  }
  return problems;
}
