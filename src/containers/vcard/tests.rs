use std::io::{Read, Write};
use std::sync::atomic::AtomicBool;

use super::super::output::Wanted;
use super::*;

/// Returns the rows of a file.
fn rows(cards: &[u8]) -> Vec<String> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(cards).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let wanted = Wanted {
        bytes: u64::MAX,
        is_whole: true,
        in_memory: 256 << 20,
        stop: &AtomicBool::new(false),
        part: None,
        takes_first: false,
    };
    let mut output = Output::new(cards.len() as u64, &wanted).unwrap();
    unpack(file, &mut output).unwrap();
    let mut text = Vec::new();
    output.finish().unwrap().0.read_to_end(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text).replace('"', "");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn cards_of_all_versions_become_rows() {
    let cards = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Quint;Ada;Maria;Dr.;\r\nFN:Dr. Ada Maria Quint\r\n\
        ORG:Quint\\, Sons\\; Co;Sales\r\nEMAIL;TYPE=HOME:home@example.com\r\n\
        item1.EMAIL;TYPE=\"work,pref\":ada@exam\r\n ple.com\r\nTEL;TYPE=CELL:+49 1\r\nTEL:+49 2\r\n\
        PHOTO;ENCODING=b:AAAA\r\nEND:VCARD\r\n\
        BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FC=\nller;Zo=EB\n\
        EMAIL;INTERNET;PREF:zoe@example.com\nORG:Acme\nEND:VCARD\n\
        BEGIN:VCARD\nVERSION:4.0\nFN:Ben Osei\nEMAIL;PREF=1:ben@example.com\nEND:VCARD\n\
        BEGIN:VCARD\nFN:Juan Carlos de la Cruz Ortega\nEND:VCARD\n";
    let mark = "\u{feff}".to_owned() + cards;
    for cards in [cards, &mark] {
        assert_eq!(
            rows(cards.as_bytes()),
            [
                "email,first_name,last_name,company,vCard FN,vCard EMAIL,vCard TEL,vCard PHOTO",
                "ada@example.com,Ada,Quint,Quint, Sons; Co,Dr. Ada Maria Quint,home@example.com,+49 1, +49 2,",
                "zoe@example.com,Zoë,Müller,Acme,,,,",
                "ben@example.com,Ben,Osei,,Ben Osei,,,",
                ",,,,Juan Carlos de la Cruz Ortega,,,",
            ]
        );
    }
}

#[test]
fn damaged_cards_lose_no_other() {
    let cards = b"BEGIN:VCARD\nno colon\nEMAIL:a@example.com\nBEGIN:VCARD\nEMAIL:b@example.com\nEND:VCARD\n\
        BEGIN:VCARD\nN;ENCODING=QUOTED-PRINTABLE:=ZZ=4;A=\n=42\nEND:VCARD\nBEGIN:VCARD\nEMAIL:c@example.com";
    assert_eq!(
        rows(cards),
        [
            "email,first_name,last_name,company",
            "a@example.com,,,",
            "b@example.com,,,",
            ",AB,=ZZ=4,",
            "c@example.com,,,",
        ]
    );
    assert_eq!(rows(b"BEGIN:VCARD"), ["email,first_name,last_name,company"]);
}
