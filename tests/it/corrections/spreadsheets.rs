//! What spreadsheet programs do to a file, with LibreOffice as one of them.

use std::process::Stdio;

use ingest::actions;

use super::sheet::{HEADER, JOB, Sheet, correct, export, rows, tester, under_review};
use crate::support::World;

/// Values that spreadsheet programs execute, calculate or convert.
const TRICKY: [&str; 16] = [
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "-1",
    "+49 1",
    "'quoted",
    "''",
    "007",
    "1-2",
    "TRUE",
    "1e5",
    "12:30",
    "5 May",
    "3,5",
    "1/2",
    "100%",
    "１２",
];

fn tricky_rows() -> String {
    let row = |(at, value): (usize, &&str)| format!("bad {at},\"{value}\",\"Q \"\" q;\",\"two\nlines\"\n");
    TRICKY.iter().enumerate().map(row).collect()
}

#[tokio::test]
async fn formulas_are_escaped_in_the_file_and_restored() {
    let world = under_review(&tricky_rows()).await;
    let before = rows(&world).await;
    assert!(before[0].contains("|=cmd|"), "{before:?}");
    let mut sheet = Sheet::of(&world, JOB).await;
    assert_eq!(sheet.column("first_name"), TRICKY.map(|value| format!("'{value}")));
    let same = correct(&world, sheet.text()).await;
    assert_eq!((same.effect.action, same.unchanged, same.unknown_count), (None, 16, 0));
    assert_eq!(rows(&world).await, before);
    // Values as entered by a person who does not know about the apostrophes, and by one who does.
    sheet.set(0, "first_name", "=1");
    sheet.set(1, "first_name", "'=2");
    sheet.set(2, "first_name", "''=3");
    assert_eq!(correct(&world, sheet.text()).await.effect.changed.edited, 3);
    let after = rows(&world).await;
    assert!(
        after[0].contains("|=1|") && after[1].contains("|=2|") && after[2].contains("|'=3|"),
        "{after:?}"
    );
}

#[tokio::test]
async fn files_saved_by_any_spreadsheet_program_are_accepted() {
    let world = under_review("bäd,Ren\u{e9},\"Ray; \"\"R\"\"\",Łódź\nworse,Jo,\"a\nb\",Acme\n").await;
    let sheet = Sheet::of(&world, JOB).await;
    let excel = |delimiter: u8| {
        let mut builder = csv::WriterBuilder::new();
        let always = builder.delimiter(delimiter).quote_style(csv::QuoteStyle::Always);
        String::from_utf8(sheet.written(always.terminator(csv::Terminator::CRLF))).unwrap()
    };
    let narrow =
        |text: &str| -> Vec<u8> { text.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect() };
    let wide = |text: &str| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let variants = [
        ("as it went", export(&world, JOB).await),
        ("semicolons, CRLF and quotes everywhere", excel(b';').into_bytes()),
        ("tabs", excel(b'\t').into_bytes()),
        ("a mark inside of the first quotes", format!("\"\u{feff}{}", &excel(b',')[1..]).into_bytes()),
        ("a first line that names the delimiter", format!("sep=;\r\n{}", excel(b';')).into_bytes()),
        ("Windows-1252, which has no Ł", narrow(&excel(b';'))),
        ("UTF-16", wide(&excel(b'\t'))),
        (
            "CR at the end of lines and inside of cells",
            excel(b',').replace("\r\n", "\n").replace('\n', "\r").into_bytes(),
        ),
        (
            "white space around and blank rows",
            excel(b',').replace("\",\"", " \",\"\u{a0}").replace("\"\r\n", "\"\r\n,,,\r\n\r\n").into_bytes(),
        ),
    ];
    for (what, file) in variants {
        let same = correct(&world, &file).await;
        assert_eq!((same.read, same.unchanged, same.effect.action), (2, 2, None), "{what}: {same:?}");
        let changed = match String::from_utf8(file) {
            Ok(text) => text.replace("bäd", "bäd@example.com").into_bytes(),
            Err(file) => match file.as_bytes().starts_with(b"\xff\xfe") {
                true => wide(&excel(b'\t').replace("bäd", "bäd@example.com")),
                false => narrow(&excel(b';').replace("bäd", "bäd@example.com")),
            },
        };
        let done = correct(&world, &changed).await;
        assert_eq!((done.effect.changed.rows, done.unchanged), (1, 1), "{what}");
        assert_eq!(rows(&world).await[0], "bäd@example.com|René|Ray; \"R\"|Łódź", "{what}");
        actions::undo(&world.owners, &tester(), done.effect.action.unwrap()).await.unwrap();
    }

    let keys = sheet.column("row_key");
    let few = format!("Firma;Row Key;note\nBeta;{};x\n;{}\n;{};y\n", keys[0], keys[1], keys[1]);
    let done = correct(&world, few).await;
    assert_eq!((done.read, done.effect.changed.rows), (3, 2));
    assert_eq!(
        rows(&world).await,
        ["bäd|René|Ray; \"R\"|Beta", "worse|Jo|a\nb|"],
        "missing columns change nothing"
    );
    let done = correct(&world, format!("row_key,company,email\n{},\n", keys[0])).await;
    assert_eq!((done.effect.changed.rows, rows(&world).await[0].as_str()), (1, "bäd|René|Ray; \"R\"|"));
}

