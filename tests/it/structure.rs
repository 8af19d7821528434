//! Checks the code against the import table of ARCHITECTURE.md, and the documents against the code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ingest::domain::rules::RULES;

/// Who may import whom, by module.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("csv", &["domain"]),
    ("containers", &["csv", "domain"]),
    ("exports", &["csv", "domain"]),
    ("store", &["domain", "turns", "propagation"]),
    ("texts", &["csv", "domain"]),
    ("objects", &["domain"]),
    ("queue", &["store", "domain", "metrics", "propagation"]),
    ("pipeline", &["store", "objects", "containers", "texts", "csv", "domain", "metrics"]),
    (
        "actions",
        &["pipeline", "store", "objects", "queue", "containers", "exports", "texts", "csv", "domain"],
    ),
    ("webhooks", &["store", "domain", "metrics", "propagation"]),
    ("topic", &["store", "domain", "metrics", "propagation"]),
    (
        "worker",
        &[
            "pipeline",
            "queue",
            "webhooks",
            "topic",
            "store",
            "objects",
            "texts",
            "domain",
            "shutdown",
            "metrics",
            "propagation",
        ],
    ),
    ("auth", &["domain"]),
    (
        "http",
        &[
            "actions",
            "store",
            "objects",
            "queue",
            "exports",
            "csv",
            "domain",
            "auth",
            "turns",
            "metrics",
            "propagation",
        ],
    ),
    ("api", &["http", "actions", "store", "exports", "csv", "domain", "auth"]),
    ("web", &["http", "actions", "store", "exports", "texts", "csv", "domain", "auth"]),
    (
        "cli",
        &[
            "http",
            "api",
            "web",
            "auth",
            "worker",
            "webhooks",
            "topic",
            "pipeline",
            "actions",
            "store",
            "objects",
            "queue",
            "exports",
            "csv",
            "domain",
            "config",
            "telemetry",
            "metrics",
            "shutdown",
        ],
    ),
    ("telemetry", &["config"]),
    ("propagation", &["domain"]),
    ("metrics", &[]),
    ("config", &["domain"]),
    ("shutdown", &[]),
    ("turns", &[]),
];

pub(crate) fn sources(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, paths),
            false if path.extension().is_some_and(|end| end == "rs") => paths.push(path),
            false => {}
        }
    }
}

/// Returns the modules that a source names as `crate::module`.
fn imports(source: &str) -> BTreeSet<&str> {
    source
        .match_indices("crate::")
        .filter(|(at, _)| !source[..*at].ends_with('$'))
        .map(|(at, _)| {
            let rest = &source[at + "crate::".len()..];
            &rest
                [..rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len())]
        })
        .collect()
}

#[test]
fn modules_import_only_what_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 30, "there are fewer sources than expected");
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs").trim_end_matches("_tests");
        if matches!(module, "main" | "lib") {
            continue;
        }
        let (_, allowed) = ALLOWED
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} is new: add it to the table"));
        let source = std::fs::read_to_string(&file).unwrap();
        for import in imports(&source) {
            if import != module && !allowed.contains(&import) {
                wrong.push(format!("{} imports {import}", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_pipeline_and_actions_open_transactions() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for module in ["store", "queue", "worker", "auth", "http", "api", "web", "cli"] {
        let mut files = Vec::new();
        sources(&root.join(module), &mut files);
        for file in files {
            // Two files that open transactions for the others, then what migrations consist of.
            let migration =
                ["store/schema.rs", "store/contacts/index.rs", "store/wall.rs", "store/wide_ids.rs"];
            let open = [["store/owner_pool.rs", "store/sql.rs"].as_slice(), &migration].concat();
            if open.iter().any(|open| file.ends_with(open)) {
                continue;
            }
            let source = std::fs::read_to_string(&file).unwrap();
            assert!(
                !source.contains("owners.begin(") && !source.contains("sql::begin"),
                "{}",
                file.display()
            );
            assert!(!source.contains(".begin()") && !source.contains(".begin_with("), "{}", file.display());
        }
    }
}

#[test]
fn paths_in_the_documents_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        let quoted = text.split('`').skip(1).step_by(2);
        let is_path = |word: &&str| {
            let letters = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
            word.contains('/') && !word.starts_with('/') && word.chars().all(letters)
        };
        let paths: Vec<&str> = quoted.filter(is_path).collect();
        for path in &paths {
            let exists = root.join(path).exists() || root.join("src").join(path).exists();
            assert!(exists, "{document} names {path}, which does not exist");
        }
        assert!(
            document != "ARCHITECTURE.md" || paths.len() > 30,
            "the document names fewer paths than expected"
        );
    }
}

#[test]
fn the_readme_lists_every_rule() {
    let readme = include_str!("../../README.md");
    let is_rule = |line: &&str| {
        let word = line.strip_prefix("| `").and_then(|rest| rest.split('`').next()).unwrap_or_default();
        word.contains('_') && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
    };
    let listed = readme.lines().filter(is_rule).count();
    assert_eq!(listed, RULES.len(), "the README lists rules that do not exist");
    for rule in RULES {
        let line = format!("| `{}` | {} |", rule.issue_type, rule.when);
        assert!(readme.lines().any(|listed| listed == line), "the README lacks {line}");
    }
}
