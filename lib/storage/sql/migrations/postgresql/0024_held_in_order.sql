-- As on SQLite: migrations/sqlite/0024_held_in_order.sql.

DROP INDEX IF EXISTS webhooks_ordered_taken;
DROP INDEX IF EXISTS webhooks_ordered_worker;

CREATE INDEX IF NOT EXISTS webhooks_ordered_held
    ON webhooks_ordered (subscription_id, ordering_key, event_id) WHERE worker_id <> 0;

-- An event that was deleted during its turn keeps its place until its worker reports its end: since
-- when. The worker may not know of it, if the result of a batch or a claim was lost.
ALTER TABLE webhooks_ordered ADD COLUMN IF NOT EXISTS deleted_at BIGINT;
CREATE INDEX IF NOT EXISTS webhooks_ordered_deleted ON webhooks_ordered (deleted_at) WHERE deleted_at IS NOT NULL;
