-- What a product for LLM observability keeps in ClickHouse beside the log of the example application, `requests`.

CREATE TABLE events (
  request_id UUID,
  occurred_at DateTime64(6, 'UTC'),
  kind Enum8('first token' = 1, 'finished' = 2, 'feedback' = 3),
  client IPv6,
  timing Tuple(queued_ms UInt32, served_ms UInt32),
  score Nullable(Float64),
  tags Array(LowCardinality(String)),
  headers Map(LowCardinality(String), String),
  body String CODEC(ZSTD(3)),
  is_replayed Bool DEFAULT false,
  day Date MATERIALIZED toDate(occurred_at)
) ENGINE = MergeTree PARTITION BY toYYYYMM(occurred_at) ORDER BY (kind, occurred_at);

CREATE TABLE usage_by_day (
  organisation_id UUID,
  day Date,
  requests SimpleAggregateFunction(sum, UInt64),
  cost SimpleAggregateFunction(sum, Decimal(38, 6)),
  models AggregateFunction(uniqExact, LowCardinality(String))
) ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (organisation_id, day);

CREATE MATERIALIZED VIEW usage_by_day_feed TO usage_by_day AS
SELECT
  organisation_id,
  toDate(created_at) AS day,
  count() AS requests,
  sum(toDecimal64(prompt_tokens + 4 * completion_tokens, 6) / 1000000) AS cost,
  uniqExactState(model) AS models
FROM requests GROUP BY organisation_id, day;
