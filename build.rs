//! Generates the texts and the list of migrations.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;

use fluent_typed::{BuildOptions, FtlOutputOptions, LintLevel, try_build_from_locales_folder};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR")?;
    fs::write(format!("{out}/migrations.rs"), migrations()?)?;
    texts(&out)
}

/// Generates a typed function for each message in `locales/`, for `src/texts/text.rs`. A message that is missing in a language,
/// or has other arguments there, gets no function, so that a page that uses it does not compile.
fn texts(out: &str) -> Result<(), Box<dyn Error>> {
    let options = BuildOptions::default()
        .with_prefix("")
        .with_lint_level(LintLevel::Strict)
        // Pages isolate values from the text around them by elements such as <bdi>.
        .without_bidi_isolation()
        .without_format()
        .with_output_file_path(&format!("{out}/text.rs"))
        .with_ftl_output(FtlOutputOptions::single_file(&format!("{out}/text.ftl")));
    Ok(try_build_from_locales_folder(options)?)
}

/// Returns a list of the files in `migrations/` as a Rust expression, for `src/store/schema.rs`: version, description, and text of
/// each. `0007_more_rows.sql` is version 7, "more rows".
fn migrations() -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed=migrations");
    let folder = env::var("CARGO_MANIFEST_DIR")? + "/migrations";
    let mut list = String::from("&[");
    for entry in fs::read_dir(&folder)? {
        let name =
            entry?.file_name().into_string().map_err(|name| format!("{} is not UTF-8", name.display()))?;
        let parts = name.strip_suffix(".sql").and_then(|stem| stem.split_once('_'));
        let (version, description) =
            parts.ok_or_else(|| format!("migrations/{name} is not called 0000_name.sql"))?;
        let (version, description) = (version.parse::<i64>()?, description.replace('_', " "));
        write!(list, "({version}, {description:?}, include_str!({:?})), ", format!("{folder}/{name}"))?;
    }
    Ok(list + "]")
}
