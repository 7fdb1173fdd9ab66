//! Freshness of the committed generated code, and detection and repair of stale files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use support::Scratch;
use xtask::generate::{self, Unsupported};
use xtask::workspace::Workspace;

#[test]
fn committed_generated_code_is_fresh() {
    if let Err(error) = generate::check(&Workspace::here(), Unsupported::Refuse) {
        panic!("{error}");
    }
}

#[test]
fn every_generated_path_parameter_is_guarded() {
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
        assert!(placeholders > 0, "{}", service.name);
    }
}

#[test]
fn stale_missing_and_superfluous_files_are_reported_and_repaired() {
    let scratch = Scratch::new();
    let written = generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    assert_eq!(written.changed.len(), 4);
    generate::check(&scratch.workspace, Unsupported::Refuse).unwrap();
    assert_eq!(
        generate::write(&scratch.workspace, Unsupported::Refuse)
            .unwrap()
            .changed,
        Vec::<std::path::PathBuf>::new()
    );

    let generated = "crates/pottery-protocol/src/generated";
    scratch.write(&format!("{generated}/types.rs"), "edited by hand");
    scratch.write(&format!("{generated}/old.rs"), "from an older version");
    std::fs::remove_file(scratch.path(&format!("{generated}/mod.rs"))).unwrap();
    let before = scratch.everything();
    let message = generate::check(&scratch.workspace, Unsupported::Refuse)
        .unwrap_err()
        .to_string();
    assert!(message.contains("run `cargo xtask generate`"), "{message}");
    for file in ["types.rs", "old.rs", "mod.rs"] {
        assert!(message.contains(&format!("{generated}/{file}")), "{message}");
    }
    assert!(!message.contains("client.rs"), "{message}");
    assert_eq!(scratch.everything(), before, "a check writes nothing");

    assert_eq!(
        generate::write(&scratch.workspace, Unsupported::Refuse)
            .unwrap()
            .changed
            .len(),
        3
    );
    generate::check(&scratch.workspace, Unsupported::Refuse).unwrap();
    assert!(!scratch.path(&format!("{generated}/old.rs")).exists());
}

#[test]
fn a_failed_replacement_leaves_every_file_unchanged() {
    let scratch = Scratch::new();
    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    let generated = "crates/pottery-protocol/src/generated";
    // A folder in place of the last file makes the replacement fail.
    scratch.write(&format!("{generated}/types.rs"), "edited by hand");
    std::fs::remove_file(scratch.path(&format!("{generated}/operations.rs"))).unwrap();
    std::fs::create_dir(scratch.path(&format!("{generated}/operations.rs"))).unwrap();
    let before = scratch.everything();
    let message = generate::write(&scratch.workspace, Unsupported::Refuse)
        .unwrap_err()
        .to_string();
    assert!(message.contains("operations.rs"), "{message}");
    assert_eq!(scratch.everything(), before);
}

#[test]
fn a_version_mismatch_with_services_toml_is_refused() {
    let scratch = Scratch::new();
    let services = std::fs::read_to_string(scratch.path("specs/services.toml")).unwrap();
    scratch.write(
        "specs/services.toml",
        services.replace("version = \"2030-01-01\"", "version = \"2031-01-01\""),
    );
    let message = generate::check(&scratch.workspace, Unsupported::Refuse)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("[pottery] has version 2031-01-01, but pottery/2030-01-01.json has 2030-01-01"),
        "{message}"
    );
}

#[test]
fn the_versions_that_clients_may_send_are_generated() {
    let scratch = Scratch::new();
    let services = std::fs::read_to_string(scratch.path("specs/services.toml")).unwrap();
    let version = "version = \"2030-01-01\"\n";
    let with = |more: &str| services.replace(version, &format!("{version}{more}\n"));
    let generated = |name: &str| {
        let file = format!("crates/pottery-protocol/src/generated/{name}");
        std::fs::read_to_string(scratch.path(&file)).unwrap()
    };

    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    let constants = generated("operations.rs");
    assert!(
        constants.contains("API_VERSION: &str = \"2030-01-01\";"),
        "{constants}"
    );
    assert!(
        constants.contains("API_VERSIONS: &[&str] = &[\"2030-01-01\"];"),
        "{constants}"
    );

    let more = "versions = [\"2028-05-06\", \"2030-01-01\"]\ndefault_version = \"2028-05-06\"";
    scratch.write("specs/services.toml", with(more));
    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    let constants = generated("operations.rs");
    assert!(
        constants.contains("API_VERSION: &str = \"2028-05-06\";"),
        "{constants}"
    );
    assert!(
        constants.contains("API_VERSIONS: &[&str] = &[\"2028-05-06\", \"2030-01-01\"];"),
        "{constants}"
    );
    let client = generated("client.rs");
    assert!(client.contains("pub fn with_api_version("), "{client}");

    for (more, reason) in [
        (
            "versions = [\"2028-05-06\"]",
            "[pottery] `versions` lacks 2030-01-01, the value of `version`",
        ),
        (
            "default_version = \"2028-05-06\"",
            "[pottery] `versions` lacks 2028-05-06, the value of `default_version`",
        ),
    ] {
        scratch.write("specs/services.toml", with(more));
        let message = generate::check(&scratch.workspace, Unsupported::Refuse)
            .unwrap_err()
            .to_string();
        assert!(message.contains(reason), "{message}");
    }
}
