//! Coverage of the operations by the convenience crates.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use support::Scratch;
use xtask::generate::Unsupported;
use xtask::workspace::Workspace;
use xtask::{coverage, generate};

#[test]
fn every_operation_of_every_service_is_reached() {
    let all = coverage::coverage(&Workspace::here()).unwrap();
    if let Err(error) = coverage::require_all(&all) {
        panic!("{error}");
    }
    // Empty tables would pass as well.
    assert!(all.iter().all(|c| !c.reached.is_empty()), "{all:?}");
    assert!(all.iter().map(|c| c.reached.len()).sum::<usize>() > 70, "{all:?}");
}

#[test]
fn a_service_without_a_client_reaches_no_operation() {
    let scratch = Scratch::new();
    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    let all = coverage::coverage(&scratch.workspace).unwrap();
    assert_eq!(all[0].reached.len(), 0);
    assert_eq!(all[0].missing.len(), 11);
}

#[test]
fn services_may_share_a_client() {
    let scratch = Scratch::new();
    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    let services = std::fs::read_to_string(scratch.path("specs/services.toml")).unwrap();
    scratch.write(
        "specs/services.toml",
        services + "convenience = \"crates/crafts\"\n",
    );
    std::fs::create_dir_all(scratch.path("crates/crafts/src")).unwrap();
    scratch.write("crates/crafts/src/lib.rs", "fn f() { c.kilns_list() }");
    let all = coverage::coverage(&scratch.workspace).unwrap();
    assert_eq!(all[0].reached.len(), 1);
}

#[test]
fn an_operation_without_a_call_is_missing() {
    let scratch = Scratch::new();
    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    std::fs::create_dir_all(scratch.path("crates/pottery-convenience/src/kilns")).unwrap();
    scratch.write(
        "crates/pottery-convenience/src/lib.rs",
        "//! Not `kilns_get`.\nmod kilns;\nmod pictures;\n",
    );
    scratch.write(
        "crates/pottery-convenience/src/kilns/read.rs",
        "fn f() { call(|c| async move { c.kilns_list() }) }",
    );
    scratch.write(
        "crates/pottery-convenience/src/pictures.rs",
        "fn f() { g(Client::pictures_get); h.pictures_put(b) }",
    );

    let all = coverage::coverage(&scratch.workspace).unwrap();
    insta::assert_snapshot!(all[0]);
    let message = coverage::require_all(&all).unwrap_err().to_string();
    assert!(
        message.contains("pottery: kilns_get, pottery: kilns_patch"),
        "{message}"
    );
    coverage::require_all(&[]).unwrap();
}

#[test]
fn a_source_file_that_is_not_rust_is_named() {
    let scratch = Scratch::new();
    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    std::fs::create_dir_all(scratch.path("crates/pottery-convenience/src")).unwrap();
    scratch.write("crates/pottery-convenience/src/lib.rs", "fn f( {");
    let message = coverage::coverage(&scratch.workspace).unwrap_err().to_string();
    assert!(
        message.contains("pottery-convenience/src/lib.rs: not valid Rust: "),
        "{message}"
    );
}
