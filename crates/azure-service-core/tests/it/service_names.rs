//! This crate's sources do not name any service.

use std::path::Path;

/// Words that are specific to a service.
const WORDS: [&str; 7] = [
    "iothub",
    "iot hub",
    "digitaltwin",
    "digital twin",
    "azure-devices",
    "device",
    "twin",
];

fn check(folder: &Path, found: &mut Vec<String>) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += check(&path, found);
            continue;
        }
        files += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        // Tests may use recorded responses.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let line = line.to_lowercase();
            if WORDS.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    files
}

#[test]
fn sources_name_no_service() {
    let mut found = Vec::new();
    let files = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(files > 20, "the sources were not found");
    assert!(found.is_empty(), "{}", found.join("\n"));
}