#[tokio::test]
async fn unedited_values_of_other_programs_stay_unchanged() {
    let world = under_review("bad,Bo,Ray,Acme\n").await;
    let untidy =
        "UPDATE staging SET staging_company = E'  Acme\\r\\n Rene\\u0301 ', staging_first_name = NULL";
    sqlx::raw_sql(untidy).execute(&world.pool).await.unwrap();
    let before = rows(&world).await;
    let mut sheet = Sheet::of(&world, JOB).await;
    assert_eq!(correct(&world, sheet.text()).await.effect.changed.rows, 0);
    sheet.set(0, "email", "bo@example.com");
    assert_eq!(correct(&world, sheet.text().replace("\r\n", "\n")).await.effect.changed.rows, 1);
    assert_eq!(rows(&world).await[0], before[0].replace("bad", "bo@example.com"));
}

/// Opens a file in LibreOffice and saves it in another format in the same folder.
async fn save_as(world: &World, file: &str, options: &[&str]) {
    let mut office = tokio::process::Command::new("soffice");
    let profile = format!("-env:UserInstallation=file://{}", world.path("office").display());
    office
        .args(["--headless", &profile])
        .args(options)
        .arg("--outdir")
        .arg(world.path(""))
        .arg(world.path(file));
    // The locale decides the encoding of files that are opened without options.
    office.env("LC_ALL", "C").stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(180), office.status()).await.unwrap();
    assert!(ended.expect("LibreOffice: scripts/setup --test installs it").success());
}

/// Conversions through LibreOffice: how the file is opened, the intermediate format, and how it is saved as CSV.
const WAYS: [(&[&str], &str, &str); 3] = [
    // The usual case: the dialog detects UTF-8.
    (&["--infilter=CSV:44,34,76"], "xlsx", "csv:Text - txt - csv (StarCalc):44,34,76,1"),
    // Opened as Windows-1252, and saved as UTF-8 and as Windows-1252.
    (&[], "ods", "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,true"),
    (&[], "xlsx", "csv"),
];

async fn through_libreoffice(
    world: &World,
    file: &[u8],
    (opened, form, saved): (&[&str], &str, &str),
) -> Vec<u8> {
    let sheet = world.path("sheet.csv");
    std::fs::write(&sheet, file).unwrap();
    save_as(world, "sheet.csv", &[opened, &["--convert-to", form]].concat()).await;
    std::fs::remove_file(&sheet).unwrap();
    save_as(world, &format!("sheet.{form}"), &["--convert-to", saved]).await;
    std::fs::read(&sheet).unwrap()
}

