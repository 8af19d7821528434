//! `ingest doctor` names the rights that the login role lacks in the database, and the statements that grant them.

use crate::support::World;
use crate::wall::{as_role, as_superuser, use_every_part};

/// Creates a migrated database, opened by a role that owns nothing in it.
async fn as_plain(role: &str) -> World {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    as_role(world, role, "").await
}

/// Returns the statements in the lines of `ingest doctor` about rights, and checks that they make the command fail.
async fn advised(world: &World) -> Vec<String> {
    let doctor = world.ingest(&["doctor"]).await;
    let lines = doctor.stdout.lines().filter(|line| line.starts_with("FAIL  rights "));
    let statements: Vec<String> = lines
        .map(|line| {
            let (_, advice) = line.split_once("; run ").expect("each names a statement");
            let (statement, _) = advice.split_once(", as the owner").expect("and who can run it");
            statement.to_owned()
        })
        .collect();
    assert_eq!(doctor.status == Some(1), !statements.is_empty(), "{}", doctor.stdout);
    statements
}

async fn grant_all(world: &World) {
    let advice = advised(world).await;
    as_superuser(world, &advice.join("; ")).await;
}

#[tokio::test]
async fn a_role_works_with_exactly_the_rights_that_doctor_names() {
    let world = as_plain("rights_none").await;
    let database = world.database_name().await;
    as_superuser(
        &world,
        &format!(
            "REVOKE ALL ON SCHEMA public FROM PUBLIC; REVOKE ALL ON DATABASE {database} FROM PUBLIC;
             GRANT CONNECT ON DATABASE {database} TO PUBLIC; REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC"
        ),
    )
    .await;
    let advice = advised(&world).await;
    let starts = ["GRANT USAGE ON SCHEMA public TO rights_none", "GRANT TEMPORARY ON DATABASE "];
    assert!(advice.iter().zip(starts).all(|(statement, start)| statement.starts_with(start)), "{advice:#?}");
    as_superuser(&world, &advice.join("; ")).await;
    let doctor = world.ingest(&["doctor"]).await;
    doctor.expect_status(0);
    assert!(doctor.stdout.contains("ok    rights        all that the program needs; "), "{}", doctor.stdout);
    use_every_part(&world, "plain").await;
}

#[tokio::test]
async fn each_missing_right_is_named_with_the_statement_that_grants_it() {
    let world = as_plain("rights_some").await;
    grant_all(&world).await;
    let database = world.database_name().await;
    for (revoked, finding, grant) in [
        ("INSERT ON staging", "INSERT on table public.staging", "INSERT ON TABLE public.staging"),
        (
            "UPDATE, SELECT ON staging_id_blocks",
            "SELECT, UPDATE on table public.staging_id_blocks",
            "SELECT, UPDATE ON TABLE public.staging_id_blocks",
        ),
        (
            "DELETE ON jobs, contacts",
            "DELETE on table public.contacts, public.jobs",
            "DELETE ON TABLE public.contacts, public.jobs",
        ),
        (
            "SELECT ON _sqlx_migrations",
            "SELECT on table public._sqlx_migrations",
            "SELECT ON TABLE public._sqlx_migrations",
        ),
        (
            "USAGE ON SEQUENCE issues_issue_id_seq",
            "USAGE on sequence public.issues_issue_id_seq",
            "USAGE ON SEQUENCE public.issues_issue_id_seq",
        ),
        (
            "EXECUTE ON FUNCTION ingest_folded",
            "EXECUTE on function public.ingest_folded(words text)",
            "EXECUTE ON FUNCTION public.ingest_folded(words text)",
        ),
        ("USAGE ON SCHEMA public", "USAGE on schema public", "USAGE ON SCHEMA public"),
        (
            &format!("TEMPORARY ON DATABASE {database}"),
            &format!("TEMPORARY on database {database}"),
            &format!("TEMPORARY ON DATABASE {database}"),
        ),
    ] {
        as_superuser(&world, &format!("REVOKE {revoked} FROM PUBLIC, rights_some")).await;
        let doctor = world.ingest(&["doctor"]).await;
        let lines = doctor.stdout.lines().filter(|line| line.contains(" rights "));
        let expected = format!(
            "FAIL  rights        the role rights_some lacks {finding}; run GRANT {grant} TO rights_some, as the owner of \
             the tables or an administrator"
        );
        assert_eq!(lines.collect::<Vec<_>>(), [expected]);
        doctor.expect_status(1);
        grant_all(&world).await;
        assert_eq!(advised(&world).await, Vec::<String>::new(), "{revoked}");
    }
}

#[tokio::test]
async fn the_owner_of_the_tables_is_told_how_large_jobs_get_tables_of_their_own() {
    let world = World::empty_database().await;
    let world = as_role(world, "rights_owner", "").await;
    let database = world.database_name().await;
    as_superuser(&world, &format!("ALTER DATABASE {database} OWNER TO rights_owner")).await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let rights = async || {
        let doctor = world.ingest(&["doctor"]).await;
        doctor.expect_status(0);
        doctor.stdout.lines().find(|line| line.contains(" rights ")).unwrap_or_default().to_owned()
    };
    assert_eq!(rights().await, "ok    rights        all that the program needs, as the owner of the tables");
    as_superuser(
        &world,
        "ALTER SCHEMA public OWNER TO CURRENT_USER; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    )
    .await;
    assert_eq!(
        rights().await,
        "WARN  rights        large jobs cannot have tables of their own, and take longer; run GRANT CREATE ON SCHEMA \
         public TO rights_owner, as an administrator"
    );
    as_superuser(&world, "GRANT CREATE ON SCHEMA public TO rights_owner").await;
    assert!(rights().await.starts_with("ok    rights"));
}

#[tokio::test]
async fn every_table_of_the_schema_is_checked() {
    let world = as_plain("rights_unlisted").await;
    let named = advised(&world).await.join(" ");
    // Only the owner of the tables names these.
    let parents = ["staging_own", "issues_own", "issue_items_own"];
    let query = "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace";
    let tables: Vec<String> = sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap();
    assert!(tables.len() > 30, "{tables:?}");
    for table in tables.iter().filter(|table| !parents.contains(&table.as_str())) {
        let is_named = named.split([' ', ',']).any(|word| word == format!("public.{table}"));
        assert!(is_named, "{table} is missing in `TABLES` of store/rights.rs");
    }
}
