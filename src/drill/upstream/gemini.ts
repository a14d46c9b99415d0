import type { Answer, Shape } from "./shape.ts";
import { ANSWER, ANSWER_PIECES, INPUT_TOKENS, OUTPUT_TOKENS, sendData } from "./shape.ts";

const PATH = /\/models\/([^/:]+):(generateContent|streamGenerateContent)$/;

/** @see https://ai.google.dev/api/generate-content */
export const generateContent: Shape = {
  name: "gemini generate content",
  path: PATH,
  findKey: (headers, query) => headers.get("x-goog-api-key") ?? query.get("key") ?? undefined,
  findModel: ({ path }) => decodeURIComponent(PATH.exec(path)?.[1] ?? "unknown"),
  answer: ({ path }, model): Answer =>
    PATH.exec(path)?.[2] === "streamGenerateContent"
      ? {
          events: ANSWER_PIECES.map((text, index) =>
            sendData(candidate(model, text, index === ANSWER_PIECES.length - 1)),
          ),
        }
      : { json: candidate(model, ANSWER, true) },
  refuse: (message) => ({ error: { code: 401, message, status: "UNAUTHENTICATED" } }),
};

function candidate(model: string, text: string, isLast: boolean): unknown {
  return {
    candidates: [
      {
        index: 0,
        content: { role: "model", parts: [{ text }] },
        ...(isLast ? { finishReason: "STOP" } : {}),
      },
    ],
    usageMetadata: {
      promptTokenCount: INPUT_TOKENS,
      candidatesTokenCount: OUTPUT_TOKENS,
      totalTokenCount: INPUT_TOKENS + OUTPUT_TOKENS,
    },
    modelVersion: model,
  };
}
