CREATE TABLE IF NOT EXISTS requests (
  id UUID,
  organisation_id UUID,
  api_key_id UUID,
  provider LowCardinality(String),
  model LowCardinality(String),
  status UInt16,
  prompt_tokens UInt32,
  completion_tokens UInt32,
  latency_ms UInt32,
  created_at DateTime64(3, 'UTC')
) ENGINE = MergeTree PARTITION BY toYYYYMM(created_at) ORDER BY (organisation_id, created_at, id);
