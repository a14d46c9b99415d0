const PROMPT = "Say that the drill's call has arrived.";

interface CallContent {
  /** Below the address of the protocol. */
  path: string;
  headers: Record<string, string>;
  body: unknown;
}

const bearer = (apiKey: string): Record<string, string> => ({ authorization: `Bearer ${apiKey}` });

/** The calls a drill can make, as the official clients make them. */
export const CALLS = {
  "openai-chat": (model: string, apiKey: string): CallContent => ({
    path: "/chat/completions",
    headers: bearer(apiKey),
    body: { model, messages: [{ role: "user", content: PROMPT }] },
  }),
  "openai-responses": (model: string, apiKey: string): CallContent => ({
    path: "/responses",
    headers: bearer(apiKey),
    body: { model, input: PROMPT },
  }),
  "anthropic-messages": (model: string, apiKey: string): CallContent => ({
    path: "/v1/messages",
    headers: { "x-api-key": apiKey, "anthropic-version": "2023-06-01" },
    body: { model, max_tokens: 64, messages: [{ role: "user", content: PROMPT }] },
  }),
  gemini: (model: string, apiKey: string): CallContent => ({
    path: `/models/${model}:generateContent`,
    headers: { "x-goog-api-key": apiKey },
    body: { contents: [{ role: "user", parts: [{ text: PROMPT }] }] },
  }),
} as const;

export type CallKind = keyof typeof CALLS;
