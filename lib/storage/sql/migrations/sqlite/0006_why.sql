-- Why something failed or is inactive. details: AttemptDetails of a failed attempt, as written by
-- storage/sql/attempt_details.cpp; null for other attempts.
ALTER TABLE webhooks_attempt ADD COLUMN details TEXT;

-- The name of a DeactivationReason while the subscription is inactive; null if it is not known.
ALTER TABLE webhooks_subscription ADD COLUMN deactivation_reason TEXT;

ALTER TABLE webhooks_subscription ADD COLUMN deactivated_at BIGINT;
