import type { Answer, Call, Shape, StreamEvent } from "./shape.ts";
import {
  ANSWER,
  ANSWER_PIECES,
  findBearer,
  INPUT_TOKENS,
  modelOfBody,
  OUTPUT_TOKENS,
  sendData,
  sendTyped,
} from "./shape.ts";

const common = {
  findKey: (headers: Headers): string | undefined =>
    findBearer(headers) ?? headers.get("api-key") ?? undefined,
  findModel: modelOfBody,
  refuse: (message: string): unknown => ({
    error: { message, type: "invalid_request_error", param: null, code: "invalid_api_key" },
  }),
};

/** @see https://platform.openai.com/docs/api-reference/chat */
export const chatCompletions: Shape = {
  ...common,
  name: "openai chat completions",
  path: /\/chat\/completions$/,
  answer(call, model): Answer {
    return call.body["stream"] === true
      ? { events: streamChat(call, model) }
      : { json: completeChat(call, model) };
  },
};

/** @see https://platform.openai.com/docs/api-reference/responses */
export const responses: Shape = {
  ...common,
  name: "openai responses",
  path: /\/responses$/,
  answer(call, model): Answer {
    return call.body["stream"] === true
      ? { events: streamResponse(call, model) }
      : { json: completeResponse(call, model) };
  },
};

const chatUsage = {
  prompt_tokens: INPUT_TOKENS,
  completion_tokens: OUTPUT_TOKENS,
  total_tokens: INPUT_TOKENS + OUTPUT_TOKENS,
};

function completeChat({ nowSeconds }: Call, model: string): unknown {
  return {
    id: "chatcmpl-lifeboat",
    object: "chat.completion",
    created: nowSeconds,
    model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: ANSWER, refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: chatUsage,
  };
}

function streamChat({ body, nowSeconds }: Call, model: string): StreamEvent[] {
  const chunk = (choices: unknown[], usage?: unknown): StreamEvent =>
    sendData({
      id: "chatcmpl-lifeboat",
      object: "chat.completion.chunk",
      created: nowSeconds,
      model,
      choices,
      ...(usage === undefined ? {} : { usage }),
    });
  const choice = (delta: unknown, finishReason: string | null): unknown => ({
    index: 0,
    delta,
    logprobs: null,
    finish_reason: finishReason,
  });
  const wish = body["stream_options"] as { include_usage?: boolean } | undefined;
  return [
    chunk([choice({ role: "assistant", content: "" }, null)]),
    ...ANSWER_PIECES.map((content) => chunk([choice({ content }, null)])),
    chunk([choice({}, "stop")]),
    ...(wish?.include_usage === true ? [chunk([], chatUsage)] : []),
    { data: "[DONE]" },
  ];
}

const textPart = (text: string): unknown => ({ type: "output_text", text, annotations: [], logprobs: [] });

const message = (status: string, content: unknown[]): unknown => ({
  id: "msg_lifeboat",
  type: "message",
  role: "assistant",
  status,
  content,
});

function response({ nowSeconds }: Call, model: string, status: string, output: unknown[]): unknown {
  const isComplete = status === "completed";
  return {
    id: "resp_lifeboat",
    object: "response",
    created_at: nowSeconds,
    status,
    model,
    output,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    usage: isComplete
      ? {
          input_tokens: INPUT_TOKENS,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: OUTPUT_TOKENS,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: INPUT_TOKENS + OUTPUT_TOKENS,
        }
      : null,
  };
}

function completeResponse(call: Call, model: string): unknown {
  return response(call, model, "completed", [message("completed", [textPart(ANSWER)])]);
}

function streamResponse(call: Call, model: string): StreamEvent[] {
  const item = { output_index: 0, item_id: "msg_lifeboat", content_index: 0 };
  const events: ({ type: string } & Record<string, unknown>)[] = [
    { type: "response.created", response: response(call, model, "in_progress", []) },
    { type: "response.in_progress", response: response(call, model, "in_progress", []) },
    { type: "response.output_item.added", output_index: 0, item: message("in_progress", []) },
    { type: "response.content_part.added", ...item, part: textPart("") },
    ...ANSWER_PIECES.map((delta) => ({ type: "response.output_text.delta", ...item, delta, logprobs: [] })),
    { type: "response.output_text.done", ...item, text: ANSWER, logprobs: [] },
    { type: "response.content_part.done", ...item, part: textPart(ANSWER) },
    { type: "response.output_item.done", output_index: 0, item: message("completed", [textPart(ANSWER)]) },
    { type: "response.completed", response: completeResponse(call, model) },
  ];
  return events.map((event, index) => sendTyped({ ...event, sequence_number: index }));
}
