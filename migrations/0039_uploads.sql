-- Files that arrive in several requests. An entry is deleted a day after its last request.
CREATE TABLE uploads (
    upload_id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    upload_owner       varchar COLLATE "C" NOT NULL,
    upload_bytes       bigint NOT NULL CHECK (upload_bytes > 0),
    -- The bytes that are stored, from the start of the file. The last part is not stored: its arrival makes the job.
    upload_offset      bigint NOT NULL DEFAULT 0 CHECK (upload_offset BETWEEN 0 AND upload_bytes),
    -- The name of the file and how to import it, as the client has sent them; NULL once there is a job.
    upload_metadata    varchar,
    -- The jobs; NULL until the file is complete.
    upload_result      jsonb,
    -- Of the request that sends the file: every write of it names the token.
    upload_lease_token uuid,
    upload_lease_until timestamptz,
    upload_expires_at  timestamptz NOT NULL
);
CREATE INDEX uploads_owner ON uploads (upload_owner);
CREATE INDEX uploads_expiry ON uploads (upload_expires_at);

-- The objects that contain the parts of an upload. An entry is inserted before its object is written, and deleted after it.
CREATE TABLE upload_parts (
    part_key        varchar COLLATE "C" PRIMARY KEY,
    part_owner      varchar COLLATE "C" NOT NULL,
    part_upload_id  uuid NOT NULL REFERENCES uploads,
    part_offset     bigint NOT NULL,
    -- NULL until the object is written.
    part_bytes      bigint CHECK (part_bytes > 0),
    part_created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX upload_parts_upload ON upload_parts (part_upload_id, part_offset);
