-- What a product for LLM observability keeps in ClickHouse: the log of every request.

CREATE TABLE requests (
  id UUID,
  project_id UUID,
  created_at DateTime64(3, 'UTC'),
  provider LowCardinality(String),
  model LowCardinality(String),
  status Enum8('ok' = 1, 'failed' = 2, 'rate limited' = 3),
  error Nullable(String),
  prompt_tokens UInt32,
  completion_tokens UInt32,
  cost Decimal(12, 6),
  latency_ms UInt32,
  tags Array(LowCardinality(String)),
  headers Map(LowCardinality(String), String),
  body String CODEC(ZSTD(3))
) ENGINE = MergeTree PARTITION BY toYYYYMM(created_at) ORDER BY (project_id, created_at, id);

CREATE TABLE events (
  request_id UUID,
  occurred_at DateTime64(6, 'UTC'),
  kind LowCardinality(String),
  client IPv6,
  timing Tuple(queued_ms UInt32, served_ms UInt32),
  score Nullable(Float64),
  is_replayed Bool DEFAULT false,
  day Date MATERIALIZED toDate(occurred_at)
) ENGINE = MergeTree PARTITION BY toYYYYMM(occurred_at) ORDER BY (kind, occurred_at);

CREATE TABLE usage_by_day (
  project_id UUID,
  day Date,
  requests SimpleAggregateFunction(sum, UInt64),
  cost SimpleAggregateFunction(sum, Decimal(38, 6)),
  models AggregateFunction(uniqExact, LowCardinality(String))
) ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (project_id, day);

CREATE MATERIALIZED VIEW usage_by_day_feed TO usage_by_day AS
SELECT project_id, toDate(created_at) AS day, count() AS requests, sum(cost) AS cost, uniqExactState(model) AS models
FROM requests GROUP BY project_id, day;

CREATE VIEW failed_requests AS
SELECT created_at, project_id, provider, model, error FROM requests WHERE status != 'ok';
