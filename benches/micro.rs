//! The work of a run on each row before the database, measured part by part in MB of the file per second: `make micro`.

#[path = "dataset.rs"]
#[allow(dead_code, reason = "the tests and the other benchmark use the rest")]
mod dataset;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dataset::{Dataset, Kind, Values};
use ingest::csv::{Limits, RawRow, Reader, RecordReader};
use ingest::domain::contact::ContactKeys;
use ingest::domain::ids::RowId;
use ingest::domain::job::{JobId, Owner};
use ingest::domain::rejection::Rejection;
use ingest::domain::required::RequiredFields;
use ingest::domain::row::Fields;
use ingest::domain::{email, rules};
use ingest::store::staging::{Chunk, NewRow};

/// About 4 MB: more than fits into a processor's cache.
const ROWS: u64 = 50_000;
/// The bytes that a reader receives at a time.
const BLOCK_BYTES: usize = 256 << 10;

criterion_group!(benches, clean, dirty);
criterion_main!(benches);

fn clean(criterion: &mut Criterion) {
    parts(criterion, "clean", Kind::Clean);
}

fn dirty(criterion: &mut Criterion) {
    parts(criterion, "dirty", Kind::Dirty);
}

fn parts(criterion: &mut Criterion, name: &str, kind: Kind) {
    let mut file = Vec::new();
    let written = Dataset { rows: ROWS, seed: 1, kind }.write(&mut file, None);
    written.expect("memory takes what is written to it");
    let mut values: Vec<Values> = Vec::new();
    let whole = decode(&file, |row| {
        values.push(row.values.values().map(|value| (*value).to_owned()));
    });
    whole.expect("a generated file is a contact file");
    let required = RequiredFields::default();
    let fields: Vec<Fields<'_>> =
        values.iter().map(|[email, first, last, company]| Fields::new(email, first, last, company)).collect();
    let new_rows: Vec<NewRow<'_>> = (1..)
        .zip(&fields)
        .map(|(number, fields)| NewRow {
            id: RowId(number),
            fields,
            status: rules::check(fields, false, required).status(),
            hash: fields.hash(""),
            line: number as u64,
            residue: rules::Residue::default(),
            extra: "",
        })
        .collect();
    let keys = ContactKeys::of(&Owner("user-1".to_owned()));
    let mut chunk = Chunk::default();

    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::BytesDecimal(file.len() as u64));
    group.bench_function("decode", |bencher| bencher.iter(|| decode(&file, |row| consume(row))));
    group.bench_function("split", |bencher| bencher.iter(|| split(&file)));
    group.bench_function("check", |bencher| {
        bencher.iter(|| fields.iter().map(|fields| rules::check(fields, false, required)).for_each(consume));
    });
    group.bench_function("hash", |bencher| {
        bencher.iter(|| fields.iter().map(|fields| fields.hash("")).for_each(consume));
    });
    group.bench_function("key", |bencher| {
        bencher.iter(|| fields.iter().map(|fields| keys.key(&email::key(&fields.email))).for_each(consume));
    });
    group.bench_function("encode", |bencher| {
        bencher.iter(|| {
            chunk.clear();
            new_rows.iter().for_each(|row| chunk.push(JobId(1), row));
        });
    });
    group.finish();
}

/// Makes the compiler assume that a value is used.
fn consume<T>(value: T) {
    black_box(value);
}

/// Runs the whole reader, from bytes to rows of text.
fn decode(file: &[u8], mut on_row: impl FnMut(RawRow<'_>)) -> Result<(), Rejection> {
    let mut reader = Reader::sniffing(Limits::default());
    for block in file.chunks(BLOCK_BYTES) {
        reader.feed(block, &mut on_row)?;
    }
    reader.finish(&mut on_row).map(drop)
}

/// Splits a file into records.
fn split(file: &[u8]) -> Result<(), Rejection> {
    let mut records = RecordReader::new(b',', Limits::default());
    for mut block in file.chunks(BLOCK_BYTES) {
        while let Some(record) = records.read(&mut block) {
            consume(record);
        }
    }
    while let Some(record) = records.finish() {
        consume(record);
    }
    Ok(())
}
