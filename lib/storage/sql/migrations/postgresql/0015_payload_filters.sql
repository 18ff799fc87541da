-- Payload filters: docs/payload-filters.md.

-- A condition on the events that a subscription receives; empty: none.
ALTER TABLE webhooks_subscription ADD COLUMN filter TEXT NOT NULL DEFAULT '';
