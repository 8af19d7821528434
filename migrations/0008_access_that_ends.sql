-- API tokens and sessions that end.

-- A token without an end gets one, a year from now: no machine is cut off today, and none works for ever.
UPDATE api_tokens SET token_expires_at = now() + interval '365 days' WHERE token_expires_at IS NULL;
ALTER TABLE api_tokens ALTER COLUMN token_expires_at SET NOT NULL;

-- The roles that the provider last gave an owner: an API token of theirs never has more. No row: the provider has
-- said nothing about them.
CREATE TABLE provider_roles (
    provider_owner     varchar PRIMARY KEY,
    provider_gave      varchar[] NOT NULL CHECK (provider_gave <@ ARRAY['uploader', 'editor']::varchar[]),
    -- When it issued the token that said so.
    provider_issued_at timestamptz NOT NULL
);
INSERT INTO provider_roles (provider_owner, provider_gave, provider_issued_at)
SELECT DISTINCT ON (session_owner) session_owner, session_roles, session_created_at
FROM browser_sessions ORDER BY session_owner, session_created_at DESC;

-- When a session was last used, to the minute: it ends when it is not for long.
ALTER TABLE browser_sessions ADD COLUMN session_used_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX browser_sessions_owner ON browser_sessions (session_owner);
