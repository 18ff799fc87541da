-- Payload filters: docs/payload-filters.md.

-- A condition on the events that a subscription receives; empty: none.
ALTER TABLE webhooks_subscription ADD COLUMN filter TEXT NOT NULL DEFAULT '';

-- The events that the filter did not let through.
ALTER TABLE webhooks_rollup ADD COLUMN filtered BIGINT NOT NULL DEFAULT 0;
