//! Tests that the result does not depend on the blocks of a file.

use super::*;

#[test]
fn blocks_of_any_size_give_the_same_rows() {
    let random = &mut fastrand::Rng::with_seed(1);
    let limits = Limits { max_cell_bytes: 12, max_record_bytes: 40, max_columns: 7 };
    let mut long = with_header(&"é@x.org,\"A\"\"A\",B,\"C\r\nD\"\r\n".repeat(4_000)).into_bytes();
    let long_utf16 = utf16(&String::from_utf8_lossy(&long), u16::to_be_bytes);
    long.extend_from_slice(b"\xFF");
    let files: Vec<_> = (0..500).map(|_| random_file(random)).collect();
    for file in files.iter().chain([&long, &long_utf16]) {
        let limits = if random.bool() && file.len() < 1_000 { limits } else { Limits::default() };
        for known in [None, Some(Encoding::Utf8), Some(Encoding::Windows1252)] {
            let reader = || match known {
                None => Reader::sniffing(limits),
                Some(encoding) => Reader::with_encoding(encoding, limits),
            };
            let whole = feed(reader(), [file.as_slice()]);
            let bytewise = feed(reader(), file.chunks(1));
            let (first, second) = file.split_at(random.usize(..=file.len()));
            let in_two = feed(reader(), [first, b"", second]);
            assert!(bytewise == whole, "{}", file.escape_ascii());
            assert!(in_two == whole, "{}", file.escape_ascii());
        }
    }
}

/// Returns a file of random bytes that are special to the parser, so that every pair of states occurs.
pub(super) fn random_file(random: &mut fastrand::Rng) -> Vec<u8> {
    #[rustfmt::skip]
    const PIECES: [&[u8]; 16] = [
        b",", b",", b";", b"\"", b"\"\"", b"\r", b"\n", b"\r\n", b"a", b"bc", b" ", b"\0",
        b"\xC3\xA9", b"\xE9", b"\x81", b"\xFF\xFE",
    ];
    let mut file = Vec::new();
    match random.u8(..6) {
        0 => {}
        1 => file.extend_from_slice(b"\xEF\xBB\xBFemail,fname,lname,org\r\n"),
        _ => file.extend_from_slice(HEADER.as_bytes()),
    }
    for _ in 0..random.usize(..60) {
        file.extend_from_slice(PIECES[random.usize(..PIECES.len())]);
    }
    match random.u8(..8) {
        0 => file
            .iter()
            .flat_map(|&byte| [byte, random.choice([0, 0, 0, 0, 0xD8, 0xDC]).unwrap_or(0)])
            .collect(),
        1 => [0xFE, 0xFF].into_iter().chain(file.iter().flat_map(|&b| [0, b])).collect(),
        2 => [b"\xFF\xFE".as_slice(), &file].concat(),
        _ => file,
    }
}
