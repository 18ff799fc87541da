-- The index of subscriptions' events, which is brought up to date a range of ids at a time:
-- docs/decisions/0053-an-index-by-ranges.md. Every event up to webhooks_state.indexed_to has an entry;
-- readers look through those after it. An entry has what lists need of an event, so that they need not read
-- the event, too.
ALTER TABLE webhooks_state ADD COLUMN indexed_to BIGINT NOT NULL DEFAULT 0;

CREATE TABLE webhooks_event_index (
    subscription_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    worker_id BIGINT NOT NULL,
    PRIMARY KEY (subscription_id, id)
) WITHOUT ROWID;

-- Sorted by SQLite: by the old index it would read the events in a random order.
INSERT INTO webhooks_event_index (subscription_id, id, created_at, message_id, worker_id)
SELECT subscription_id, id, created_at, message_id, worker_id FROM webhooks_event NOT INDEXED
ORDER BY subscription_id, id;

UPDATE webhooks_state SET indexed_to = last_event_id;

DROP INDEX webhooks_event_subscription;

CREATE TRIGGER webhooks_event_deleted AFTER DELETE ON webhooks_event
BEGIN DELETE FROM webhooks_event_index WHERE subscription_id = old.subscription_id AND id = old.id; END;
