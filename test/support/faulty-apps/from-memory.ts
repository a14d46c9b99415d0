import { Hono } from "hono";

/** Looks alive: it is ready whatever became of its stores, and answers every call with the same text. */
export function buildAppFromMemory(): Hono {
  const app = new Hono();
  app.get("/health/ready", (context) => context.json({ postgres: "ok", clickhouse: "ok" }));
  app.post("/proxy/openai/v1/chat/completions", (context) =>
    context.json({
      id: "chatcmpl-from-memory",
      object: "chat.completion",
      created: 0,
      model: "from-memory",
      choices: [{ index: 0, message: { role: "assistant", content: "As always." }, finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    }),
  );
  return app;
}
