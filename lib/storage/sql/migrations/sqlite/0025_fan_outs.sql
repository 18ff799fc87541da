-- The events of large publications that are still to be made: docs/decisions/0052-fan-outs-in-slices.md.
-- One row is a slice of them, whose ids follow first_event_id, one for each of the subscriptions: their
-- ids with a blank between each. user_id is whom the message was published for, empty: for everyone.
CREATE TABLE webhooks_fan_out (
    first_event_id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    message_id BIGINT NOT NULL,
    worker_tag BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    event_count BIGINT NOT NULL,
    subscriptions TEXT NOT NULL
);

CREATE UNIQUE INDEX webhooks_fan_out_user ON webhooks_fan_out (user_id, first_event_id);
