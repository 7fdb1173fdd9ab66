//! Listings of a crate's public API, read from its source.
//!
//! One line per item, field, variant, method and trait implementation, under the path by which users reach it. A
//! re-export is followed to its definition, also in private modules. Signatures are as written in the source. Each
//! invocation of a macro for items or methods is listed as its tokens, also in private modules, because it may declare
//! public items or implement public types. A listing shows neither the expansion of a macro (other than the traits of a
//! `derive`) nor auto traits such as `Send`.

mod crate_source;
mod error;
mod render;
mod resolve;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use self::crate_source::CrateSource;
pub use self::error::Error;
use self::resolve::Resolver;

/// Lists the public API of the crate with this root file, such as `src/lib.rs`, sorted by path.
///
/// # Errors
/// If a file cannot be read or parsed, or a public re-export has no definition in the source.
pub fn list(crate_name: &str, root: &Path) -> Result<String, Error> {
    let source = CrateSource::read(crate_name, root)?;
    let prefix = format!("{}::", source.root.join("::"));
    let lines = Resolver::new(&source).public_items()?.lines();
    let sorted: BTreeSet<_> = lines
        .into_iter()
        .map(|line| (public_path(&line, &prefix).to_owned(), line))
        .collect();
    Ok(sorted.into_iter().map(|(_, line)| line + "\n").collect())
}

/// Returns the path of the item that a line describes, as a sort key that keeps the lines of a type together.
fn public_path<'a>(line: &'a str, prefix: &str) -> &'a str {
    let path = line.find(prefix).map_or(line, |start| &line[start..]);
    let end = path.find(|character: char| !character.is_alphanumeric() && !"_:".contains(character));
    let path = &path[..end.unwrap_or(path.len())];
    path.trim_end_matches(':')
}

/// Returns the lines that only one of two sorted listings has, with `-` before those of the first and `+` before those
/// of the second; empty if they are equal.
pub fn difference(committed: &str, current: &str) -> String {
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (committed.lines().collect(), current.lines().collect());
    let mut difference = String::new();
    for line in old.symmetric_difference(&new) {
        let sign = if old.contains(line) { '-' } else { '+' };
        // Writing to a string cannot fail.
        let _ = writeln!(difference, "{sign} {line}");
    }
    difference
}
