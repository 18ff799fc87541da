-- Payloads and responses are encrypted, each under a data key of its user: docs/encryption.md.

-- Whose payloads and responses it encrypts, empty: of publications to all users. Null: it encrypts
-- secrets.
ALTER TABLE webhooks_data_key ADD COLUMN user_id TEXT;

-- When it was destroyed; wrapped is empty then.
ALTER TABLE webhooks_data_key ADD COLUMN destroyed_at BIGINT;

CREATE INDEX webhooks_data_key_user ON webhooks_data_key (user_id, id)
    WHERE user_id IS NOT NULL AND destroyed_at IS NULL;

-- The data key that encrypts the payload; of an attempt, the response and the values of its headers.
-- 0: they are plain.
ALTER TABLE webhooks_message ADD COLUMN key_id BIGINT NOT NULL DEFAULT 0;

ALTER TABLE webhooks_attempt ADD COLUMN key_id BIGINT NOT NULL DEFAULT 0;

-- Whose data keys were destroyed; then it tells of nothing else.
ALTER TABLE webhooks_notice ADD COLUMN shredded_user TEXT;

-- Whether services encrypt payloads: who publishes in SQL would write plain text.
ALTER TABLE webhooks_state ADD COLUMN encrypts_payloads INTEGER NOT NULL DEFAULT 0;
