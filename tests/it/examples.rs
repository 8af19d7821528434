//! The files in `examples/messy` give the results that `examples/README.md` describes.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::World;

/// A file, the exit status of its import, the names of its contacts, and its open issues.
struct Example(&'static str, i32, &'static str, &'static str);

const EXAMPLES: [Example; 8] = [
    Example("bad-addresses.csv", 3, "", "INVALID_EMAIL 3, MISSING_REQUIRED_FIELD 2"),
    Example("commas-without-quotes.csv", 3, "", "MALFORMED_ROW 2"),
    Example("duplicates.csv", 3, "", "DUPLICATE_EMAIL 1"),
    Example("excel-german.csv", 0, "Jörg Müller, Zoë Weiß, Änne Groß", ""),
    Example("full-names.csv", 0, "Ann Lee, Bob Ray", ""),
    Example("phone.vcf", 0, "Ann Lee, Bob Ray", ""),
    Example("report-with-title.csv", 0, "Ann Lee, Bob Ray", ""),
    Example("unicode-text-from-excel.txt", 0, "Лилия Петрова, 伟 王", ""),
];

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"))
}

#[tokio::test]
async fn messy_files_become_what_the_readme_says() {
    for Example(file, status, contacts, issues) in EXAMPLES {
        let world = World::database().await;
        let path = folder().join("messy").join(file);
        world.ingest(&["import", path.to_str().unwrap()]).await.expect_status(status);
        let text = async |query: &'static str| -> String {
            sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap()
        };
        let names = "SELECT coalesce(string_agg(name, ', ' ORDER BY name COLLATE \"C\"), '')
                     FROM (SELECT contact_first_name || ' ' || contact_last_name AS name FROM contacts) AS named";
        assert_eq!(text(names).await, contacts, "{file}");
        let open = "SELECT coalesce(string_agg(kind || ' ' || count, ', ' ORDER BY kind), '')
                    FROM (SELECT issue_type::text AS kind, count(*) FROM issues GROUP BY 1) AS open";
        assert_eq!(text(open).await, issues, "{file}");
    }
}

#[tokio::test]
async fn the_demo_shows_the_issues_and_what_to_do_next() {
    let world = World::database().await;
    let mut demo = tokio::process::Command::new(folder().join("../scripts/demo"));
    for name in ["DATABASE_URL", "INGEST_DATA_DIR", "INGEST_OWNER"] {
        demo.env(name, world.variable(name));
    }
    let output = demo.env("INGEST", env!("CARGO_BIN_EXE_ingest")).output().await.unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{errors}");
    for part in ["The issues of job 1", "DUPLICATE_EMAIL", "reprocess 1", "serve  "] {
        assert!(said.contains(part), "{part} is missing:\n{said}{errors}");
    }
}

#[test]
fn the_readme_lists_every_messy_file() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let name = |line: &str| line.strip_prefix("| `")?.split('`').next().map(str::to_owned);
    let listed: BTreeSet<String> = readme.lines().filter_map(name).collect();
    let present = std::fs::read_dir(folder().join("messy")).unwrap();
    let present: BTreeSet<String> =
        present.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let tested: BTreeSet<String> = EXAMPLES.map(|example| example.0.to_owned()).into();
    assert_eq!((&listed, &tested), (&present, &present));
}
