-- As on SQLite: migrations/sqlite/0009_trace.sql.
ALTER TABLE webhooks_message ADD COLUMN trace TEXT COLLATE "C";
