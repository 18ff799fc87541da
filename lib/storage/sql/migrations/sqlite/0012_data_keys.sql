-- Keys that encrypt values (docs/encryption.md). Each is stored encrypted, by the host's key kek_id.
CREATE TABLE webhooks_data_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    wrapped TEXT NOT NULL,
    kek_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- The data key that encrypts secret, retired_secrets and the values in headers; 0: they are plain.
ALTER TABLE webhooks_subscription ADD COLUMN key_id BIGINT NOT NULL DEFAULT 0;
