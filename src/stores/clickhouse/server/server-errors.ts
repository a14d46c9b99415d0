import { AppError, cancelled } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { Connection } from "./connection.ts";

/** Server messages may quote SQL at length; the beginning says what is wrong. */
const MESSAGE_LIMIT = 400;

const NETWORK_CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name could not be looked up",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ETIMEDOUT: "no answer came in time",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "there is no route to the host",
  EPROTO: "it does not speak TLS as expected",
};
/** What a service that is waking up, or being replaced, answers with for a while. */
const WAKING_CODES: ReadonlySet<string> = new Set(["ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "EPIPE"]);

/** What the server said in an answer that is an error. */
export interface ServerAnswer {
  /** ClickHouse's own error number, 0 where the answer is not ClickHouse's. */
  number: number;
  message: string;
  httpStatus?: number;
}

/** Turns an answer of the server into an error that says what to do; keeps its number and first line. */
export function explainAnswer(answer: ServerAnswer, connection: Connection, context: RunContext): AppError {
  const firstLine = answer.message.trim().split("\n")[0] ?? "";
  const said = context.redactor.redact(firstLine).slice(0, MESSAGE_LIMIT);
  const where = `ClickHouse at ${connection.endpoint}`;
  switch (answer.number) {
    case 516:
    case 193:
    case 194:
      return new AppError("STORE_LOGIN_REFUSED", `${where} refused user ${connection.user}: ${said}`, {
        hint: "Check user and password of the address; special characters in it must be percent-encoded.",
      });
    case 81:
      return new AppError("STORE_UNREACHABLE", `${where} has no such database: ${said}`, {
        hint: "Check the database's name in the address and in the configuration.",
      });
    case 497:
      return new AppError("STORE_RIGHTS_MISSING", `${where} lacks a right for ${connection.user}: ${said}`, {
        hint: "Grant what the message names; a backup needs SELECT and SHOW on every table it reads.",
      });
    case 164:
    case 452:
      return new AppError("STORE_RIGHTS_MISSING", `${where} fixes settings of ${connection.user}: ${said}`, {
        hint: "Give the user a settings profile with readonly = 2 (backup) or 0 (restore).",
      });
  }
  const status = answer.httpStatus === undefined ? "" : ` (HTTP ${answer.httpStatus})`;
  if (answer.number === 0 && answer.httpStatus !== undefined && answer.httpStatus >= 502) {
    return new AppError("STORE_UNREACHABLE", `${where} is not ready${status}: ${said}`, {
      hint: "Check that the service is running; a service that sleeps may need minutes to wake.",
      transient: true,
    });
  }
  return new AppError("STORE_FAILED", `${where} failed${status}: ${said}`, {
    hint: "The server's own message above tells what it could not do.",
  });
}

/** Turns whatever a client or a socket threw into an error that says what to do. */
export function explainFailure(error: unknown, connection: Connection, context: RunContext): AppError {
  if (error instanceof AppError) return error;
  if (context.signal.aborted) return cancelled();
  const { code, message } = describe(error);
  if (/^\d+$/.test(code)) return explainAnswer({ number: Number(code), message }, connection, context);
  const numbered = /^Code: (\d+)\. /.exec(message);
  if (numbered) return explainAnswer({ number: Number(numbered[1]), message }, connection, context);
  const reason = NETWORK_CODES[code] ?? context.redactor.redact(message).slice(0, MESSAGE_LIMIT);
  return new AppError(
    "STORE_UNREACHABLE",
    `ClickHouse at ${connection.endpoint} cannot be reached: ${reason}.`,
    {
      hint: "Check host, port (HTTP: 8123, HTTPS: 8443, not the native 9000), firewall, and that the service runs.",
      transient: WAKING_CODES.has(code) || /timeout/i.test(message),
    },
  );
}

function describe(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: "", message: String(error) };
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = first instanceof Error && "code" in first ? String(first.code) : "";
  return { code, message: error.message || code };
}
