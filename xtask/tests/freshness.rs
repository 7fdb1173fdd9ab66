//! Committed generated code is what the descriptions give, and staleness is found and mended.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use support::Scratch;
use xtask::generate;
use xtask::workspace::Workspace;

#[test]
fn the_committed_crates_are_fresh() {
    if let Err(error) = generate::check(&Workspace::here()) {
        panic!("{error}");
    }
}

#[test]
fn no_generated_path_is_built_without_a_guard() {
    let workspace = Workspace::here();
    for service in workspace.services().unwrap() {
        let folder = workspace.path(&service.krate).join("src/generated");
        let client = std::fs::read_to_string(folder.join("client.rs")).unwrap();
        let table = std::fs::read_to_string(folder.join("operations.rs")).unwrap();
        assert!(!client.contains("encode_path"), "{}", service.name);
        assert!(!client.contains("\"api-version\""), "{}", service.name);
        // One guard for each placeholder in the paths of the table.
        let placeholders: usize = table
            .lines()
            .filter(|l| l.trim_start().starts_with("path:"))
            .map(|l| l.matches('{').count())
            .sum();
        assert_eq!(
            client.matches("path_segment::<").count(),
            placeholders,
            "{}",
            service.name
        );
        assert!(placeholders > 20, "{placeholders}");
    }
}

#[test]
fn stale_missing_and_superfluous_files_are_named_with_the_command_that_mends_them() {
    let scratch = Scratch::new();
    let written = generate::write(&scratch.workspace).unwrap();
    assert_eq!(written.len(), 4);
    generate::check(&scratch.workspace).unwrap();
    assert_eq!(
        generate::write(&scratch.workspace).unwrap(),
        Vec::<std::path::PathBuf>::new()
    );

    let generated = "crates/pottery-protocol/src/generated";
    scratch.write(&format!("{generated}/types.rs"), "edited by hand");
    scratch.write(&format!("{generated}/old.rs"), "from an older version");
    std::fs::remove_file(scratch.path(&format!("{generated}/mod.rs"))).unwrap();
    let before = scratch.everything();
    let said = generate::check(&scratch.workspace).unwrap_err().to_string();
    assert!(said.contains("run `cargo xtask generate`"), "{said}");
    for file in ["types.rs", "old.rs", "mod.rs"] {
        assert!(said.contains(&format!("{generated}/{file}")), "{said}");
    }
    assert!(!said.contains("client.rs"), "{said}");
    assert_eq!(scratch.everything(), before, "a check writes nothing");

    assert_eq!(generate::write(&scratch.workspace).unwrap().len(), 3);
    generate::check(&scratch.workspace).unwrap();
    assert!(!scratch.path(&format!("{generated}/old.rs")).exists());
}

#[test]
fn a_file_that_cannot_be_replaced_leaves_all_as_they_were() {
    let scratch = Scratch::new();
    generate::write(&scratch.workspace).unwrap();
    let generated = "crates/pottery-protocol/src/generated";
    // A folder in the place of a file: the last one to be written cannot be.
    scratch.write(&format!("{generated}/types.rs"), "edited by hand");
    std::fs::remove_file(scratch.path(&format!("{generated}/operations.rs"))).unwrap();
    std::fs::create_dir(scratch.path(&format!("{generated}/operations.rs"))).unwrap();
    let before = scratch.everything();
    let said = generate::write(&scratch.workspace).unwrap_err().to_string();
    assert!(said.contains("operations.rs"), "{said}");
    assert_eq!(scratch.everything(), before);
}

#[test]
fn the_version_of_the_description_is_the_one_that_was_asked_for() {
    let scratch = Scratch::new();
    let services = std::fs::read_to_string(scratch.path("specs/services.toml")).unwrap();
    scratch.write(
        "specs/services.toml",
        services.replace("version = \"2030-01-01\"", "version = \"2031-01-01\""),
    );
    let said = generate::check(&scratch.workspace).unwrap_err().to_string();
    assert!(
        said.contains("[pottery] says 2031-01-01, its description is of 2030-01-01"),
        "{said}"
    );
}
