//! Checks that no source files import each other in a circle, so that each can be read after those that it imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::structure::sources;

/// A module's path below `src`, such as `store/jobs`.
type Module = String;

/// Returns the source of each module without its unit tests.
fn modules() -> BTreeMap<Module, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let module = |file: &Path| {
        let path = file.strip_prefix(&root).unwrap().with_extension("");
        let path = path.to_str().unwrap();
        path.strip_suffix("/mod").unwrap_or(path).to_owned()
    };
    let is_code = |module: &Module| {
        !matches!(module.as_str(), "lib" | "main") && !module.split('/').any(|part| part == "tests")
    };
    let code = files.iter().map(|file| (module(file), std::fs::read_to_string(file).unwrap()));
    code.filter(|(module, _)| is_code(module))
        .map(|(module, source)| (module, without_tests(&source)))
        .collect()
}

fn without_tests(source: &str) -> String {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Collects the paths of a `use` tree, one for each leaf: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn leaves(before: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return paths.push(format!("{before}{path}"));
    };
    let inside = rest.rsplit_once('}').map_or(rest, |(inside, _)| inside);
    let before = format!("{before}{}", head.trim());
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in inside.char_indices().chain([(inside.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let item = inside[start..at].trim();
                if !item.is_empty() {
                    leaves(&before, item, paths);
                }
                start = (at + 1).min(inside.len());
            }
            _ => {}
        }
    }
}

/// Returns the paths that a source imports or names.
fn paths(source: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for statement in source.split(';') {
        if let Some((_, tree)) = statement.rsplit_once("use ").filter(|(before, _)| !before.ends_with('_')) {
            leaves("", tree, &mut paths);
        }
    }
    for start in ["crate::", "super::"] {
        for (at, _) in source.match_indices(start) {
            let path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
            let rest = &source[at..];
            paths.push(rest[..rest.find(|letter| !path(letter)).unwrap_or(rest.len())].to_owned());
        }
    }
    paths
}

/// Returns the module that `path` in module `from` refers to; for a re-exported name, the module that defines it.
fn target(from: &Module, path: &str, modules: &BTreeMap<Module, String>) -> Option<Module> {
    let mut parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
    let mut base: Vec<&str> = from.split('/').collect();
    match *parts.first()? {
        "crate" => base.clear(),
        "super" => base.truncate(base.len() - 1),
        "self" => {}
        _ => return None,
    }
    parts.remove(0);
    while parts.first() == Some(&"super") {
        parts.remove(0);
        base.pop();
    }
    let full: Vec<&str> = base.into_iter().chain(parts).collect();
    let known = (1..=full.len()).rev().find(|length| modules.contains_key(&full[..*length].join("/")))?;
    let module = full[..known].join("/");
    let re_exported_from = full.get(known).and_then(|name| re_exported_from(&module, name, modules));
    Some(re_exported_from.unwrap_or(module))
}

/// Returns the child of `module` from which it re-exports `name`.
fn re_exported_from(module: &Module, name: &str, modules: &BTreeMap<Module, String>) -> Option<Module> {
    let source = &modules[module];
    source.split(';').filter(|statement| statement.contains("pub") && statement.contains("use ")).find_map(
        |statement| {
            let mut exported = Vec::new();
            leaves("", statement.rsplit_once("use ")?.1, &mut exported);
            let path = exported.into_iter().find(|path| path.ends_with(&format!("::{name}")))?;
            let child = path.trim_start_matches("self::").split("::").next()?;
            let child = format!("{module}/{child}");
            modules.contains_key(&child).then_some(child)
        },
    )
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let modules = modules();
    let mut imports: BTreeMap<&Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, source) in &modules {
        let named = paths(source);
        let targets = named.iter().filter_map(|path| target(module, path, &modules));
        imports.insert(module, targets.filter(|target| target != module).collect());
    }
    assert!(
        imports.values().map(BTreeSet::len).sum::<usize>() > 300,
        "there are fewer imports than expected"
    );
    loop {
        let readable: Vec<&Module> = imports
            .iter()
            .filter(|(_, targets)| !targets.iter().any(|target| imports.contains_key(target)))
            .map(|(module, _)| *module)
            .collect();
        if readable.is_empty() {
            break;
        }
        imports.retain(|module, _| !readable.contains(module));
    }
    let circular: BTreeMap<&Module, Vec<&Module>> = imports
        .iter()
        .map(|(module, targets)| {
            (*module, targets.iter().filter(|target| imports.contains_key(target)).collect())
        })
        .collect();
    assert!(circular.is_empty(), "modules in a circle, or that import one: {circular:#?}");
}
