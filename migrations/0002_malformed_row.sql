-- Alone in its migration: a value added to an enum cannot be used before its transaction has ended.
ALTER TYPE issue_type_enum ADD VALUE IF NOT EXISTS 'MALFORMED_ROW';
