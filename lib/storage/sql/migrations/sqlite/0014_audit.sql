-- Who changed what, in the transaction of the change. `changes` is a JSON object. The empty text stands for
-- what is absent; a row without user_id is for administrators alone.
CREATE TABLE webhooks_audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    actor_user_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    subscription_id BIGINT,
    changes TEXT NOT NULL,
    request_id TEXT NOT NULL,
    address TEXT NOT NULL
);

CREATE INDEX webhooks_audit_user ON webhooks_audit (user_id, id);

CREATE INDEX webhooks_audit_age ON webhooks_audit (created_at);
