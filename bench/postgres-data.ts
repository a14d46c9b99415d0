import { query } from "./postgres-query.ts";

/** Rows of the largest table at scale 1, which make the database about 1 GB large. */
const SPANS = 620_000;

/**
 * The database of a product that observes what language models are asked: few people and projects; traces, the spans
 * they are made of, scores and events, each a large table of a shape of its own; and whatever indexes and foreign keys
 * are usual. Texts are of random words. The same scale gives the same rows.
 */
export async function fillDatabase(url: string, scale: number): Promise<void> {
  const spans = Math.max(100, Math.round(SPANS * scale));
  await query(url, ...statements(spans));
}

function statements(spans: number): string[] {
  const projects = Math.max(10, Math.round(spans / 1000));
  const traces = Math.ceil(spans / 4);
  return [
    "SELECT setseed(0.42)",
    `CREATE TABLE organisations (id serial PRIMARY KEY, name text NOT NULL UNIQUE, created_at timestamptz NOT NULL)`,
    `INSERT INTO organisations (name, created_at)
     SELECT 'organisation ' || n, '2026-01-01'::timestamptz + n * interval '1 hour' FROM generate_series(1, 50) n`,
    `CREATE TABLE projects (id serial PRIMARY KEY, organisation integer NOT NULL REFERENCES organisations,
       name text NOT NULL, settings jsonb NOT NULL, UNIQUE (organisation, name))`,
    `INSERT INTO projects (organisation, name, settings)
     SELECT 1 + n % 50, 'project ' || n, jsonb_build_object('retention', n % 90, 'region', 'eu-' || n % 4)
     FROM generate_series(1, ${projects}) n`,
    // Paragraphs of words, of which the texts are cut: words repeat as they do in prose.
    `CREATE TEMPORARY TABLE words AS SELECT n, substr(md5(n::text), 1, 2 + n % 9) AS word FROM generate_series(0, 2999) n`,
    `CREATE TEMPORARY TABLE paragraphs AS
     SELECT p AS id, (SELECT string_agg(word, ' ' ORDER BY position)
       FROM (SELECT position, floor(3000 * random() ^ 3)::int AS pick FROM generate_series(1, 400) position WHERE p > 0) chosen
       JOIN words ON n = pick) AS body
     FROM generate_series(1, 4000) p`,
    "CREATE UNIQUE INDEX ON paragraphs (id)",
    "ANALYZE paragraphs",
    // Conversations: every tenth text is so long that it lies out of line.
    `CREATE TABLE traces (id uuid NOT NULL, project integer NOT NULL, at timestamptz NOT NULL, name text NOT NULL,
       session text, asked text NOT NULL, answered text, tags text[] NOT NULL, details jsonb NOT NULL)`,
    `INSERT INTO traces
     SELECT md5('trace ' || n)::uuid, 1 + n % ${projects}, '2026-02-01'::timestamptz + n * interval '28 seconds',
       'conversation ' || n % 40, CASE WHEN n % 3 > 0 THEN md5('session ' || n / 5) END,
       substr(a.body, 1 + n % 700, 100 + n % 600),
       CASE WHEN n % 10 = 0 THEN a.body || b.body ELSE substr(b.body, 1 + n % 900, 200 + n % 1000) END,
       ARRAY['env-' || n % 3, 'release-' || n % 50], jsonb_build_object('client', 'sdk-' || n % 7, 'locale', 'l' || n % 30)
     FROM generate_series(1, ${traces}) n
     JOIN paragraphs a ON a.id = 1 + (n * 7919::bigint) % 4000 JOIN paragraphs b ON b.id = 1 + (n * 15485863::bigint) % 4000`,
    "ALTER TABLE traces ADD PRIMARY KEY (id), ADD FOREIGN KEY (project) REFERENCES projects",
    "CREATE INDEX traces_of_project ON traces (project, at)",
    "CREATE INDEX traces_of_session ON traces (session) WHERE session IS NOT NULL",
    // Calls within them: the most bytes, and the widest rows.
    `CREATE TABLE spans (id uuid NOT NULL, trace uuid NOT NULL, parent uuid, at timestamptz NOT NULL, took interval NOT NULL,
       model text NOT NULL, status smallint NOT NULL, prompt text NOT NULL, answer text, tokens_in integer NOT NULL,
       tokens_out integer, cost numeric(12, 6), details jsonb NOT NULL)`,
    `INSERT INTO spans
     SELECT md5('span ' || n)::uuid, md5('trace ' || (n + 3) / 4)::uuid, CASE WHEN n % 4 > 1 THEN md5('span ' || n - 1)::uuid END,
       '2026-02-01'::timestamptz + n * interval '7 seconds', n % 9000 * interval '1 millisecond',
       (ARRAY['large-4', 'small-4', 'mini', 'embed-2'])[1 + n % 4], CASE WHEN n % 50 = 0 THEN 500 ELSE 200 END,
       substr(a.body, 1 + n % 700, 60 + n % 300), CASE WHEN n % 50 > 0 THEN substr(b.body, 1 + n % 900, 80 + n % 500) END,
       n % 4000, CASE WHEN n % 50 > 0 THEN n % 900 END, (n % 100000) / 1000000.0,
       jsonb_build_object('cached', n % 3 = 0, 'region', 'eu-' || n % 4, 'request', md5('request ' || n))
     FROM generate_series(1, ${traces * 4}) n
     JOIN paragraphs a ON a.id = 1 + (n * 7919::bigint) % 4000 JOIN paragraphs b ON b.id = 1 + (n * 104729::bigint) % 4000`,
    "ALTER TABLE spans ADD PRIMARY KEY (id), ADD FOREIGN KEY (trace) REFERENCES traces",
    "CREATE INDEX spans_of_trace ON spans (trace)",
    "CREATE INDEX spans_by_time ON spans (at)",
    "CREATE INDEX spans_failed ON spans (model, at) WHERE status >= 500",
    // Judgements: many narrow rows, with more index than table.
    `CREATE TABLE scores (id uuid NOT NULL, trace uuid NOT NULL, span uuid, name text NOT NULL,
       value double precision, comment text, at timestamptz NOT NULL)`,
    `INSERT INTO scores
     SELECT md5('score ' || n)::uuid, md5('trace ' || 1 + n * 7 % ${traces})::uuid, CASE WHEN n % 2 = 0 THEN md5('span ' || n)::uuid END,
       (ARRAY['helpful', 'toxic', 'grounded', 'latency'])[1 + n % 4], n % 1000 / 999.0,
       CASE WHEN n % 40 = 0 THEN 'looked at by person ' || n % 90 END, '2026-02-01'::timestamptz + n * interval '8 seconds'
     FROM generate_series(1, ${spans}) n`,
    "ALTER TABLE scores ADD PRIMARY KEY (id), ADD FOREIGN KEY (trace) REFERENCES traces",
    "CREATE INDEX scores_of_trace ON scores (trace, name)",
    "CREATE INDEX scores_by_time ON scores (name, at)",
    // What happened, by month.
    `CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, project integer NOT NULL, kind text NOT NULL,
       at timestamptz NOT NULL, body jsonb NOT NULL) PARTITION BY RANGE (at)`,
    ...[2, 3, 4].map(
      (month) =>
        `CREATE TABLE events_2026_0${month} PARTITION OF events FOR VALUES FROM ('2026-0${month}-01') TO ('2026-0${month + 1}-01')`,
    ),
    `INSERT INTO events (project, kind, at, body)
     SELECT 1 + n % ${projects}, (ARRAY['opened', 'rated', 'exported', 'invited'])[1 + n % 4],
       '2026-02-01'::timestamptz + n * interval '88 days' / ${spans},
       jsonb_build_object('trace', md5('trace ' || n / 4), 'by', 'person ' || n % 900, 'note', substr(body, n % 900, n % 200))
     FROM generate_series(1, ${spans}) n JOIN paragraphs ON paragraphs.id = 1 + n % 4000`,
    "ALTER TABLE events ADD PRIMARY KEY (id, at), ADD FOREIGN KEY (project) REFERENCES projects",
    "CREATE INDEX events_of_project ON events (project, at)",
    "VACUUM ANALYZE",
  ];
}
