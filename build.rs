//! Generates a typed function for each message in `locales/`, for `src/texts/text.rs`. A message that is missing in a
//! language, or has other arguments there, gets no function, so that a page that uses it does not compile.

use std::env;
use std::error::Error;

use fluent_typed::{BuildOptions, FtlOutputOptions, LintLevel, try_build_from_locales_folder};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR")?;
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
