-- What every worker is to hear (Notice in webhooks/storage.hpp), and which rows somebody asked to send
-- again: docs/decisions/0029-notices.md.

ALTER TABLE webhooks_state ADD COLUMN last_notice BIGINT NOT NULL DEFAULT 0;

CREATE TABLE webhooks_notice (
    number BIGINT PRIMARY KEY,
    subscription_id BIGINT NOT NULL,
    event_id BIGINT,
    judged_at BIGINT NOT NULL,
    paused_until BIGINT,
    created_at BIGINT NOT NULL
);

CREATE INDEX webhooks_notice_age ON webhooks_notice (created_at);

ALTER TABLE webhooks_undelivered ADD COLUMN is_requested INTEGER NOT NULL DEFAULT 0;
