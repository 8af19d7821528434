-- Who may use the HTTP API and the pages: tokens of machines, sessions of browsers, sign-ins under way.
-- Of every secret that somebody else holds there is only a hash (BLAKE3, 256 bits).

CREATE TABLE api_tokens (
    token_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_owner        varchar NOT NULL,
    token_name         varchar NOT NULL CHECK (length(token_name) BETWEEN 1 AND 100),
    token_hash         bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    token_roles        varchar[] NOT NULL CHECK (token_roles <@ ARRAY['uploader', 'editor']::varchar[]),
    token_created_at   timestamptz NOT NULL DEFAULT now(),
    token_expires_at   timestamptz,
    token_last_used_at timestamptz,
    token_revoked_at   timestamptz
);
CREATE INDEX api_tokens_owner ON api_tokens (token_owner, token_id);

CREATE TABLE browser_sessions (
    session_hash       bytea PRIMARY KEY CHECK (octet_length(session_hash) = 32),
    session_owner      varchar NOT NULL,
    session_name       varchar NOT NULL,
    session_roles      varchar[] NOT NULL CHECK (session_roles <@ ARRAY['uploader', 'editor']::varchar[]),
    -- What a script of our own pages sends to show that it is one.
    session_csrf       varchar NOT NULL,
    session_created_at timestamptz NOT NULL DEFAULT now(),
    session_expires_at timestamptz NOT NULL
);
CREATE INDEX browser_sessions_expiry ON browser_sessions (session_expires_at);

CREATE TABLE pending_sign_ins (
    pending_state_hash  bytea PRIMARY KEY CHECK (octet_length(pending_state_hash) = 32),
    pending_nonce       varchar NOT NULL,
    pending_verifier    varchar NOT NULL,
    pending_return_path varchar NOT NULL CHECK (pending_return_path LIKE '/%'),
    pending_expires_at  timestamptz NOT NULL
);
CREATE INDEX pending_sign_ins_expiry ON pending_sign_ins (pending_expires_at);
