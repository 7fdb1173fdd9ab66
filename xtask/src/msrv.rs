//! Checks the minimum supported Rust version.

use crate::error::{Error, read};
use crate::metadata::Metadata;
use crate::workspace::Workspace;

/// Checks that Cargo.toml, rust-toolchain.toml and the running compiler have the same version, and that no dependency
/// needs a newer one. `rustc` is the output of `rustc -V`.
///
/// # Errors
/// [`Error::Step`] with the versions that differ.
pub fn check(workspace: &Workspace, metadata: &Metadata, rustc: &str) -> Result<String, Error> {
    let fail = |reason: String| Error::Step {
        step: "msrv".to_owned(),
        reason,
    };
    let toml = |name: &str| -> Result<toml::Table, Error> {
        let file = workspace.path(name);
        read(&file)?.parse().map_err(|e: toml::de::Error| Error::Toml {
            file,
            reason: e.to_string(),
        })
    };
    let cargo = toml("Cargo.toml")?;
    let stated = cargo
        .get("workspace")
        .and_then(|w| w.get("package")?.get("rust-version")?.as_str())
        .ok_or_else(|| fail("Cargo.toml has no workspace.package.rust-version".to_owned()))?;
    let toolchain = toml("rust-toolchain.toml")?;
    let channel = toolchain
        .get("toolchain")
        .and_then(|t| t.get("channel")?.as_str())
        .ok_or_else(|| fail("rust-toolchain.toml has no toolchain.channel".to_owned()))?;
    let msrv = minor(stated);
    if minor(channel) != msrv {
        return Err(fail(format!(
            "rust-toolchain.toml has {channel}, Cargo.toml {stated}; they must be equal"
        )));
    }
    let running = rustc.split_whitespace().nth(1).unwrap_or_default();
    if minor(running) != msrv {
        return Err(fail(format!(
            "the compiler is {running}, but Cargo.toml has {stated}; run the toolchain of rust-toolchain.toml"
        )));
    }
    let newer: Vec<_> = metadata
        .packages
        .iter()
        .filter_map(|package| {
            let needs = package.rust_version.as_deref()?;
            (minor(needs) > msrv).then(|| format!("{} needs {needs}", package.name))
        })
        .collect();
    if newer.is_empty() {
        Ok(stated.to_owned())
    } else {
        Err(fail(format!(
            "dependencies need a newer Rust than {stated}: {}; raise rust-version, or select older versions of them",
            newer.join(", ")
        )))
    }
}

/// Returns the major and minor number.
fn minor(version: &str) -> (u64, u64) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or_default());
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workspace(channel: &str) -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "Cargo.toml",
            "[workspace.package]\nrust-version = \"1.95\"\n".to_owned(),
        );
        write(
            "rust-toolchain.toml",
            format!("[toolchain]\nchannel = \"{channel}\"\n"),
        );
        let workspace = Workspace::at(folder.path());
        (folder, workspace)
    }

    #[test]
    fn cargo_toml_toolchain_compiler_and_dependencies_must_agree() {
        let dependency = |needs: &str| -> Metadata {
            let a = json!({ "name": "a", "rust_version": needs, "targets": [], "features": {} });
            let b = json!({ "name": "b", "rust_version": null, "targets": [], "features": {} });
            serde_json::from_value(json!({ "packages": [a, b] })).unwrap()
        };
        let (_folder, agreeing) = workspace("1.95.0");
        assert_eq!(
            check(&agreeing, &dependency("1.95"), "rustc 1.95.0 (x)").unwrap(),
            "1.95"
        );
        let message = check(&agreeing, &dependency("1.96"), "rustc 1.95.0 (x)")
            .unwrap_err()
            .to_string();
        assert!(message.contains("a needs 1.96"), "{message}");
        let message = check(&agreeing, &dependency("1.0"), "rustc 1.96.0 (x)")
            .unwrap_err()
            .to_string();
        assert!(message.contains("the compiler is 1.96.0"), "{message}");
        let (_folder, other) = workspace("1.94.0");
        let message = check(&other, &dependency("1.0"), "rustc 1.95.0 (x)")
            .unwrap_err()
            .to_string();
        assert!(message.contains("rust-toolchain.toml has 1.94.0"), "{message}");
    }
}
