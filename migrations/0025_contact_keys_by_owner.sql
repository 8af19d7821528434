-- The keys of one owner's contacts become neighbours in their index, so that an import writes to few of its pages, however
-- many contacts other owners have. The collation POSIX sorts like "C"; it is there so that only statements that ask
-- for it use the index. text_pattern_ops compares faster.
--
-- A small table is indexed here. For a large one, the program builds the index afterwards, while others write:
-- store/contacts/index.rs.
DO $$
BEGIN
    IF (SELECT count(*) FROM (SELECT FROM contacts LIMIT 100001) AS counted) <= 100000 THEN
        CREATE UNIQUE INDEX contacts_owner_key ON contacts (contacts_user_id COLLATE "POSIX" text_pattern_ops, contact_key);
        DROP INDEX contacts_key;
    END IF;
END $$;
