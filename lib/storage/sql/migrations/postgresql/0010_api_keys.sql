-- As on SQLite: migrations/sqlite/0010_api_keys.sql.
ALTER TABLE webhooks_api_key ADD COLUMN name TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE webhooks_api_key ADD COLUMN permissions TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE webhooks_api_key ADD COLUMN subscription_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks_api_key ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks_api_key ADD COLUMN rate_per_second INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhooks_api_key ADD COLUMN rate_burst INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhooks_api_key ADD COLUMN hint TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE webhooks_api_key ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
