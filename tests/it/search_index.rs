//! The optional index for searches: it changes how long a search takes, never what it finds.

use ingest::actions::{self, Request};
use ingest::domain::decision::{Edits, Field};
use ingest::domain::ids::ContactId;
use ingest::domain::job::Owner;
use ingest::domain::search::SearchText;
use ingest::store::contacts;
use sqlx::PgPool;

use crate::support::{PgBouncer, World, eventually};

const BUILD: [&str; 3] = ["migrate", "--search-index", "build"];
const OWNERS: [&str; 2] = ["tester", "other"];
/// Words of contacts: many scripts, letters with and without accents, composed and decomposed, and characters that patterns
/// or JSON escape.
const WORDS: [&str; 34] = [
    "Müller",
    "MÜLLER",
    "Muller",
    "Mu\u{308}ller",
    "Straße",
    "STRASSE",
    "Øystein",
    "Łódź",
    "Čapek",
    "ПЕТРОВ",
    "Йовкова",
    "ΟΔΟΣ",
    "Παπαδόπουλος",
    "İpek",
    "IŞIK",
    "王小明",
    "王伟",
    "さとう",
    "わが",
    "わか\u{3099}し",
    "김철수",
    "שָׁלוֹם",
    "مُحَمَّد",
    "नमस्ते",
    "Zebra",
    "O'Brien",
    "Quo\"te",
    "back\\slash",
    "tab\tbed",
    "50%",
    "a_b",
    "x",
    "\u{1F600}\u{1F601}",
    "Ann Lee",
];

/// Inserts contacts of both owners, with ids that are spread over several blocks of the index.
async fn insert_contacts(pool: &PgPool, count: i32) {
    let query = "INSERT INTO contacts (contact_id, staging_id, contacts_user_id, contact_email, contact_first_name, contact_last_name,
             contact_company, contact_extra)
         SELECT n * 300 + o, 0, ($2::text[])[o], n || 'a@example.com', w[1 + n % 7], w[1 + n % 31], w[1 + (n / 7) % 34],
             CASE WHEN n % 3 = 0 THEN jsonb_build_object('City', w[1 + (n / 3) % 34], 'Note', w[1 + n % 34] || ' ' || w[1 + n % 13]) END
         FROM generate_series(1, $3) AS n, generate_series(1, 2) AS o, (SELECT $1::text[]) AS words (w)";
    sqlx::query(query).bind(&WORDS[..]).bind(&OWNERS[..]).bind(count).execute(pool).await.unwrap();
}

/// A sequence of numbers that is the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    /// Returns a search for parts of one to three words, in any case.
    fn search(&mut self) -> SearchText {
        let mut parts = Vec::new();
        for _ in 0..=self.below(3) {
            let letters: Vec<char> = WORDS[self.below(WORDS.len())].chars().collect();
            let start = self.below(letters.len());
            let part: String = letters[start..=start + self.below(letters.len() - start)].iter().collect();
            parts.push(match self.below(3) {
                0 => part.to_uppercase(),
                1 => part.to_lowercase(),
                _ => part,
            });
        }
        SearchText { text: parts.join(" "), fold_accents: self.below(2) == 0 }
    }
}

