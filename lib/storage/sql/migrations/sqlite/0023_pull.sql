-- Subscriptions that are only read from their feeds: docs/feed.md. Their events have no worker and no row
-- in webhooks_undelivered.

ALTER TABLE webhooks_subscription ADD COLUMN delivery TEXT NOT NULL DEFAULT 'push';

-- When its publisher wants it to be delivered, if that is later than its publication.
ALTER TABLE webhooks_message ADD COLUMN deliver_at BIGINT;