/// A value that is a formula if another character is the separator, or if parts of it become cells in another way.
/// Evaluated, it shows 3333.
const PARTS: &str =
    "x;=1111*3;y,=1111*3,y\t=1111*3\ty|=1111*3|y\n=1111*3\ny;\"=1111*3\";y; =1111*3;+1111*3;'=1111*3;y";

/// Returns the value as a cell of a file.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

#[tokio::test]
async fn no_separator_turns_part_of_a_cell_into_a_formula() {
    let world = World::database().await;
    let cell = quoted(PARTS);
    let rows = format!("a@example.com,{cell},B,{cell}\nbad {cell},{cell},B,{cell}\n");
    let file = world.file("in.csv", &format!("{HEADER}{}", rows.replace("bad \"", "\"bad ")));
    world.ingest(&["import", "--policy", "AT_ONCE", &file]).await.expect_status(3);
    let corrections = world.ingest(&["export", "1"]).await.stdout;
    let printed = world.ingest(&["contacts", "--output", "csv"]).await.stdout;
    let saved = world.ingest(&["save", "-", "--format", "csv"]).await.stdout;
    for exported in [corrections, printed, saved] {
        assert!(exported.contains("1111*3"), "{exported}");
        for separator in [None, Some(44), Some(59), Some(9), Some(124), Some(32)] {
            world.file("sheet.csv", &exported);
            let filter = separator.map(|separator| format!("--infilter=CSV:{separator},34,76"));
            let mut options: Vec<&str> = filter.as_deref().into_iter().collect();
            options.extend(["--convert-to", "txt:Text - txt - csv (StarCalc):59,34,76"]);
            save_as(&world, "sheet.csv", &options).await;
            let seen = std::fs::read_to_string(world.path("sheet.txt")).unwrap();
            assert!(seen.contains("1111*3") && !seen.contains("3333"), "{separator:?}: {seen}");
        }
    }
}

#[tokio::test]
async fn only_a_persons_edits_change_values_in_libreoffice() {
    let parts = quoted(&PARTS.replace('\t', " "));
    let more = format!(
        "Ünal,\"=1+1\",\"a  b, \"\"c\"\"\",Łódź 東京\nx@example.com,O'Hara,\"l1\nl2\",\n\
         x@example.com,Mar 5,1st,３M\n{parts},\"x;＝1;?2;'n'\",{parts},\"東,＝1\"\n"
    );
    let world = under_review(&(tricky_rows() + &more)).await;
    let before = rows(&world).await;
    let file = export(&world, JOB).await;
    for way in WAYS {
        let saved = through_libreoffice(&world, &file, way).await;
        let same = correct(&world, &saved).await;
        assert_eq!((same.read, same.unchanged, same.effect.action), (20, 20, None), "{way:?}: {same:?}");

        let mut edited = Sheet::read(&file);
        edited.set(0, "email", "bo@example.com");
        edited.set(0, "first_name", "'=2+2");
        edited.set(4, "first_name", "plain");
        edited.set(16, "last_name", "");
        let saved = through_libreoffice(&world, format!("\u{feff}{}", edited.text()).as_bytes(), way).await;
        let done = correct(&world, &saved).await;
        assert_eq!(
            (done.effect.changed.rows, done.effect.changed.edited, done.unchanged),
            (3, 3, 17),
            "{way:?}"
        );
        let mut after = before.clone();
        after[0] = before[0].replace("bad 0", "bo@example.com").replace(TRICKY[0], "=2+2");
        after[4] = before[4].replace(TRICKY[4], "plain");
        after[16] = before[16].replace("a  b, \"c\"", "");
        assert_eq!(rows(&world).await, after, "{way:?}");
        actions::undo(&world.owners, &tester(), done.effect.action.unwrap()).await.unwrap();
        assert_eq!(rows(&world).await, before, "{way:?}");
    }
}
