-- The role of those who operate what all owners share.
ALTER TABLE api_tokens DROP CONSTRAINT api_tokens_token_roles_check,
    ADD CONSTRAINT api_tokens_token_roles_check
        CHECK (token_roles <@ ARRAY['uploader', 'editor', 'operator']::varchar[]);
ALTER TABLE browser_sessions DROP CONSTRAINT browser_sessions_session_roles_check,
    ADD CONSTRAINT browser_sessions_session_roles_check
        CHECK (session_roles <@ ARRAY['uploader', 'editor', 'operator']::varchar[]);
ALTER TABLE provider_roles DROP CONSTRAINT provider_roles_provider_gave_check,
    ADD CONSTRAINT provider_roles_provider_gave_check
        CHECK (provider_gave <@ ARRAY['uploader', 'editor', 'operator']::varchar[]);
