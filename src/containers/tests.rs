use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::atomic::AtomicBool;

use flate2::Compression;
use flate2::write::GzEncoder;
use lzma_rust2::{XzOptions, XzWriter};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::output::limit;
use super::*;

const TEXT: &str = "email,first_name\nann@example.com,Ann\n";
const XLSX: &[u8] = include_bytes!("../../tests/files/workbooks/contacts.xlsx");
const XLS: &[u8] = include_bytes!("../../tests/files/workbooks/contacts.xls");
const ODS: &[u8] = include_bytes!("../../tests/files/workbooks/contacts.ods");

/// Packs bytes in some format.
type Pack = fn(&[u8]) -> Vec<u8>;

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

fn with(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Option<(String, Unpacked)>, UnpackError> {
    let unpacked = unpack(file(bytes), wanted)?;
    Ok(unpacked.map(|mut unpacked| {
        let mut text = String::new();
        unpacked.text.read_to_string(&mut text).unwrap();
        (text, unpacked)
    }))
}

/// Unpacks all of a file.
fn whole(bytes: &[u8]) -> Result<Option<(String, Unpacked)>, UnpackError> {
    with(
        bytes,
        &Wanted {
            bytes: u64::MAX,
            is_whole: true,
            in_memory: 256 << 20,
            stop: &AtomicBool::new(false),
            part: None,
            takes_first: false,
        },
    )
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = XzWriter::new(Vec::new(), XzOptions::default()).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn refusal(bytes: &[u8]) -> String {
    whole(bytes).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn text_is_not_unpacked() {
    for text in ["", "B", "BZhang,Li\n", TEXT] {
        assert!(whole(text.as_bytes()).unwrap().is_none(), "{text}");
    }
}

#[test]
fn compressed_files_are_unpacked_also_in_parts() {
    let formats: [(Pack, ContainerFormat); 4] = [
        (gzip, ContainerFormat::Gzip),
        (zstd, ContainerFormat::Zstd),
        (bzip2, ContainerFormat::Bzip2),
        (xz, ContainerFormat::Xz),
    ];
    for (pack, format) in formats {
        let (first, second) = TEXT.split_at(20);
        let parts = [pack(first.as_bytes()), pack(second.as_bytes())].concat();
        for packed in [pack(TEXT.as_bytes()), parts] {
            let (text, unpacked) = whole(&packed).unwrap().unwrap();
            assert_eq!((text.as_str(), unpacked.containers[0].format), (TEXT, format));
            assert!(unpacked.is_whole && !unpacked.is_ours, "{format}");
        }
    }
    // Other programs store marks and indexes in frames that are skipped.
    let marked = [b"\x50\x2A\x4D\x18\x03\0\0\0abc".as_slice(), &zstd(TEXT.as_bytes())].concat();
    assert!(whole(&marked).unwrap().is_none(), "a file that begins with such a frame is not recognized");
    let marked = [zstd(TEXT.as_bytes()), b"\x50\x2A\x4D\x18\x03\0\0\0abc".to_vec()].concat();
    assert_eq!(whole(&marked).unwrap().unwrap().0, TEXT);
}

#[test]
fn the_beginning_of_a_compressed_file_shows_that_of_its_text() {
    let text: String = (0..50_000).map(|n| format!("person{n}@example.com,{}\n", n * 7919)).collect();
    let packed = gzip(text.as_bytes());
    let stop = AtomicBool::new(false);
    let wanted = Wanted {
        bytes: 1000,
        is_whole: false,
        in_memory: 256 << 20,
        stop: &stop,
        part: None,
        takes_first: false,
    };
    let (head, unpacked) = with(&packed[..packed.len() / 2], &wanted).unwrap().unwrap();
    assert!(head.len() >= 1000 && text.starts_with(&head), "{}", head.len());
    assert!(!unpacked.is_whole);
    let incomplete = with(&XLSX[..3000], &wanted);
    assert!(matches!(incomplete, Err(UnpackError::Rejected(Rejection::Incomplete))));
}

#[test]
fn damaged_files_are_refused_with_a_reason() {
    let packed = gzip(TEXT.as_bytes());
    let cut = refusal(&packed[..packed.len() - 5]);
    assert!(cut.starts_with("the gzip file cannot be read ("), "{cut}");
    for packed in [&zstd(TEXT.as_bytes())[..12], &xz(TEXT.as_bytes())[..30], &XLSX[..3000], &XLS[..2000]] {
        assert!(refusal(packed).contains("cannot be read ("), "{}", refusal(packed));
    }
    let locked = include_bytes!("../../tests/files/workbooks/locked.zip");
    assert!(refusal(locked).contains("the ZIP archive is protected with a password"), "{}", refusal(locked));
}

#[test]
fn the_table_of_an_archive_is_chosen() {
    let files: [(&str, &[u8]); 4] = [
        ("export/", b""),
        ("export/contacts.csv", TEXT.as_bytes()),
        ("__MACOSX/export/._contacts.csv", b"x"),
        ("export/logo.PNG", b"x"),
    ];
    let (text, unpacked) = whole(&zip(&files)).unwrap().unwrap();
    assert_eq!(text, TEXT);
    let expected = Container {
        format: ContainerFormat::Zip,
        part: Some("export/contacts.csv".to_owned()),
        others: vec!["export/logo.PNG".to_owned()],
    };
    assert_eq!(unpacked.containers, [expected]);
    let two = zip(&[("a.csv", TEXT.as_bytes()), ("b.csv", TEXT.as_bytes())]);
    assert!(refusal(&two).contains("2 tables: a.csv, b.csv"), "{}", refusal(&two));
    assert!(refusal(&zip(&[("read.me/x.pdf", b"x")])).contains("contains no table"));
    let numbers = zip(&[("Index/Document.iwa", b"x"), ("Data/x.csv", b"x")]);
    assert!(refusal(&numbers).contains("Apple Numbers"), "{}", refusal(&numbers));
}

#[test]
fn containers_are_nested_once() {
    let twice = zip(&[("contacts.csv.gz", &gzip(TEXT.as_bytes()))]);
    let (text, unpacked) = whole(&twice).unwrap().unwrap();
    let formats: Vec<ContainerFormat> = unpacked.containers.iter().map(|one| one.format).collect();
    assert_eq!((text.as_str(), &formats[..]), (TEXT, &[ContainerFormat::Zip, ContainerFormat::Gzip][..]));
    assert!(matches!(whole(&gzip(&twice)), Err(UnpackError::Rejected(Rejection::NestedTooDeep))));
}

#[test]
fn a_workbook_in_an_archive_is_previewed() {
    let stop = AtomicBool::new(false);
    let wanted = Wanted {
        bytes: 40,
        is_whole: true,
        in_memory: 256 << 20,
        stop: &stop,
        part: None,
        takes_first: false,
    };
    for packed in [zip(&[("contacts.xlsx", XLSX)]), gzip(XLSX)] {
        let (text, unpacked) = with(&packed, &wanted).unwrap().unwrap();
        assert!(text.starts_with("\"Customers\"\n") && unpacked.containers.len() == 2, "{text}");
    }
    // Only the beginning of a packed workbook is known.
    let wanted = Wanted { is_whole: false, ..wanted };
    assert!(matches!(with(&gzip(XLSX), &wanted), Err(UnpackError::Rejected(Rejection::Incomplete))));
}

#[test]
fn the_sheet_with_contacts_is_read_as_a_person_sees_it() {
    let expected = "\"Customers\"\n\n\"E-mail\",\"First name\",\"Last name\",\"Company\",\"Since\"\n\
        \"zoe@example.com\",\"Zoë\",\"O'Neil \"\"Z\"\"\",\"Müller, Söhne & Co\",\"2024-02-29\"\n\
        \"ada@example.com\",\"Ada\",\"Quint\",\"5581999123456\",\"2025-12-31\"\n\
        \"bad.example.com\",\"No\",\"One\",\"Acme\"\n";
    let workbooks = [(XLSX, ContainerFormat::Xlsx), (XLS, ContainerFormat::Xls), (ODS, ContainerFormat::Ods)];
    for (workbook, format) in workbooks {
        for packed in [workbook.to_vec(), gzip(workbook), zip(&[("x.bin", workbook)])] {
            let (text, unpacked) = whole(&packed).unwrap().unwrap();
            assert_eq!(text, expected, "{format}");
            assert!(unpacked.is_ours);
            let read = Container {
                format,
                part: Some("Kontakte 2026".to_owned()),
                others: vec!["Notes".to_owned()],
            };
            assert_eq!(unpacked.containers.last(), Some(&read));
        }
    }
}

#[test]
fn a_small_file_does_not_grow_without_limit() {
    assert_eq!((limit(0), limit(1 << 20), limit(u64::MAX)), (100 << 20, 200 << 20, 64 << 30));
    let bomb = gzip(&vec![b'a'; 1 << 20]).repeat(101);
    assert!(refusal(&bomb).contains("more than 104 MB"), "{}", refusal(&bomb));
    let strings = vec![b' '; 101 << 20];
    let workbook = zip(&[("xl/workbook.xml", b"<workbook/>"), ("xl/sharedStrings.xml", &strings)]);
    assert!(matches!(whole(&workbook), Err(UnpackError::Rejected(Rejection::GrowsTooLarge { .. }))));
}

#[test]
fn unpacking_stops_when_nobody_waits() {
    let wanted = Wanted {
        bytes: u64::MAX,
        is_whole: true,
        in_memory: 256 << 20,
        stop: &AtomicBool::new(true),
        part: None,
        takes_first: false,
    };
    assert!(matches!(with(&gzip(TEXT.as_bytes()), &wanted), Err(UnpackError::Stopped)));
}
