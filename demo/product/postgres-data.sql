-- The same rows each time: everything follows from the numbers that generate_series counts.
-- Organisations and keys are there already: five, with the same kind of id.

CREATE FUNCTION pg_temp.id_of(thing text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN md5(thing || number)::uuid;

INSERT INTO users (id, organisation_id, email, role, created_at)
SELECT pg_temp.id_of('user', n), pg_temp.id_of('organisation', 1 + n % 5), 'user' || n || '@example.org',
       (enum_range(NULL::member_role))[1 + n % 4],
       timestamptz '2025-12-20 08:30+00' + n * interval '3 hours'
FROM generate_series(1, 400) AS n;

INSERT INTO projects (id, organisation_id, name, tags, settings, monthly_budget, updated_at)
SELECT pg_temp.id_of('project', n), pg_temp.id_of('organisation', 1 + n % 5), 'Project ' || n,
       (ARRAY['chat', 'search', 'batch', 'évaluation'])[1 : n % 5], -- none to four
       jsonb_build_object('plan', (ARRAY['free', 'team', 'enterprise'])[1 + n % 3], 'retention_days', 30 * (1 + n % 12)),
       CASE WHEN n % 4 > 0 THEN n * 12.5 END, -- some have no budget
       timestamptz '2026-01-02 10:00+00' + n * interval '5 hours'
FROM generate_series(1, 120) AS n;

INSERT INTO traces (id, project_id, name, tags, metadata, started_at)
SELECT pg_temp.id_of('trace', n), pg_temp.id_of('project', 1 + n % 120),
       (ARRAY['answer', 'summarise', 'classify', 'plan'])[1 + n % 4],
       CASE WHEN n % 3 = 0 THEN ARRAY['production', 'v' || n % 9] ELSE '{}' END,
       jsonb_build_object('session', n / 7, 'locale', (ARRAY['en', 'de', 'ja'])[1 + n % 3], 'score', n % 100 / 100.0),
       timestamptz '2026-01-01 00:00+00' + n * interval '20 minutes 11.37 seconds'
FROM generate_series(1, 12000) AS n;

INSERT INTO spans (trace_id, kind, model, input, prompt_tokens, completion_tokens, cost, started_at, finished_at)
SELECT pg_temp.id_of('trace', 1 + n / 3), (enum_range(NULL::span_kind))[1 + n % 4],
       CASE WHEN n % 4 = 0 THEN (ARRAY['gpt-4o-mini', 'claude-haiku', 'gemini-flash'])[1 + n % 3] END,
       jsonb_build_object('messages', jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'Question ' || n))),
       n * 7919 % 3000, n * 613 % 800, (n * 7919 % 3000) * 0.000003,
       timestamptz '2026-01-01 00:00+00' + n * interval '6 minutes 43.79 seconds',
       CASE WHEN n % 50 > 0 THEN timestamptz '2026-01-01 00:00:01+00' + n * interval '6 minutes 43.79 seconds' END
FROM generate_series(1, 35999) AS n;

REFRESH MATERIALIZED VIEW cost_by_project;
