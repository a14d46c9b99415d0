CREATE VIEW IF NOT EXISTS failed_requests AS
SELECT created_at, organisation_id, provider, model, status FROM requests WHERE status >= 400;
