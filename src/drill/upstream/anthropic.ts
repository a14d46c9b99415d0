import type { Answer, Shape, StreamEvent } from "./shape.ts";
import {
  ANSWER,
  ANSWER_PIECES,
  findBearer,
  INPUT_TOKENS,
  modelOfBody,
  OUTPUT_TOKENS,
  sendTyped,
} from "./shape.ts";

/** @see https://docs.anthropic.com/en/api/messages */
export const messages: Shape = {
  name: "anthropic messages",
  path: /\/messages$/,
  findKey: (headers) => headers.get("x-api-key") ?? findBearer(headers),
  findModel: modelOfBody,
  answer: ({ body }, model): Answer =>
    body["stream"] === true ? { events: streamMessage(model) } : { json: message(model, ANSWER, "end_turn") },
  refuse: (reason) => ({ type: "error", error: { type: "authentication_error", message: reason } }),
};

function message(model: string, text: string, stopReason: string | null): unknown {
  return {
    id: "msg_lifeboat",
    type: "message",
    role: "assistant",
    model,
    content: text === "" ? [] : [{ type: "text", text }],
    stop_reason: stopReason,
    stop_sequence: null,
    usage: { input_tokens: INPUT_TOKENS, output_tokens: text === "" ? 1 : OUTPUT_TOKENS },
  };
}

function streamMessage(model: string): StreamEvent[] {
  return [
    sendTyped({ type: "message_start", message: message(model, "", null) }),
    sendTyped({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    sendTyped({ type: "ping" }),
    ...ANSWER_PIECES.map((text) =>
      sendTyped({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
    ),
    sendTyped({ type: "content_block_stop", index: 0 }),
    sendTyped({
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: OUTPUT_TOKENS },
    }),
    sendTyped({ type: "message_stop" }),
  ];
}
