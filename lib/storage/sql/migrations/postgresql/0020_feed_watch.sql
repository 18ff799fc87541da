-- Until when readers wait for feeds at some worker, in microseconds: until then, workers that append events
-- notify the listeners of the schema.
ALTER TABLE webhooks_feed ADD COLUMN watched_until BIGINT NOT NULL DEFAULT 0;
