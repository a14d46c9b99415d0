/** What the upstream answers to everything: fixed, so that a caller can recognise it. */
export const ANSWER = "This answer comes from lifeboat's built-in upstream.";

/** The pieces in which a streamed answer is sent. */
export const ANSWER_PIECES: readonly string[] = ANSWER.split(/(?<= )/);

/** Made-up counts of tokens, the same in every answer, so that a logged row can be checked for them. */
export const INPUT_TOKENS = 11;
export const OUTPUT_TOKENS = ANSWER_PIECES.length;

/** One server-sent event. */
export interface StreamEvent {
  /** Absent where a protocol sends data lines only. */
  event?: string;
  data: string;
}

/** How one call is answered. */
export type Answer = { json: unknown } | { events: StreamEvent[] };

/** One call of a protocol, taken apart. */
export interface Call {
  /** Of the request, such as `/v1/messages`. */
  path: string;
  body: Readonly<Record<string, unknown>>;
  nowSeconds: number;
}

/** One way of speaking to a model provider. */
export interface Shape {
  readonly name: string;
  /** Matched against the end of the path, since applications put prefixes of their own before it. */
  readonly path: RegExp;
  /** The API key that a request carries, from its headers and query. */
  findKey(headers: Headers, query: URLSearchParams): string | undefined;
  /** The model that was asked for. */
  findModel(call: Call): string;
  answer(call: Call, model: string): Answer;
  /** The body of an error, as the provider's own clients expect it. */
  refuse(message: string): unknown;
}

/** The model in the body, where most protocols put it. */
export function modelOfBody({ body }: Call): string {
  return typeof body["model"] === "string" ? body["model"] : "unknown";
}

export function findBearer(headers: Headers): string | undefined {
  return /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

export function sendData(data: unknown): StreamEvent {
  return { data: JSON.stringify(data) };
}

/** An event whose name stands in its data as well. */
export function sendTyped(data: { type: string } & Record<string, unknown>): StreamEvent {
  return { event: data.type, data: JSON.stringify(data) };
}
