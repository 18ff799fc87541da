-- The events that a filter did not let through because it was not judged: the filters of its user took all
-- steps that a publication has for them.
ALTER TABLE webhooks_rollup ADD COLUMN unjudged BIGINT NOT NULL DEFAULT 0;
