import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { startTool } from "../../../sys/exec.ts";
import type { RunningTool } from "../../../sys/exec.ts";
import type { PostgresTools } from "../clients/tools.ts";
import { DISK_FULL } from "../server/faults.ts";
import { writeAll } from "./plain-sql.ts";
import { adviseOn } from "../server/tool-faults.ts";

/** What scripts select is nobody's business: unread, it would stop psql before long. */
const SILENT = "\\o /dev/null\n";

/**
 * One transaction of psql's, which takes statements and the scripts of pg_restore as they come, rows too. Nothing stays
 * unless `commit` came to its end: whatever ends psql before, and the run that started it, makes the server roll back.
 */
export class PsqlTransaction implements AsyncDisposable {
  readonly #psql: RunningTool;
  readonly #lines: AsyncIterator<string>;
  readonly #what: string;

  private constructor(psql: RunningTool, what: string) {
    this.#psql = psql;
    this.#what = what;
    this.#lines = createInterface({ input: psql.stdout })[Symbol.asyncIterator]();
  }

  /**
   * @param what - it is for, as the subject of "… failed"
   * @param env - the variables of `LibpqAccess`
   */
  static begin(
    what: string,
    env: Readonly<Record<string, string>>,
    tools: PostgresTools,
    context: RunContext,
  ): PsqlTransaction {
    const args = ["--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align"];
    const command = tools.command("psql", [...args, "--set=ON_ERROR_STOP=1", "--file=-"], {
      ...env,
      LC_ALL: "C",
    });
    const psql = startTool(command, context);
    // Also where startup options were refused, which lift the limits of the role.
    psql.stdin.write("BEGIN;\nSET statement_timeout = 0;\nSET idle_in_transaction_session_timeout = 0;\n");
    psql.stdin.write(SILENT);
    return new PsqlTransaction(psql, what);
  }

  /**
   * Statements without their semicolons.
   *
   * @throws AppError TOOL_FAILED, DISK_FULL, CANCELLED where one has failed already; else what comes next does
   */
  async run(statements: readonly string[]): Promise<void> {
    await this.feed(statements.map((statement) => Buffer.from(`${statement};\n`)));
  }

  /** A script as pg_restore writes it. @throws as `run` */
  async feed(script: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    if (!(await writeAll(script, this.#psql))) throw await this.#explainEnd();
  }

  /** @throws AppError TOOL_FAILED, DISK_FULL, CANCELLED for anything that failed so far */
  async rows<Row>(_work: string, sql: string): Promise<Row[]> {
    const end = `lifeboat-${randomBytes(8).toString("hex")}`;
    const select = `SELECT coalesce(json_agg(answer), '[]') FROM (${sql}) answer;`;
    await this.feed([Buffer.from(`\\o\n${select}\n${SILENT}\\echo ${end}\n`)]);
    const answer: string[] = [];
    for (;;) {
      const line = await this.#lines.next();
      if (line.done === true) throw await this.#explainEnd();
      if (line.value === end) return JSON.parse(answer.join("\n")) as Row[];
      answer.push(line.value);
    }
  }

  /** @throws AppError TOOL_FAILED, DISK_FULL, CANCELLED */
  async commit(): Promise<void> {
    await this.run(["COMMIT"]);
    this.#psql.stdin.end();
    await this.#psql.done.catch(async () => {
      throw await this.#explainEnd("at its commit: look which rows are there");
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#psql.stop();
  }

  /** What the server said, without the lines that quote rows. */
  async #explainEnd(how = "and nothing was changed"): Promise<unknown> {
    const fault = await this.#psql.done.then(
      () => new Error("psql ended by itself"),
      (error: unknown) => error,
    );
    if (!(fault instanceof AppError) || fault.code !== "TOOL_FAILED") return fault;
    const said = this.#psql.stderrTail();
    const [, error = "psql ended"] = /^psql:.*?:\d+: (?:[A-Z]+: +)?(.*)$/m.exec(said) ?? [];
    const [, table] = /^CONTEXT: +COPY (.+?), line \d+/m.exec(said) ?? [];
    const where = table === undefined ? "" : ` (rows of ${table})`;
    return new AppError(
      DISK_FULL.test(said) ? "DISK_FULL" : "TOOL_FAILED",
      `${this.#what} failed, ${how}: ${error}${where}.`,
      { hint: adviseOn(said) ?? "The server's own message above tells what it could not do.", cause: fault },
    );
  }
}
