-- Searches without accents, and the keys of the optional index over what a search of contacts reads, which `ingest migrate
-- --search-index build` builds (store/contacts/search_index.rs). The functions name the schema of what they use: the server
-- updates indexes with another search_path.
DO $migration$
BEGIN
    EXECUTE format($functions$

-- Removes accents, in the form NFD: a part of a text becomes a part of its result.
CREATE FUNCTION ingest_unaccented(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(words) = char_length(words) THEN words
                ELSE translate(replace(replace(replace(replace(replace(replace(replace(replace(
                         regexp_replace(normalize(words, NFD), '[\u0300-\u036f]+', '', 'g'),
                         'ß', 'ss'), 'ẞ', 'SS'), 'æ', 'ae'), 'Æ', 'AE'), 'œ', 'oe'), 'Œ', 'OE'), 'þ', 'th'), 'Þ', 'Th'),
                         'øØłŁđĐðÐħĦŧŦıςΣ', 'oOlLdDdDhHtTiσσ') END
$$;

-- Removes accents for a comparison. In the form NFC, since parts of letters without accents, such as those of Hangul, do not
-- match.
CREATE FUNCTION ingest_folded(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(words) = char_length(words) THEN words
                ELSE normalize(%1$I.ingest_unaccented(words), NFC) END
$$;

-- Returns a key for each three letters in a row of the searched values of a contact, and for each two ideographs or kana,
-- without regard to case and accents. A key begins with a hash of the owner and the number of the contact's block, 131,072
-- contacts: an import writes to neighbouring pages of the index, and a search reads keys of one owner and one block at a time.
-- Keys may be equal by chance, so they are a necessary condition only.
--
-- Loops are quicker here than a query, which is prepared for each call, and bytes are quicker than letters.
CREATE FUNCTION ingest_search_keys(owner text, contact bigint, email text, first_name text, last_name text, company text, extra jsonb)
RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
DECLARE
    block bigint := ((hashtext(owner COLLATE "C") & 1048575)::bigint << 43) | ((contact >> 17 & 524287) << 24);
    words text := concat_ws(' ', left(first_name, 500), left(last_name, 500), left(company, 500));
    address text := lower(left(email, 500) COLLATE %1$I.ingest_search);
    earlier text := '';
    word text;
    bytes bytea;
    gram integer;
    letters text;
    keys bigint[] := '{}';
BEGIN
    IF extra IS NOT NULL THEN
        words := concat_ws(' ', words,
            (SELECT string_agg(left(value #>> '{}', 500), ' ') FROM jsonb_path_query(extra, '$.*') AS value));
    END IF;
    words := lower(words COLLATE %1$I.ingest_search);
    IF octet_length(words) <> char_length(words) OR octet_length(address) <> char_length(address) THEN
        words := %1$I.ingest_unaccented(words);
        address := %1$I.ingest_unaccented(address);
    END IF;
    FOREACH word IN ARRAY string_to_array(address || ' ' || words, ' ') LOOP
        -- Most addresses contain the names, whose keys are not calculated twice.
        CONTINUE WHEN strpos(earlier, word COLLATE "C") > 0;
        IF earlier = '' THEN
            earlier := word COLLATE "C";
        END IF;
        IF octet_length(word) = char_length(word) THEN
            bytes := textsend(word);
            gram := 0;
            FOR number IN 0 .. octet_length(bytes) - 1 LOOP
                gram := (gram << 8 | get_byte(bytes, number)) & 16777215;
                IF number > 1 THEN
                    keys := keys || (block | gram);
                END IF;
            END LOOP;
        ELSE
            FOR number IN 1 .. char_length(word) - 1 LOOP
                letters := substr(word, number, 3);
                IF ascii(letters) >= 11904 AND ascii(substr(letters, 2)) >= 11904 THEN
                    keys := keys || (block | (hashtext(left(letters, 2) COLLATE "C") & 16777215));
                ELSIF octet_length(letters) = 3 AND char_length(letters) = 3 THEN
                    keys := keys || (block | (ascii(letters) << 16 | ascii(substr(letters, 2)) << 8 | ascii(substr(letters, 3))));
                ELSIF char_length(letters) = 3 THEN
                    keys := keys || (block | (hashtext(letters COLLATE "C") & 16777215));
                END IF;
            END LOOP;
        END IF;
    END LOOP;
    RETURN keys;
END $$;

-- Returns the contacts of an owner before `before`, newest first, whose values may contain the words, by the index
-- `contacts_search`: at most `most`, and those that it finds within `longest`, but at least those of one block. `further`: the
-- contact before which the next search continues; NULL at the end.
--
-- Runs as the owner of the table, since row-level security would keep its conditions from using the index. So it reads contacts
-- of the transaction's owner only, and callers compare what it returns under their own rights.
CREATE FUNCTION ingest_search_candidates(searched_owner text, words text, before bigint, most integer, longest interval,
    OUT candidates bigint[], OUT further bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = %1$I, pg_temp SET enable_seqscan = off SET enable_bitmapscan = on
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    started timestamptz := clock_timestamp();
    newest bigint;
    block bigint;
    keys bigint[];
    found bigint[];
BEGIN
    IF searched_owner IS DISTINCT FROM current_setting('ingest.owner', true) THEN
        RAISE insufficient_privilege USING MESSAGE = 'a search reads contacts of its own owner only';
    END IF;
    candidates := '{}';
    further := before;
    LOOP
        SELECT contact_id INTO newest FROM contacts
        WHERE contacts_user_id = searched_owner AND contact_id < further ORDER BY contact_id DESC LIMIT 1;
        IF newest IS NULL THEN
            further := NULL;
            RETURN;
        END IF;
        block := newest >> 17 << 17;
        keys := ingest_search_keys(searched_owner, newest, '', words, '', '', NULL);
        -- OFFSET keeps the other conditions from using another index.
        found := ARRAY(
            SELECT contact_id FROM (
                SELECT contact_id, contacts_user_id FROM contacts
                WHERE ingest_search_keys(contacts_user_id, contact_id, contact_email, contact_first_name, contact_last_name,
                                         contact_company, contact_extra) @> keys
                OFFSET 0) AS matching
            WHERE contacts_user_id = searched_owner AND contact_id >= block AND contact_id < further
            ORDER BY contact_id DESC LIMIT most - cardinality(candidates));
        candidates := candidates || found;
        IF cardinality(candidates) >= most THEN
            further := candidates[most];
            RETURN;
        END IF;
        further := block;
        EXIT WHEN clock_timestamp() - started >= longest;
    END LOOP;
END $$;

    $functions$, current_schema());
    EXECUTE 'REVOKE EXECUTE ON FUNCTION ingest_search_candidates(text, text, bigint, integer, interval) FROM PUBLIC';
    IF EXISTS (SELECT FROM pg_roles JOIN pg_database ON rolname = 'ingest_requests_' || pg_database.oid WHERE datname = current_database()) THEN
        EXECUTE format('GRANT EXECUTE ON FUNCTION ingest_search_candidates(text, text, bigint, integer, interval) TO %I',
                       'ingest_requests_' || (SELECT oid FROM pg_database WHERE datname = current_database()));
    END IF;
END $migration$;
