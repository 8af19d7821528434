//! Compares records and cells with a public test set and with another reader.

use super::*;
use crate::csv::Encoding;
use crate::csv::decode::Decoder;

#[test]
fn csv_spectrum_files_give_their_expected_values() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora/csv-spectrum");
    let mut count = 0;
    for entry in std::fs::read_dir(root.join("csvs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let json = std::fs::read(root.join(format!("json/{name}.json"))).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&json).unwrap();

        let mut file = std::fs::read_to_string(&path).unwrap();
        // Version control may have removed the CRs that these files test.
        if name.ends_with("_crlf") {
            file = file.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        let records = records(file.as_bytes()).unwrap();
        let rows = records[1..].iter().map(|row| {
            let cells = row.iter().map(|cell| serde_json::Value::from(cell.as_str()));
            records[0].iter().cloned().zip(cells).collect()
        });
        assert_eq!(serde_json::Value::Array(rows.collect()), expected, "{name}");
        count += 1;
    }
    assert_eq!(count, 11);
}

#[test]
fn records_equal_those_of_csv_core() {
    let random = &mut fastrand::Rng::with_seed(2);
    let short = [",", "\"", "\"", "\r", "\n", "a", "é"].as_slice();
    let long = [",", ",", ",", "\"\"", "\"b,c\"", "\r\n", "\n", "a", "é", "abcdefghijklm"].as_slice();
    let mut compared = 0;
    for (pieces, count) in [(short, 30), (long, 90)] {
        for _ in 0..20_000 {
            let file: String = (0..random.usize(..count)).map(|_| *random.choice(pieces).unwrap()).collect();
            if let Some(records) = records(file.as_bytes()) {
                assert_eq!(records, by_csv_core(file.as_bytes()), "{file:?}");
                compared += usize::from(file.len() > 100);
            }
        }
    }
    assert!(compared > 1_000, "{compared} long files");
}

/// Returns the records of a file as lists of cells, or `None` if quotes are broken.
fn records(file: &[u8]) -> Option<Vec<Vec<String>>> {
    let mut reader = RecordReader::new(b',', Limits::default());
    let mut decoder = Decoder::new(Encoding::Utf8);
    let mut all = Vec::new();
    let mut is_broken = false;
    let mut take = |record: Record<'_>| {
        is_broken |= record.is_flawed();
        all.push(decoder.decode(&record).cells.iter().map(str::to_owned).collect());
    };
    let mut input = file;
    while let Some(record) = reader.read(&mut input) {
        take(record);
    }
    while let Some(record) = reader.finish() {
        take(record);
    }
    (!is_broken).then_some(all)
}

fn by_csv_core(mut input: &[u8]) -> Vec<Vec<String>> {
    use ::csv_core::ReadFieldResult;

    let mut reader = ::csv_core::Reader::new();
    let (mut output, mut cell) = ([0; 256], Vec::new());
    let (mut all, mut cells) = (Vec::new(), Vec::new());
    loop {
        let (result, read, written) = reader.read_field(input, &mut output);
        input = &input[read..];
        cell.extend_from_slice(&output[..written]);
        match result {
            ReadFieldResult::Field { record_end } => {
                cells.push(String::from_utf8(std::mem::take(&mut cell)).unwrap());
                if record_end {
                    all.push(std::mem::take(&mut cells));
                }
            }
            ReadFieldResult::End => return all,
            ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
        }
    }
}
