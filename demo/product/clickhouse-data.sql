-- The same rows each time, half a year of them: everything follows from the numbers. The materialized view fills
-- usage_by_day on the way.

INSERT INTO requests
SELECT
  toUUID(lower(hex(MD5(concat('request', toString(number)))))) AS id,
  toUUID(lower(hex(MD5(concat('project', toString(1 + cityHash64(number) % 120)))))) AS project_id,
  toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + toIntervalMillisecond(number * 195000 + cityHash64(number) % 1000),
  ['openai', 'anthropic', 'google'][1 + number % 3] AS provider,
  ['gpt-4o-mini', 'claude-haiku', 'gemini-flash'][1 + number % 3] AS model,
  multiIf(number % 97 = 0, 'failed', number % 131 = 0, 'rate limited', 'ok') AS status,
  if(status = 'ok', NULL, concat('upstream said ', status)) AS error,
  cityHash64(number, 'prompt') % 3000 AS prompt_tokens,
  cityHash64(number, 'completion') % 800 AS completion_tokens,
  toDecimal64(prompt_tokens + 4 * completion_tokens, 6) / 1000000 AS cost,
  80 + cityHash64(number, 'latency') % 4000 AS latency_ms,
  arraySlice(['chat', 'streaming', 'tools'], 1, number % 4) AS tags,
  map('user-agent', 'demo/1.0', 'x-request-id', toString(number)) AS headers,
  concat('{"messages":[{"role":"user","content":"Question ', toString(number), '"}]}') AS body
FROM numbers(80000);

INSERT INTO events
SELECT
  toUUID(lower(hex(MD5(concat('request', toString(number * 2)))))) AS request_id,
  toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + toIntervalMicrosecond(number * 390000000 + cityHash64(number) % 1000000),
  ['first token', 'finished', 'feedback'][1 + number % 3] AS kind,
  IPv6NumToString(toFixedString(unhex(concat('20010db8', leftPad(hex(number), 24, '0'))), 16)) AS client,
  (cityHash64(number, 'queued') % 50, cityHash64(number, 'served') % 4000) AS timing,
  if(kind = 'feedback', cityHash64(number, 'score') % 100 / 100, NULL) AS score,
  number % 10 = 0 AS is_replayed
FROM numbers(40000);
