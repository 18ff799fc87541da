-- What a key may do, and for how long. 0 and the empty text stand for what is absent. Permissions are names,
-- separated by spaces, or "none"; they are empty in earlier rows, where is_administrator is all there is.
ALTER TABLE webhooks_api_key ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE webhooks_api_key ADD COLUMN permissions TEXT NOT NULL DEFAULT '';
ALTER TABLE webhooks_api_key ADD COLUMN subscription_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks_api_key ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks_api_key ADD COLUMN rate_per_second INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhooks_api_key ADD COLUMN rate_burst INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhooks_api_key ADD COLUMN hint TEXT NOT NULL DEFAULT '';
ALTER TABLE webhooks_api_key ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
