export type ProviderName = "openai" | "anthropic";

/** How one model provider is called. */
export interface Provider {
  /** What callers put before the endpoint's path here. */
  prefix: string;
  /** Paths that follow the provider's base address. */
  endpoints: readonly string[];
  /** The headers that carry the provider's key. */
  authorise: (key: string) => Record<string, string>;
  /** Headers of the caller that the provider needs as well. */
  passedHeaders: readonly string[];
}

export const PROVIDERS: Readonly<Record<ProviderName, Provider>> = {
  openai: {
    prefix: "/proxy/openai/v1",
    endpoints: ["/chat/completions", "/responses"],
    authorise: (key) => ({ authorization: `Bearer ${key}` }),
    passedHeaders: [],
  },
  anthropic: {
    prefix: "/proxy/anthropic",
    endpoints: ["/v1/messages"],
    authorise: (key) => ({ "x-api-key": key }),
    passedHeaders: ["anthropic-version", "anthropic-beta"],
  },
};

/** Tokens of one call; 0 where the provider does not tell, as in OpenAI's chat streams unless they are asked to. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
}

/** Reads the tokens from an answer: one JSON object, or a stream of server-sent events that hold one each. */
export function findUsage(answer: string): Usage {
  const found: Usage = { prompt_tokens: 0, completion_tokens: 0 };
  for (const json of answer.startsWith("{") ? [answer] : listEventData(answer)) {
    const usage = findUsageObject(parseJson(json));
    found.prompt_tokens = usage?.prompt_tokens ?? usage?.input_tokens ?? found.prompt_tokens;
    found.completion_tokens = usage?.completion_tokens ?? usage?.output_tokens ?? found.completion_tokens;
  }
  return found;
}

/** As OpenAI's chat completions call them, and as everything else does. */
interface UsageObject extends Partial<Usage> {
  input_tokens?: number;
  output_tokens?: number;
}

interface AnswerObject {
  usage?: UsageObject | null;
  /** The events of OpenAI's responses hold the response, those of Anthropic's messages the message. */
  response?: { usage?: UsageObject | null };
  message?: { usage?: UsageObject | null };
}

function findUsageObject(json: unknown): UsageObject | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const answer = json as AnswerObject;
  return answer.usage ?? answer.response?.usage ?? answer.message?.usage ?? undefined;
}

function listEventData(stream: string): string[] {
  return [...stream.matchAll(/^data: ?(.*)$/gm)].map(([, data]) => data ?? "");
}

/** @returns undefined for what is no JSON, such as the `[DONE]` that ends a stream */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
