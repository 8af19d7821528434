//! Connections of the pool after work on them was dropped half-way.

use std::task::Poll;

use futures::StreamExt;
use sqlx::Connection;
use sqlx::postgres::PgPool;

use crate::support::World;

/// A pool of the program's with one connection, so that what follows is asked on the same one.
async fn one_connection() -> (World, PgPool) {
    let world = World::empty_database().await;
    let pool = ingest::store::pool((*world.pool.connect_options()).clone(), 1);
    sqlx::raw_sql(
        "CREATE TABLE numbers (number bigint); INSERT INTO numbers SELECT generate_series(1, 100000)",
    )
    .execute(&pool)
    .await
    .unwrap();
    (world, pool)
}

async fn answers_what_it_is_asked(pool: &PgPool) {
    for question in 0..5_i64 {
        let answer: i64 =
            sqlx::query_scalar("SELECT $1::bigint").bind(question).fetch_one(pool).await.unwrap();
        assert_eq!(answer, question, "the answer to an earlier question");
    }
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM numbers").fetch_one(pool).await.unwrap();
    assert_eq!(count, 100_000, "what was dropped half-way was committed");
}

#[tokio::test]
async fn a_connection_whose_reading_was_dropped_is_not_used_again() {
    let (_world, pool) = one_connection().await;
    let mut connection = pool.acquire().await.unwrap();
    let mut lines = connection.copy_out_raw("COPY numbers TO STDOUT").await.unwrap();
    lines.next().await.unwrap().unwrap();
    drop(lines);
    drop(connection);
    answers_what_it_is_asked(&pool).await;
}

#[tokio::test]
async fn a_connection_whose_writing_was_dropped_is_not_used_again() {
    let (_world, pool) = one_connection().await;
    // A server that is still busy with the rows when the run that sent them is broken off.
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END $$;
                CREATE TRIGGER slow BEFORE INSERT ON numbers FOR EACH ROW EXECUTE FUNCTION slow()";
    sqlx::raw_sql(slow).execute(&pool).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let mut copy = transaction.copy_in_raw("COPY numbers FROM STDIN").await.unwrap();
    copy.send(b"1\n".as_slice()).await.unwrap();
    let mut finish = Box::pin(copy.finish());
    assert!(matches!(futures::poll!(&mut finish), Poll::Pending));
    drop(finish);
    drop(transaction);
    answers_what_it_is_asked(&pool).await;
}

#[tokio::test]
async fn a_transaction_whose_begin_was_dropped_does_not_stay_open() {
    let (_world, pool) = one_connection().await;
    let mut connection = pool.acquire().await.unwrap();
    let mut begin = Box::pin(connection.begin_with("BEGIN READ ONLY"));
    assert!(matches!(futures::poll!(&mut begin), Poll::Pending), "BEGIN is sent, and not answered yet");
    drop(begin);
    drop(connection);
    // Would be refused in the transaction that only reads, and lost in another.
    sqlx::raw_sql("INSERT INTO numbers VALUES (0)").execute(&pool).await.unwrap();
    let mut transaction = pool.begin_with("BEGIN READ WRITE").await.unwrap();
    sqlx::raw_sql("DELETE FROM numbers WHERE number = 0").execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    answers_what_it_is_asked(&pool).await;
}
