//! Compiles generated code in a temporary Cargo workspace, one crate per description.

use std::path::Path;
use std::process::Command;

use crate::error::{Error, read};
use crate::split::GeneratedFile;
use crate::workspace::Workspace;

/// The crates that generated code uses, besides `azure-protocol-runtime`.
const DEPENDENCIES: [&str; 4] = ["progenitor-client", "reqwest", "serde", "serde_json"];

/// The crate root. It allows all warnings, as the protocol crates do for generated code.
const LIB: &str = "#![allow(warnings)]\nmod generated;\npub use generated::*;\n";

/// Checks each set of files with the compiler; returns the first error of those that fail, by their key.
pub(super) fn compile(
    workspace: &Workspace,
    generated: Vec<(usize, Vec<GeneratedFile>)>,
) -> Result<Vec<(usize, String)>, Error> {
    if generated.is_empty() {
        return Ok(Vec::new());
    }
    let folder = tempfile::tempdir().map_err(|source| Error::Io {
        file: std::env::temp_dir(),
        source,
    })?;
    let root = folder.path();
    write(&root.join("Cargo.toml"), &manifest(workspace)?)?;
    // With the workspace's versions, the dependencies are compiled only once.
    write(&root.join("Cargo.lock"), &read(&workspace.path("Cargo.lock"))?)?;
    let mut keys = Vec::new();
    for (key, files) in generated {
        let package = root.join(format!("corpus-{key}"));
        write(&package.join("Cargo.toml"), &package_manifest(key))?;
        write(&package.join("src/lib.rs"), LIB)?;
        for file in files {
            write(&package.join("src/generated").join(file.name), &file.text)?;
        }
        keys.push(key);
    }
    let messages = check(workspace, root)?;
    let failed = keys.into_iter().filter_map(|key| {
        let name = format!("could not compile `corpus-{key}` ");
        messages
            .contains(&name)
            .then(|| (key, first_error(&messages, key)))
    });
    let failed: Vec<_> = failed.collect();
    // An error without a failed package is one of Cargo itself.
    if failed.is_empty() && messages.contains("\nerror: ") {
        return Err(step(&messages));
    }
    Ok(failed)
}

fn step(reason: &str) -> Error {
    Error::Step {
        step: "corpus --compile".to_owned(),
        reason: reason.to_owned(),
    }
}

fn check(workspace: &Workspace, root: &Path) -> Result<String, Error> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["check", "--offline", "--keep-going", "--quiet"])
        .current_dir(root);
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        command.env("CARGO_TARGET_DIR", workspace.path("target"));
    }
    let output = command.output().map_err(|e| step(&e.to_string()))?;
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() && !messages.contains("could not compile `corpus-") {
        return Err(step(&messages));
    }
    Ok(messages)
}

/// Returns the first error that the compiler located in the given package.
fn first_error(messages: &str, key: usize) -> String {
    let place = format!("--> corpus-{key}/src/");
    let mut error = "";
    for line in messages.lines() {
        if line.starts_with("error") {
            error = line;
        } else if let Some((_, at)) = line.split_once(&place)
            && !error.is_empty()
        {
            return format!("{error} at {at}");
        }
    }
    "the compiler gave no location".to_owned()
}

fn manifest(workspace: &Workspace) -> Result<String, Error> {
    let file = workspace.path("Cargo.toml");
    let fail = |reason: String| Error::Toml {
        file: file.clone(),
        reason,
    };
    let table: toml::Table = read(&file)?
        .parse()
        .map_err(|e: toml::de::Error| fail(e.to_string()))?;
    let all = table.get("workspace").and_then(|w| w.get("dependencies"));
    let mut dependencies = toml::Table::new();
    for name in DEPENDENCIES {
        let dependency = all
            .and_then(|all| all.get(name))
            .ok_or_else(|| fail(format!("workspace.dependencies has no {name}")))?;
        dependencies.insert(name.to_owned(), dependency.clone());
    }
    let path = workspace.path("crates/azure-protocol-runtime");
    let runtime = toml::Table::from_iter([("path".to_owned(), path.display().to_string().into())]);
    dependencies.insert("azure-protocol-runtime".to_owned(), runtime.into());
    let members = toml::Value::Array(vec!["corpus-*".into()]);
    let workspace = toml::Table::from_iter([
        ("resolver".to_owned(), "3".into()),
        ("members".to_owned(), members),
        ("dependencies".to_owned(), dependencies.into()),
    ]);
    Ok(toml::Table::from_iter([("workspace".to_owned(), workspace.into())]).to_string())
}

fn package_manifest(key: usize) -> String {
    let dependencies = DEPENDENCIES.iter().chain(&["azure-protocol-runtime"]);
    let lines: String = dependencies
        .map(|name| format!("{name}.workspace = true\n"))
        .collect();
    format!(
        "[package]\nname = \"corpus-{key}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n{lines}"
    )
}

fn write(file: &Path, text: &str) -> Result<(), Error> {
    let fail = |source| Error::Io {
        file: file.to_owned(),
        source,
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(fail)?;
    }
    std::fs::write(file, text).map_err(fail)
}
