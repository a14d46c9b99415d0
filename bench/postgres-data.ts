import { query } from "./postgres-query.ts";

/** Rows of the largest table at scale 1, which make the database about 1 GB large. */
const REQUESTS = 1_200_000;

/**
 * The database of a product that logs the calls of its users: few people and projects, many calls with text and JSON
 * of random words, and an index or foreign key wherever one is usual. The same scale gives the same rows.
 */
export async function fillDatabase(url: string, scale: number): Promise<void> {
  const requests = Math.max(100, Math.round(REQUESTS * scale));
  await query(url, ...statements(requests));
}

function statements(requests: number): string[] {
  const projects = Math.max(10, Math.round(requests / 1000));
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
    // Paragraphs of words, of which the texts of the log are cut: words repeat as they do in prose.
    `CREATE TEMPORARY TABLE words AS SELECT n, substr(md5(n::text), 1, 2 + n % 9) AS word FROM generate_series(0, 2999) n`,
    `CREATE TEMPORARY TABLE paragraphs AS
     SELECT p AS id, (SELECT string_agg(word, ' ' ORDER BY position)
       FROM (SELECT position, floor(3000 * random() ^ 3)::int AS pick FROM generate_series(1, 400) position WHERE p > 0) chosen
       JOIN words ON n = pick) AS body
     FROM generate_series(1, 4000) p`,
    "CREATE UNIQUE INDEX ON paragraphs (id)",
    "ANALYZE paragraphs",
    `CREATE TABLE requests (id uuid NOT NULL, project integer NOT NULL, at timestamptz NOT NULL, model text NOT NULL,
       status smallint NOT NULL, prompt text NOT NULL, answer text, cost numeric(12, 6), details jsonb NOT NULL)`,
    `INSERT INTO requests
     SELECT md5('request ' || n)::uuid, 1 + n % ${projects}, '2026-02-01'::timestamptz + n * interval '7 seconds',
       (ARRAY['large-4', 'small-4', 'mini', 'embed-2'])[1 + n % 4], CASE WHEN n % 50 = 0 THEN 500 ELSE 200 END,
       substr(a.body, 1 + n % 700, 60 + n % 300), CASE WHEN n % 50 > 0 THEN substr(b.body, 1 + n % 900, 80 + n % 500) END,
       (n % 100000) / 1000000.0,
       jsonb_build_object('tokens', n % 4000, 'cached', n % 3 = 0, 'trace', md5('trace ' || n), 'tags', jsonb_build_array('t' || n % 20, 'env'))
     FROM generate_series(1, ${requests}) n
     JOIN paragraphs a ON a.id = 1 + (n * 7919::bigint) % 4000 JOIN paragraphs b ON b.id = 1 + (n * 104729::bigint) % 4000`,
    "ALTER TABLE requests ADD PRIMARY KEY (id), ADD FOREIGN KEY (project) REFERENCES projects",
    "CREATE INDEX requests_of_project ON requests (project, at)",
    "CREATE INDEX requests_failed ON requests (at) WHERE status >= 500",
    `CREATE TABLE events (id bigserial PRIMARY KEY, request uuid NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, note text)`,
    `INSERT INTO events (request, kind, at, note)
     SELECT id, CASE WHEN status = 200 THEN 'done' ELSE 'failed' END, at, left(prompt, 90) FROM requests WHERE get_byte(uuid_send(id), 0) < 64`,
    "CREATE INDEX events_of_request ON events (request)",
    "VACUUM ANALYZE",
  ];
}
