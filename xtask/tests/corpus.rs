//! The report on a folder of descriptions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::json;
use support::{Scratch, pottery};
use xtask::corpus::corpus;
use xtask::generate::Unsupported;

#[test]
fn every_description_is_a_row_and_skipped_operations_are_lines() {
    let scratch = Scratch::new();
    let folder = scratch.path("published");
    std::fs::create_dir_all(folder.join("examples")).unwrap();
    let mut skips = pottery();
    skips["paths"]["/query"]["post"]["consumes"] = json!(["application/xml"]);
    scratch.write("published/a.json", skips.to_string());
    scratch.write("published/b.json", "{");
    scratch.write(
        "published/common.json",
        json!({ "swagger": "2.0", "paths": {} }).to_string(),
    );
    scratch.write("published/examples/a.json", pottery().to_string());
    let result = corpus(&scratch.workspace, &folder, false, Unsupported::Skip).unwrap();
    let report = result.to_string().replace(&format!("{}/", folder.display()), "");
    let lines: Vec<_> = report.lines().map(str::trim).collect();
    assert_eq!(lines.len(), 5, "{report}");
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["ok", "11", "1", "a.json"]
    );
    assert!(
        lines[1].starts_with("Query_Ask (POST /query): a.json#/paths/~1query/post/consumes/0: "),
        "{report}"
    );
    assert!(
        lines[2].starts_with("refused") && lines[3].starts_with("b.json: not valid JSON"),
        "{report}"
    );
    assert_eq!(
        lines[4],
        "1 generate, 1 of 11 operations skipped (2 descriptions)"
    );
    let strict = corpus(&scratch.workspace, &folder, false, Unsupported::Refuse).unwrap();
    assert_eq!(strict.generated(), 0);
}
