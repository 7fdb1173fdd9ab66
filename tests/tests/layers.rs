//! The layers inside the crates, read from their source: see "Inside the emulator" in ARCHITECTURE.md.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

use integration_tests::imports::Imports;

/// The crates of the workspace, by the file that is their root.
fn roots() -> Vec<PathBuf> {
    let workspace = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut folders: Vec<PathBuf> = workspace
        .join("crates")
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.extend(["xtask", "tests"].map(|name| workspace.join(name)));
    let sources = folders.iter().map(|folder| folder.join("src"));
    sources
        .flat_map(|source| ["lib.rs", "main.rs"].map(|root| source.join(root)))
        .filter(|root| root.is_file())
        .collect()
}

fn emulator() -> Imports {
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/azure-iot-emulator/src/lib.rs"
    );
    Imports::read(Path::new(source)).unwrap()
}

/// Two files may know each other; more cannot be understood one by one.
#[test]
fn no_circle_of_imports_has_more_than_two_files() {
    let mut circles = Vec::new();
    for root in roots() {
        let imports = Imports::read(&root).unwrap();
        for circle in imports.circles() {
            let files: Vec<_> = circle.iter().map(|file| file.display().to_string()).collect();
            circles.push(format!("{}: {}", root.display(), files.join(" → ")));
        }
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

/// The imports from files below `from` to files below `within` but none of `allowed`.
fn violations(imports: &Imports, from: &str, within: &str, allowed: &[&str]) -> Vec<String> {
    let is_below = |file: &Path, name: &str| {
        file.starts_with(name) || file.with_extension("").as_path() == Path::new(name)
    };
    let mut found = Vec::new();
    let mut files = 0;
    for (file, targets) in imports.files().filter(|(file, _)| is_below(file, from)) {
        files += 1;
        for target in targets {
            let is_allowed = allowed.iter().any(|name| is_below(target, name));
            if is_below(target, within) && !is_allowed {
                found.push(format!("{} imports {}", file.display(), target.display()));
            }
        }
    }
    assert!(files > 0, "no file is below {from}");
    found
}

#[test]
fn the_stores_import_nothing_above_them() {
    let imports = emulator();
    for (service, below) in [("digitaltwins", [].as_slice()), ("iothub", &[])] {
        let store = format!("{service}/store");
        let allowed = [&[store.as_str()], below].concat();
        let found = violations(&imports, &store, service, &allowed);
        assert!(found.is_empty(), "{found:#?}");
    }
}
