-- What a worker reports of itself, as written by storage/sql/worker_report.cpp; null before its first
-- batch.
ALTER TABLE webhooks_worker ADD COLUMN report TEXT;
