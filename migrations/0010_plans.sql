-- How many rows an issue or an action is about is guessed from the average of the last ANALYZE. A few issues with very many
-- rows each would make the server read the whole table for every issue of the next job, and for every issue that is deleted.
-- An average of two makes it ask the index, which is never wrong by more than the rows that are there.
ALTER TABLE issue_items
    ALTER COLUMN item_issue_id SET (n_distinct = -0.5),
    ALTER COLUMN item_staging_id SET (n_distinct = -0.5);
ALTER TABLE action_rows
    ALTER COLUMN row_action_id SET (n_distinct = -0.5),
    ALTER COLUMN row_staging_id SET (n_distinct = -0.5);
ANALYZE issue_items, action_rows;
