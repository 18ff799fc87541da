-- As on SQLite: migrations/sqlite/0004_attempt_rules.sql.
ALTER TABLE webhooks_subscription ADD COLUMN timeout_seconds INTEGER NOT NULL DEFAULT 0;

ALTER TABLE webhooks_subscription ADD COLUMN retry_on INTEGER NOT NULL DEFAULT 31;
