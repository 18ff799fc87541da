-- As on SQLite: migrations/sqlite/0008_worker_reports.sql.
ALTER TABLE webhooks_worker ADD COLUMN report TEXT COLLATE "C";
