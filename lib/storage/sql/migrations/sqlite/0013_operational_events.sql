-- Operational events: docs/decisions/0037-operational-events.md.

-- It hears of everyone's subscriptions and of workers.
ALTER TABLE webhooks_subscription ADD COLUMN operator_scope INTEGER NOT NULL DEFAULT 0;

-- Since when it fails, where its subscribers have heard of that and it has not succeeded since.
ALTER TABLE webhooks_subscription ADD COLUMN notified_failing_since BIGINT;

CREATE INDEX webhooks_subscription_operational ON webhooks_subscription (user_id, id)
    WHERE deletion = 0 AND substr(event_type, 1, 8) = 'webhook.';

CREATE INDEX webhooks_subscription_operator ON webhooks_subscription (id)
    WHERE deletion = 0 AND operator_scope = 1;

-- Of what a notice tells: as in webhooks_subscription.
ALTER TABLE webhooks_notice ADD COLUMN notified_failing_since BIGINT;

-- What waits to become one event: what happened `count` times to one subscription, 0 for a worker,
-- since `since`. With a count of 0 it is an open window. owner is null where nobody hears of it, and
-- empty where only operators do; subject and details are parts of the event's JSON.
CREATE TABLE webhooks_operational (
    subscription_id BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    owner TEXT,
    subject TEXT NOT NULL,
    details TEXT NOT NULL,
    count BIGINT NOT NULL,
    since BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (subscription_id, event_type)
) WITHOUT ROWID;

CREATE INDEX webhooks_operational_due ON webhooks_operational (due_at);

-- How many such events were appended in a minute, counted since 1970.
ALTER TABLE webhooks_state ADD COLUMN operational_minute BIGINT NOT NULL DEFAULT 0;

ALTER TABLE webhooks_state ADD COLUMN operational_events BIGINT NOT NULL DEFAULT 0;

-- Whether a dead worker ended without notice, and how many events were taken over from it so far.
ALTER TABLE webhooks_worker ADD COLUMN is_lost INTEGER NOT NULL DEFAULT 0;

ALTER TABLE webhooks_worker ADD COLUMN taken_over BIGINT NOT NULL DEFAULT 0;
