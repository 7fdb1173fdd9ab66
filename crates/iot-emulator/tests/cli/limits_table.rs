//! The table of limits in `docs/emulator.md`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_limit_in_the_manual_has_a_test() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let manual = std::fs::read_to_string(crates.join("../docs/emulator.md")).unwrap();
    let (_, limits) = manual
        .split_once("\n## Limits\n")
        .expect("the manual has the section");
    let limits = limits.split("\n## ").next().unwrap();
    let rows: Vec<&str> = limits
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .collect();
    assert!(rows.len() > 10, "{rows:?}");
    let mut files = Vec::new();
    for name in ["azure-iot-emulator", "iot-emulator"] {
        sources(&crates.join(name), &mut files);
    }
    let tests: BTreeSet<String> = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .flat_map(|text| {
            let names = text
                .split("fn ")
                .skip(1)
                .filter_map(|rest| rest.split('(').next());
            names.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    for row in rows {
        let cell = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test: {row}");
        for name in named {
            assert!(tests.contains(name), "the test {name} does not exist: {row}");
        }
    }
}
