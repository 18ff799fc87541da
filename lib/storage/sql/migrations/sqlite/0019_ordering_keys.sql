-- Events with ordering keys: docs/ordering.md.

ALTER TABLE webhooks_message ADD COLUMN ordering_key TEXT;

-- The events with ordering keys that have not ended. Those with the same subscription and key form a
-- queue, in order of id. worker_id is the worker that has taken an event, in its memory or deferred,
-- and 0 for the others, of which all but the first are claimed by worker -1 in webhooks_undelivered.
-- An event that is deleted while a worker has it in memory stays here until the worker is done.
CREATE TABLE webhooks_ordered (
    event_id INTEGER PRIMARY KEY,
    subscription_id BIGINT NOT NULL,
    ordering_key TEXT NOT NULL,
    worker_id BIGINT NOT NULL
);

CREATE UNIQUE INDEX webhooks_ordered_queue
    ON webhooks_ordered (subscription_id, ordering_key, event_id);

-- At most one of a queue.
CREATE UNIQUE INDEX webhooks_ordered_taken
    ON webhooks_ordered (subscription_id, ordering_key) WHERE worker_id <> 0;

CREATE INDEX webhooks_ordered_worker ON webhooks_ordered (worker_id) WHERE worker_id <> 0;
