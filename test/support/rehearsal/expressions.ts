import { data, Evaluator, Lexer, Parser } from "@actions/expressions";

/** The contexts of an expression: plain values by name. */
export type Contexts = Record<string, unknown>;

/** How the job goes so far, which conditions ask about. */
export type Progress = "success" | "failure" | "cancelled";

const EXPRESSION = /\$\{\{((?:'(?:[^']|'')*'|[^'])*?)\}\}/g;

/** The value of a text: of any type when it is one expression and nothing else, and else a string. */
export function evaluate(text: unknown, contexts: Contexts): unknown {
  if (typeof text !== "string") return text;
  const parts = [...text.matchAll(EXPRESSION)];
  const [only] = parts;
  if (parts.length === 1 && only?.[0] === text.trim()) return toPlain(compute(only[1] ?? "", contexts));
  return text.replaceAll(EXPRESSION, (_, expression: string) => compute(expression, contexts).coerceString());
}

export function evaluateText(text: unknown, contexts: Contexts): string {
  return toData(evaluate(text, contexts)).coerceString();
}

/** @throws Error when the value is no truth value, as where a workflow says `continue-on-error: maybe` */
export function evaluateFlag(text: unknown, contexts: Contexts): boolean {
  const value = evaluate(text, contexts);
  if (typeof value !== "boolean") throw new Error(`${String(text)} is neither true nor false.`);
  return value;
}

export function evaluateTexts(
  texts: Readonly<Record<string, unknown>>,
  contexts: Contexts,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, evaluateText(text, contexts)]),
  );
}

/**
 * Whether an `if` holds. One that does not ask about the progress implies `success()`.
 *
 * @param condition - with or without `${{ }}` around it; absent means `success()`
 */
export function evaluateCondition(condition: unknown, contexts: Contexts, progress: Progress): boolean {
  const whole = condition === undefined ? "success()" : `${condition as string | boolean | number}`.trim();
  const bare = /^\$\{\{((?:'(?:[^']|'')*'|[^'])*)\}\}$/.exec(whole)?.[1] ?? whole;
  const asks = /\b(success|failure|cancelled|always)\s*\(/.test(bare);
  return isTrue(compute(asks ? bare : `success() && (${bare})`, contexts, progress));
}

function compute(expression: string, contexts: Contexts, progress?: Progress): data.ExpressionData {
  const functions = progress === undefined ? [] : statusFunctions(progress);
  const tokens = new Lexer(expression).lex().tokens;
  const tree = new Parser(tokens, Object.keys(contexts), functions).parse();
  const dictionary = new data.Dictionary();
  for (const [name, value] of Object.entries(contexts)) dictionary.add(name, toData(value));
  return new Evaluator(tree, dictionary, new Map(functions.map((each) => [each.name, each]))).evaluate();
}

function statusFunctions(
  progress: Progress,
): { name: string; minArgs: number; maxArgs: number; call: () => data.ExpressionData }[] {
  const values = {
    always: true,
    success: progress === "success",
    failure: progress === "failure",
    cancelled: progress === "cancelled",
  };
  return Object.entries(values).map(([name, value]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  }));
}

function toData(value: unknown): data.ExpressionData {
  return JSON.parse(JSON.stringify(value ?? null), data.reviver) as data.ExpressionData;
}

function toPlain(value: data.ExpressionData): unknown {
  return JSON.parse(JSON.stringify(value, data.replacer));
}

/** Falsy are false, null, 0, NaN and the empty string. */
function isTrue(value: data.ExpressionData): boolean {
  return Boolean(value.primitive ? toPlain(value) : true);
}
