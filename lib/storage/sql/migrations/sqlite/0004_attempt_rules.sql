-- What a subscription says of its attempts: their time limit, 0 for the transport's own; and which
-- failures are retried, as bits (RetryOn::bits), 31 for all that can be.
ALTER TABLE webhooks_subscription ADD COLUMN timeout_seconds INTEGER NOT NULL DEFAULT 0;

ALTER TABLE webhooks_subscription ADD COLUMN retry_on INTEGER NOT NULL DEFAULT 31;
