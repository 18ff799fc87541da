-- As on SQLite: migrations/sqlite/0006_why.sql.
ALTER TABLE webhooks_attempt ADD COLUMN details TEXT COLLATE "C";

ALTER TABLE webhooks_subscription ADD COLUMN deactivation_reason TEXT COLLATE "C";

ALTER TABLE webhooks_subscription ADD COLUMN deactivated_at BIGINT;
