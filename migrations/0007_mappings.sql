-- Columns of files that people have matched by hand, and what is remembered of that.

-- {"places": [email, first_name, last_name, company], "columns": how many the header has}; NULL: by their names.
ALTER TABLE jobs ADD COLUMN job_columns jsonb;

CREATE TABLE column_mappings (
    mapping_owner   varchar NOT NULL,
    -- Of the names in the header, in order.
    mapping_shape   varchar NOT NULL,
    mapping_columns jsonb NOT NULL,
    mapping_used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (mapping_owner, mapping_shape)
);
