-- As on SQLite: migrations/sqlite/0024_held_in_order.sql.

DROP INDEX IF EXISTS webhooks_ordered_taken;
DROP INDEX IF EXISTS webhooks_ordered_worker;

CREATE INDEX IF NOT EXISTS webhooks_ordered_held
    ON webhooks_ordered (subscription_id, ordering_key, event_id) WHERE worker_id <> 0;
