//! The dependency arrows of ARCHITECTURE.md, compared with `cargo metadata`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::collections::BTreeSet;

/// The normal dependencies that each crate of the workspace may have, besides protocol crates and the tests, whose rules are
/// in [`allowed`].
const ALLOWED: &[(&str, &[&str])] = &[
    ("azure-protocol-runtime", &[]),
    ("azure-service-core", &["azure-protocol-runtime"]),
    ("twin-query", &[]),
    ("dtdl", &[]),
    (
        "digitaltwins-convenience",
        &[
            "digitaltwins-protocol",
            "azure-protocol-runtime",
            "azure-service-core",
            "twin-query",
            "dtdl",
        ],
    ),
    (
        "iothub-convenience",
        &[
            "iothub-protocol",
            "azure-protocol-runtime",
            "azure-service-core",
            "twin-query",
        ],
    ),
    (
        "provisioning-convenience",
        &[
            "provisioning-protocol",
            "provisioning-device-protocol",
            "azure-protocol-runtime",
            "azure-service-core",
        ],
    ),
    ("azure-iot-emulator", &["twin-query", "dtdl"]),
    ("iot-emulator", &["azure-iot-emulator"]),
    ("xtask", &[]),
];

/// Returns whether crate `from` may have the normal dependency `to`. A new protocol crate needs no entry.
fn allowed(from: &str, to: &str) -> bool {
    if from.ends_with("-protocol") {
        return to == "azure-protocol-runtime";
    }
    if from == "integration-tests" {
        return !matches!(to, "xtask" | "iot-emulator");
    }
    let row = ALLOWED.iter().find(|(name, _)| *name == from);
    let (_, allowed) = row.unwrap_or_else(|| panic!("{from} is not in ALLOWED"));
    allowed.contains(&to)
}

/// External crates that must not be reachable from a crate by normal dependencies, given these cargo options. Those of protocol
/// crates are in [`UNREACHABLE_BY_PROTOCOLS`].
const UNREACHABLE: &[(&str, &[&str], &[&str])] = &[
    (
        "azure-protocol-runtime",
        &[],
        &["azure_core", "rustls", "native-tls"],
    ),
    ("dtdl", &[], &["tokio", "reqwest"]),
    ("twin-query", &[], &["tokio", "reqwest", "serde_json"]),
    (
        "azure-iot-emulator",
        &[],
        &["azure_core", "progenitor-client", "clap", "tracing-subscriber"],
    ),
    (
        "digitaltwins-convenience",
        &[],
        &["native-tls", "openssl", "axum"],
    ),
    (
        "digitaltwins-convenience",
        &["--no-default-features"],
        &["rustls"],
    ),
    ("iothub-convenience", &[], &["native-tls", "openssl", "axum"]),
    (
        "provisioning-convenience",
        &[],
        &["native-tls", "openssl", "twin-query", "dtdl"],
    ),
    (
        "provisioning-convenience",
        &["--no-default-features"],
        &["rustls"],
    ),
    (
        "iothub-convenience",
        &["--no-default-features"],
        &["rustls", "fe2o3-amqp"],
    ),
    (
        "iothub-convenience",
        &["--no-default-features", "--features", "rustls"],
        &["fe2o3-amqp", "tokio-tungstenite"],
    ),
];

/// External crates that no protocol crate reaches.
const UNREACHABLE_BY_PROTOCOLS: &[&str] = &["azure_core", "rustls", "native-tls"];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        // Resolving external dependencies would need the crates of every platform.
        .no_deps()
        .exec()
        .expect("cargo metadata")
}

#[test]
fn normal_dependencies_follow_the_arrows() {
    let metadata = metadata();
    let members: BTreeSet<String> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    for (name, _) in ALLOWED {
        assert!(members.contains(*name), "{name} in ALLOWED is not a member");
    }
    for package in metadata.workspace_packages() {
        // Panics if the crate has no rule.
        allowed(&package.name, "");
        for dependency in &package.dependencies {
            let inside = members.contains(dependency.name.as_str());
            if inside && dependency.kind != DependencyKind::Development {
                assert!(
                    allowed(&package.name, &dependency.name),
                    "{} must not depend on {}",
                    package.name,
                    dependency.name
                );
            }
            if inside {
                assert_ne!(
                    dependency.name, "xtask",
                    "{} must not depend on xtask",
                    package.name
                );
            }
        }
    }
}

#[test]
fn the_emulator_depends_on_no_client_even_in_its_tests() {
    for package in metadata().workspace_packages() {
        if matches!(package.name.as_str(), "azure-iot-emulator" | "iot-emulator") {
            for dependency in &package.dependencies {
                let name = dependency.name.as_str();
                assert!(
                    !name.ends_with("-convenience") && !name.ends_with("-protocol"),
                    "{name}"
                );
                assert_ne!(name, "azure-service-core");
            }
        }
    }
}

#[test]
fn unreachable_crates_are_not_dependencies() {
    // `cargo tree` resolves features for one package, as a user's build does; `cargo metadata` unifies them over the workspace.
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let protocols = packages
        .iter()
        .map(|package| package.name.as_str())
        .filter(|name| name.ends_with("-protocol"))
        .map(|name| (name, &[][..], UNREACHABLE_BY_PROTOCOLS));
    for (from, features, forbidden) in UNREACHABLE.iter().copied().chain(protocols) {
        let output = std::process::Command::new(env!("CARGO"))
            .args([
                "tree",
                "--offline",
                "--locked",
                "--edges",
                "normal",
                "--prefix",
                "none",
                "--format",
                "{p}",
            ])
            .args(["--package", from])
            .args(features)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .output()
            .expect("cargo tree");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let tree = String::from_utf8_lossy(&output.stdout).into_owned();
        let reached: BTreeSet<&str> = tree
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert!(reached.contains(from), "cargo tree printed no tree for {from}");
        for name in forbidden {
            assert!(!reached.contains(name), "{from} reaches {name}");
        }
    }
}

/// Paths in ARCHITECTURE.md exist, so the document stays correct when files move. In a table column whose heading is a
/// folder, paths are relative to it; elsewhere to the repository or to the source of the emulator.
#[test]
fn paths_in_architecture_exist() {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut named = 0;
    let mut heading: Vec<&str> = Vec::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').collect();
        if cells.len() == 1 {
            heading.clear();
        } else if heading.is_empty() {
            heading = cells;
            continue;
        }
        for (column, cell) in cells.iter().enumerate() {
            let folder = heading.get(column).and_then(|cell| code_spans(cell).next());
            for path in code_spans(cell) {
                let is_path = path.ends_with(".rs") || folder.is_some();
                if !is_path || path.contains(['<', ' ', '*']) {
                    continue;
                }
                named += 1;
                let candidates = [folder.unwrap_or_default(), "", "crates/azure-iot-emulator/src"];
                assert!(
                    candidates.iter().any(|base| root.join(base).join(path).exists()),
                    "{path} does not exist, named in: {line}"
                );
            }
        }
    }
    assert!(named > 100, "ARCHITECTURE.md names only {named} paths");
}

/// Returns the code spans of a line.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}
