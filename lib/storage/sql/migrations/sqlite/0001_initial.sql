-- The log is appended and never rewritten: an event and its attempts are inserted once; only what
-- is not delivered has a row that changes. Times are microseconds since 1970, UTC.

CREATE TABLE webhooks_state (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    revision BIGINT NOT NULL,
    last_event_id BIGINT NOT NULL
);

INSERT INTO webhooks_state VALUES (1, 1, 0);

CREATE TABLE webhooks_event_type (
    name TEXT PRIMARY KEY,
    description TEXT NOT NULL
) WITHOUT ROWID;

-- deletion: 0 visible; 1 deleted, its events not yet; 2 deleted with its events.
CREATE TABLE webhooks_subscription (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    event_type TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    headers TEXT NOT NULL,
    max_retry_count INTEGER NOT NULL,
    is_active INTEGER NOT NULL,
    rate_limit INTEGER NOT NULL,
    retired_secrets TEXT NOT NULL,
    failing_since BIGINT,
    paused_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    deletion INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX webhooks_subscription_owner ON webhooks_subscription (user_id, id)
    WHERE deletion = 0;

CREATE INDEX webhooks_subscription_revision ON webhooks_subscription (revision);

CREATE INDEX webhooks_subscription_deletion ON webhooks_subscription (deletion, updated_at)
    WHERE deletion <> 0;

-- A message has the id of its first event; the events of one message have consecutive ids.
CREATE TABLE webhooks_message (
    id INTEGER PRIMARY KEY,
    event_count BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    content_type TEXT NOT NULL,
    payload TEXT NOT NULL,
    expires_at BIGINT
);

CREATE TABLE webhooks_event (
    id INTEGER PRIMARY KEY,
    subscription_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    worker_id BIGINT NOT NULL,
    worker_tag BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- With the time in it, a page's order and a range of times are read from the index alone.
CREATE INDEX webhooks_event_subscription ON webhooks_event (subscription_id, id, created_at);

-- outcome: 1 delivered, 2 retry, 3 exhausted, 4 cancelled, 5 expired. All but 2 are final; 4 and 5
-- stand for no request.
CREATE TABLE webhooks_attempt (
    event_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    sent_at BIGINT NOT NULL,
    duration_us BIGINT NOT NULL,
    status_code INTEGER,
    response TEXT,
    error_message TEXT,
    outcome INTEGER NOT NULL,
    PRIMARY KEY (event_id, number)
) WITHOUT ROWID;

-- What is not delivered: it waits (due_at), or has ended otherwise (due_at is NULL). An event that is
-- neither here nor delivered is in the memory of the worker that appended it, above its low_water.
-- Clustered by subscription, so that what is asked about one reads its own pages.
-- claimed_by is the worker that has it, 0 for none, and claim_number which of its claims took it;
-- is_deferred: it is in storage, not in the worker's memory.
CREATE TABLE webhooks_undelivered (
    subscription_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    due_at BIGINT,
    attempts INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    claimed_by BIGINT NOT NULL,
    claim_number BIGINT NOT NULL,
    is_deferred INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, event_id)
) WITHOUT ROWID;

CREATE INDEX webhooks_undelivered_due ON webhooks_undelivered (claimed_by, due_at, event_id)
    WHERE due_at IS NOT NULL;

CREATE INDEX webhooks_undelivered_deferred
    ON webhooks_undelivered (claimed_by, subscription_id, event_id) WHERE is_deferred = 1;

CREATE TABLE webhooks_idempotency_key (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    first_event_id BIGINT NOT NULL,
    event_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;

CREATE INDEX webhooks_idempotency_key_age ON webhooks_idempotency_key (created_at);

-- Every event of a worker up to low_water is delivered or has a row in webhooks_undelivered. A worker
-- whose work was taken over has no row any more. last_batch counts the batches it wrote.
CREATE TABLE webhooks_worker (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tag BIGINT NOT NULL,
    is_dead INTEGER NOT NULL,
    low_water BIGINT NOT NULL,
    last_batch BIGINT NOT NULL,
    started_at BIGINT NOT NULL
);

CREATE TABLE webhooks_api_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    is_administrator INTEGER NOT NULL,
    created_at BIGINT NOT NULL
);
