//! Connections of the pool after a future that used them was dropped.

use std::task::Poll;
use std::time::Duration;

use futures::StreamExt;
use ingest::store::copy::{Lines, Target};
use ingest::store::sql;
use sqlx::postgres::PgPool;

use crate::support::{World, eventually};

/// Returns a pool of the program with this many connections, so that later statements use the same ones.
async fn connections(number: u32) -> (World, PgPool) {
    let world = World::empty_database().await;
    let pool = ingest::store::pool((*world.pool.connect_options()).clone(), number);
    sqlx::raw_sql(
        "CREATE TABLE jobs (); CREATE TABLE numbers (number bigint); INSERT INTO numbers SELECT generate_series(1, 100000)",
    )
    .execute(&pool)
    .await
    .unwrap();
    (world, pool)
}

async fn assert_queries_get_their_own_answers(pool: &PgPool) {
    for number in 0..10_i64 {
        let answer: i64 = sqlx::query_scalar("SELECT $1::bigint").bind(number).fetch_one(pool).await.unwrap();
        assert_eq!(answer, number, "the answer to an earlier query");
    }
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM numbers").fetch_one(pool).await.unwrap();
    assert_eq!(count, 100_000, "a dropped transaction was committed");
}

#[tokio::test]
async fn a_connection_with_a_dropped_read_is_not_reused() {
    let (_world, pool) = connections(2).await;
    let mut snapshot = sql::begin_snapshot(&pool).await.unwrap();
    let mut reader = sql::Reader::begin(&pool, &mut snapshot).await.unwrap();
    let mut lines = reader.copy_out_raw("COPY numbers TO STDOUT").await.unwrap();
    lines.next().await.unwrap().unwrap();
    drop(lines);
    drop(reader);
    assert_queries_get_their_own_answers(&pool).await;
}

#[tokio::test]
async fn a_connection_with_a_dropped_write_is_not_reused() {
    let (_world, pool) = connections(1).await;
    // A server that is still processing rows when the run that sent them is cancelled.
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN IF NEW.number = 1 THEN PERFORM pg_sleep(1); END IF; RETURN NEW; END $$;
                CREATE TRIGGER slow BEFORE INSERT ON numbers FOR EACH ROW EXECUTE FUNCTION slow()";
    sqlx::raw_sql(slow).execute(&pool).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    // Enough rows to be sent by COPY.
    let mut lines = Lines::default();
    (1..=3_000).for_each(|number| {
        lines.push(0, |line| {
            line.plain(number);
        });
    });
    let target = Target::new("numbers", &[("number", "bigint")]);
    let sending = lines.send(&mut transaction, &target);
    tokio::time::timeout(Duration::from_millis(300), sending).await.expect_err("the server is busy");
    drop(transaction);
    assert_queries_get_their_own_answers(&pool).await;
}

#[tokio::test]
async fn a_dropped_begin_leaves_no_open_transaction() {
    let (world, pool) = connections(1).await;
    // The server may answer before the first poll ends.
    eventually("a BEGIN is dropped before its answer", async || {
        eventually("the connection returns to the pool", async || pool.num_idle() == 1).await;
        let mut begin = Box::pin(sql::begin(&pool));
        matches!(futures::poll!(&mut begin), Poll::Pending)
    })
    .await;
    // It would be part of that transaction, and be lost with it.
    sqlx::raw_sql("INSERT INTO numbers VALUES (0)").execute(&pool).await.unwrap();
    let inserted = "SELECT count(*) FROM numbers WHERE number = 0";
    assert_eq!(sqlx::query_scalar::<_, i64>(inserted).fetch_one(&world.pool).await.unwrap(), 1);
    sqlx::raw_sql("DELETE FROM numbers WHERE number = 0").execute(&pool).await.unwrap();
    assert_queries_get_their_own_answers(&pool).await;
}
