-- The same rows each time: everything follows from the numbers. The requests are there already, and the materialized
-- view has filled usage_by_day with them.

INSERT INTO events
SELECT
  toUUID(lower(hex(MD5(concat('request', toString(number)))))) AS request_id,
  toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + toIntervalMicrosecond(number * 300000000 + cityHash64(number) % 1000000),
  ['first token', 'finished', 'feedback'][1 + number % 3] AS kind,
  IPv6NumToString(toFixedString(unhex(concat('20010db8', leftPad(hex(number), 24, '0'))), 16)) AS client,
  (cityHash64(number, 'queued') % 50, cityHash64(number, 'served') % 4000) AS timing,
  if(kind = 'feedback', cityHash64(number, 'score') % 100 / 100, NULL) AS score,
  arraySlice(['chat', 'streaming', 'tools'], 1, number % 4) AS tags,
  map('user-agent', 'demo/1.0', 'x-request-id', toString(number)) AS headers,
  concat('{"messages":[{"role":"user","content":"Question ', toString(number), '"}]}') AS body,
  number % 10 = 0 AS is_replayed
FROM numbers(40000);