/// Returns the ids of all contacts that an owner's search finds, and the number of requests that it took.
async fn found(world: &World, owner: &str, search: &SearchText) -> (Vec<i64>, usize) {
    let owner = Owner(owner.to_owned());
    let (mut ids, mut requests, mut before) = (Vec::new(), 0, None);
    loop {
        let mut db = world.owners.read(&owner).await.unwrap();
        let page = contacts::search(&mut db, &owner, Some(search), before, 50).await.unwrap();
        db.rollback().await.unwrap();
        ids.extend(page.contacts.iter().map(|contact| contact.id.0));
        requests += 1;
        before = page.next;
        if before.is_none() {
            return (ids, requests);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_find_the_same_with_and_without_the_index() {
    for locale in ["C", "en_US.UTF-8"] {
        let world = World::empty_database_with(&format!("TEMPLATE template0 LOCALE '{locale}'")).await;
        world.ingest(&["migrate"]).await.expect_status(0);
        insert_contacts(&world.pool, 2_000).await;
        let mut numbers = Numbers(7);
        let fixed =
            [("muller", true), ("strasse", true), ("petrov", false), ("1999a@exam", false), ("οδος", true)];
        let fixed = fixed.map(|(text, fold_accents)| SearchText { text: text.to_owned(), fold_accents });
        let searches: Vec<SearchText> = fixed.into_iter().chain((0..70).map(|_| numbers.search())).collect();
        let mut expected = Vec::new();
        for search in &searches {
            expected.push(found(&world, "tester", search).await.0);
        }
        assert!(expected.iter().filter(|ids| !ids.is_empty()).count() > 40, "most searches find contacts");
        assert!(expected[0].len() > expected[3].len() && expected[3].len() == 1, "{:?}", expected[3]);
        world.ingest(&BUILD).await.expect_status(0);
        for (search, expected) in searches.iter().zip(&expected) {
            assert_eq!(&found(&world, "tester", search).await.0, expected, "{search:?} in {locale}");
        }
    }
}

/// Returns whether the first request of a search reads the index.
async fn reads_index(world: &World, text: &str) -> bool {
    let owner = Owner("tester".to_owned());
    let mut db = world.owners.read(&owner).await.unwrap();
    // Includes those of earlier transactions on the connection.
    let scans = "SELECT pg_stat_get_xact_numscans('contacts_search'::regclass)";
    let before: i64 = sqlx::query_scalar(scans).fetch_one(&mut *db).await.unwrap();
    contacts::search(&mut db, &owner, Some(&SearchText::exact(text)), None, 50).await.unwrap();
    let after: i64 = sqlx::query_scalar(scans).fetch_one(&mut *db).await.unwrap();
    after > before
}

#[tokio::test(flavor = "multi_thread")]
async fn rare_words_are_looked_up_in_the_index() {
    let world = World::database().await;
    insert_contacts(&world.pool, 11_000).await;
    let rare = SearchText::exact("10a@exam");
    let (without, requests) = found(&world, "tester", &rare).await;
    assert!(requests > 2, "{requests} requests");
    world.ingest(&BUILD).await.expect_status(0);
    assert_eq!(found(&world, "tester", &rare).await.0, without);
    assert!(reads_index(&world, "10a@exam").await && reads_index(&world, "nobody@here").await);
    // A short word has no key, unless it is combined with a longer one. Contacts with common words are soon found without it.
    assert!(!reads_index(&world, "zq").await && reads_index(&world, "zq nobody@here").await);
    assert!(!reads_index(&world, "example.com").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_follows_edits_and_deletions() {
    let world = World::database().await;
    insert_contacts(&world.pool, 1_000).await;
    world.ingest(&BUILD).await.expect_status(0);
    let request =
        Request { owner: Owner("tester".to_owned()), actor: "a test".to_owned(), idempotency: None };
    let edits = Edits::of(Field::Company, "Xylophon");
    actions::edit_contact(&world.owners, &request, ContactId(301), &edits, None).await.unwrap();
    let (new, old) = (SearchText::exact("lophon"), SearchText::exact("1a@example.com xylophon"));
    assert_eq!(found(&world, "tester", &new).await.0, [301]);
    assert_eq!(found(&world, "tester", &old).await.0, [301]);
    let back = Edits::of(Field::Company, "Acme");
    actions::edit_contact(&world.owners, &request, ContactId(301), &back, None).await.unwrap();
    assert_eq!(found(&world, "tester", &new).await.0, [] as [i64; 0]);
    actions::edit_contact(&world.owners, &request, ContactId(301), &edits, None).await.unwrap();
    world.ingest(&["delete-contacts", "--text", "xylophon", "--yes"]).await.expect_status(0);
    assert_eq!(found(&world, "tester", &new).await.0, [] as [i64; 0]);
    world.ingest(&["undo", "4"]).await.expect_status(0);
    assert_eq!(found(&world, "tester", &new).await.0, [301]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_reveals_nothing_of_others() {
    let world = World::database().await;
    insert_contacts(&world.pool, 1_000).await;
    let theirs = "UPDATE contacts SET contact_company = 'Secret' WHERE contacts_user_id = 'other'";
    sqlx::query(theirs).execute(&world.pool).await.unwrap();
    world.ingest(&BUILD).await.expect_status(0);
    assert_eq!(found(&world, "tester", &SearchText::exact("secret")).await.0, [] as [i64; 0]);
    assert_eq!(found(&world, "other", &SearchText::exact("secret")).await.0.len(), 1_000);

    const CALL: &str =
        "SELECT candidates FROM ingest_search_candidates($1, 'secret', 1000000, 100, interval '1 second')";
    let candidates = async |owner: &str| {
        let mut db = world.read().await;
        let role: String = sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut *db).await.unwrap();
        assert!(role.starts_with("ingest_requests_"), "{role}");
        let called = sqlx::query_scalar::<_, Vec<i64>>(CALL).bind(owner).fetch_one(&mut *db).await;
        called.map_err(|error| error.to_string())
    };
    assert_eq!(candidates("tester").await, Ok(vec![]));
    let refused = candidates("other").await.unwrap_err();
    assert!(refused.contains("of its own owner only"), "{refused}");

    // Only requests and the owner of the table may call the function, which does not follow policies.
    let may = "SELECT has_function_privilege(0::oid, oid, 'EXECUTE') FROM pg_proc WHERE proname = 'ingest_search_candidates'";
    assert!(!sqlx::query_scalar::<_, bool>(may).fetch_one(&world.pool).await.unwrap());
    let settings = "SELECT prosecdef AND 'search_path=public, pg_temp' = ANY (proconfig) FROM pg_proc
         WHERE proname = 'ingest_search_candidates'";
    assert!(sqlx::query_scalar::<_, bool>(settings).fetch_one(&world.pool).await.unwrap());
    let definers = "SELECT proname::text FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY 1";
    let definers: Vec<String> = sqlx::query_scalar(definers).fetch_all(&world.pool).await.unwrap();
    let expected = [
        "ingest_log_changed_contacts",
        "ingest_log_deleted_contacts",
        "ingest_log_new_contacts",
        "ingest_note_job_change",
        "ingest_search_candidates",
    ];
    assert_eq!(definers, expected);
}

/// Returns what `ingest doctor` says of the index.
async fn diagnosis(world: &World) -> String {
    let doctor = world.ingest(&["doctor"]).await;
    doctor.expect_status(0);
    doctor.stdout.lines().find(|line| line.contains("search index")).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_build_is_started_again() {
    let world = World::database().await;
    // Builds the wall, which locks the table.
    world.ingest(&["migrate"]).await.expect_status(0);
    insert_contacts(&world.pool, 1_000).await;
    assert!(diagnosis(&world).await.contains("none; `ingest migrate --search-index build`"));
    // The build has to wait for the end of this transaction.
    let mut earlier = world.pool.begin().await.unwrap();
    let edit = "UPDATE contacts SET contact_company = 'Xylophon' WHERE contact_id = 301";
    sqlx::query(edit).execute(&mut *earlier).await.unwrap();
    let build = world.spawn(&BUILD);
    let builder = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
         AND query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'";
    eventually("the build waits", async || {
        sqlx::query_scalar::<_, i32>(builder).fetch_optional(&world.pool).await.unwrap().is_some()
    })
    .await;
    let busy = world.ingest(&BUILD).await;
    busy.expect_status(1);
    assert!(busy.stderr.contains("another process is changing the schema"), "{}", busy.stderr);
    let stop = format!("SELECT pg_terminate_backend(pid) FROM ({builder}) AS builder");
    sqlx::query(sqlx::AssertSqlSafe(stop)).execute(&world.pool).await.unwrap();
    drop(build);
    earlier.commit().await.unwrap();
    let unfinished = diagnosis(&world).await;
    assert!(unfinished.starts_with("WARN") && unfinished.contains("was interrupted"), "{unfinished}");
    let search = SearchText::exact("xylophon");
    assert_eq!(found(&world, "tester", &search).await.0, [301], "an unfinished index is not used");
    world.ingest(&BUILD).await.expect_status(0);
    assert!(diagnosis(&world).await.contains("complete"));
    assert_eq!(found(&world, "tester", &search).await.0, [301]);
    world.ingest(&BUILD).await.expect_status(0);
    for _ in 0..2 {
        world.ingest(&["migrate", "--search-index", "drop"]).await.expect_status(0);
        assert!(diagnosis(&world).await.contains("none"));
    }
    assert_eq!(found(&world, "tester", &search).await.0, [301]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_built_and_used_behind_a_pooler() {
    let world = World::database().await;
    insert_contacts(&world.pool, 1_000).await;
    let bouncer = PgBouncer::start(&world.database_name().await);
    let world = world.through_port(bouncer.port).await;
    world.ingest(&BUILD).await.expect_status(0);
    assert!(diagnosis(&world).await.contains("complete"));
    assert!(reads_index(&world, "zebra 999a").await);
    // The server updates indexes with another search_path.
    for statement in
        ["ANALYZE contacts", "SET search_path = pg_catalog; REINDEX INDEX public.contacts_search"]
    {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&world.pool).await.unwrap();
    }
}
