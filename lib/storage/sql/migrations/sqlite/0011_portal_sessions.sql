-- Sessions of the portal (webhooks/portal_sessions.hpp): hashes of the code and, once it was used, of the token.
-- Permissions are as those of webhooks_api_key.
CREATE TABLE webhooks_portal_session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code_hash TEXT NOT NULL UNIQUE,
    token_hash TEXT UNIQUE,
    user_id TEXT NOT NULL,
    permissions TEXT NOT NULL,
    code_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    code_used_at BIGINT
);
