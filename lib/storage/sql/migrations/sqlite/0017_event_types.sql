-- Event types that explain themselves: docs/event-types.md.

ALTER TABLE webhooks_event_type ADD COLUMN type_group TEXT NOT NULL DEFAULT '';

-- A JSON Schema of its payloads, and one of them; empty: none.
ALTER TABLE webhooks_event_type ADD COLUMN json_schema TEXT NOT NULL DEFAULT '';

ALTER TABLE webhooks_event_type ADD COLUMN example TEXT NOT NULL DEFAULT '';

-- Null: it is not deprecated.
ALTER TABLE webhooks_event_type ADD COLUMN deprecated_at BIGINT;

ALTER TABLE webhooks_event_type ADD COLUMN successor TEXT NOT NULL DEFAULT '';

ALTER TABLE webhooks_event_type ADD COLUMN note TEXT NOT NULL DEFAULT '';

-- Set: it is neither published nor newly subscribed to.
ALTER TABLE webhooks_event_type ADD COLUMN retired_at BIGINT;

-- 0: it was registered before this was recorded.
ALTER TABLE webhooks_event_type ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE webhooks_event_type ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;

-- Of its latest change.
ALTER TABLE webhooks_event_type ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
