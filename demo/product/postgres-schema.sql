-- What a product for LLM observability keeps in Postgres beside the accounts and keys of the example application:
-- users, projects, traces.

CREATE TYPE member_role AS ENUM ('owner', 'admin', 'member', 'viewer');
CREATE TYPE span_kind AS ENUM ('llm', 'tool', 'retrieval', 'agent');
CREATE DOMAIN email_address AS text CHECK (VALUE ~ '^[^@[:space:]]+@[^@[:space:]]+$');

CREATE TABLE users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organisation_id uuid NOT NULL REFERENCES organisations ON DELETE CASCADE,
  email email_address NOT NULL UNIQUE,
  role member_role NOT NULL DEFAULT 'member',
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE projects (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organisation_id uuid NOT NULL REFERENCES organisations ON DELETE CASCADE,
  name text NOT NULL,
  tags text[] NOT NULL DEFAULT '{}',
  settings jsonb NOT NULL DEFAULT '{}',
  monthly_budget numeric(12, 2),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (organisation_id, name)
);

CREATE TABLE traces (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  name text NOT NULL,
  tags text[] NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  started_at timestamptz NOT NULL
);
CREATE INDEX traces_by_time ON traces (project_id, started_at DESC);
CREATE INDEX traces_by_metadata ON traces USING gin (metadata jsonb_path_ops);

CREATE TABLE spans (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  trace_id uuid NOT NULL REFERENCES traces ON DELETE CASCADE,
  kind span_kind NOT NULL,
  model text,
  input jsonb,
  prompt_tokens integer NOT NULL DEFAULT 0,
  completion_tokens integer NOT NULL DEFAULT 0,
  total_tokens integer GENERATED ALWAYS AS (prompt_tokens + completion_tokens) STORED,
  cost numeric(12, 6) NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE INDEX spans_by_trace ON spans (trace_id);
CREATE INDEX spans_unfinished ON spans (started_at) WHERE finished_at IS NULL;

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER projects_touched BEFORE UPDATE ON projects
  FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- The product reads as product_app and sees one organisation: that of app.organisation_id. Roles belong to the
-- whole server, so this one may be there already, made by another database's schema in this very moment.
DO $$
BEGIN
  CREATE ROLE product_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END
$$;

CREATE FUNCTION current_organisation() RETURNS uuid LANGUAGE sql STABLE
  RETURN nullif(current_setting('app.organisation_id', true), '')::uuid;

ALTER TABLE projects ENABLE ROW LEVEL SECURITY;
CREATE POLICY projects_of_organisation ON projects TO product_app
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());

ALTER TABLE provider_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY provider_keys_of_organisation ON provider_keys FOR SELECT TO product_app
  USING (organisation_id = current_organisation());

ALTER TABLE traces ENABLE ROW LEVEL SECURITY;
CREATE POLICY traces_of_organisation ON traces TO product_app
  USING (project_id IN (SELECT id FROM projects WHERE organisation_id = current_organisation()));

CREATE VIEW active_api_keys AS
  SELECT id, organisation_id, name, key_hash FROM api_keys WHERE revoked_at IS NULL;

CREATE MATERIALIZED VIEW cost_by_project AS
  SELECT project_id, model, count(*) AS spans, sum(total_tokens) AS tokens, sum(cost) AS cost
  FROM spans JOIN traces ON traces.id = trace_id
  GROUP BY project_id, model;
CREATE UNIQUE INDEX cost_by_project_key ON cost_by_project (project_id, model) NULLS NOT DISTINCT;
