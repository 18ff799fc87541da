-- As on SQLite: migrations/sqlite/0019_ordering_keys.sql.

ALTER TABLE webhooks_message ADD COLUMN ordering_key TEXT COLLATE "C";

CREATE TABLE webhooks_ordered (
    event_id BIGINT PRIMARY KEY,
    subscription_id BIGINT NOT NULL,
    ordering_key TEXT COLLATE "C" NOT NULL,
    worker_id BIGINT NOT NULL
);

CREATE UNIQUE INDEX webhooks_ordered_queue
    ON webhooks_ordered (subscription_id, ordering_key, event_id);

CREATE UNIQUE INDEX webhooks_ordered_taken
    ON webhooks_ordered (subscription_id, ordering_key) WHERE worker_id <> 0;

CREATE INDEX webhooks_ordered_worker ON webhooks_ordered (worker_id) WHERE worker_id <> 0;
