//! Builds the fuzz targets.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::{Options, step};
use crate::error::{Error, read};
use crate::workspace::Workspace;

/// The instrumentation of libFuzzer, as `cargo fuzz --sanitizer none` requests it.
const FLAGS: &[&str] = &[
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// A target that can be run.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) name: String,
    pub(super) executable: PathBuf,
    /// The folder for the corpora and findings of all targets.
    pub(super) folder: PathBuf,
}

/// The part of `fuzz/Cargo.toml` that lists the targets.
#[derive(Deserialize)]
struct Manifest {
    bin: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// A message of `cargo build`.
#[derive(Deserialize)]
struct Message {
    target: Option<Target>,
    executable: Option<PathBuf>,
}

/// Returns the names of all targets.
fn names(workspace: &Workspace) -> Result<Vec<String>, Error> {
    let file = workspace.path("fuzz/Cargo.toml");
    let manifest: Manifest = toml::from_str(&read(&file)?).map_err(|error| Error::Toml {
        file,
        reason: error.to_string(),
    })?;
    Ok(manifest.bin.into_iter().map(|target| target.name).collect())
}

/// Returns the flags of the compiler.
fn flags(sanitizer: Option<&str>) -> String {
    let sanitizer = sanitizer.map(|name| format!("-Zsanitizer={name}"));
    let flags = FLAGS.iter().copied().chain(sanitizer.as_deref());
    flags.collect::<Vec<_>>().join("\u{1f}")
}

/// Builds the selected targets, or all.
pub(super) fn build(workspace: &Workspace, options: &Options) -> Result<Vec<Built>, Error> {
    let (names, selected) = (names(workspace)?, &options.targets);
    if let Some(unknown) = selected.iter().find(|name| !names.contains(name)) {
        let known = names.join(", ");
        return Err(step(format!(
            "there is no target `{unknown}`; the targets are {known}"
        )));
    }
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command
        .args([
            "build",
            "--quiet",
            "--locked",
            "--message-format",
            "json-render-diagnostics",
        ])
        .args(["--target", &host()?])
        .arg("--manifest-path")
        .arg(workspace.path("fuzz/Cargo.toml"))
        .env("CARGO_TARGET_DIR", target_folder(workspace))
        .env("CARGO_ENCODED_RUSTFLAGS", flags(options.sanitizer.as_deref()))
        .env_remove("RUSTFLAGS")
        .stderr(Stdio::inherit());
    for name in selected {
        command.args(["--bin", name]);
    }
    let output = command.output().map_err(|error| step(error.to_string()))?;
    if !output.status.success() {
        return Err(step(format!("the targets could not be built: {}", output.status)));
    }
    let folder = target_folder(workspace).join("fuzz");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = lines
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let built = messages.filter_map(|message| {
        let target = message.target?;
        Some(Built {
            executable: message.executable?,
            folder: folder.clone(),
            name: target.name,
        })
    });
    Ok(built.collect())
}

/// Returns the folder that this workspace builds in. With `--target`, the fuzz targets have a folder of their own in it.
fn target_folder(workspace: &Workspace) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.path("target"), PathBuf::from)
}

/// Returns the target triple of this machine. Instrumentation is limited to crates for it, so that build scripts and macros
/// are not instrumented.
fn host() -> Result<String, Error> {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.map_err(|error| step(format!("`rustc -vV`: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| step("`rustc -vV` names no host".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_file_and_seeds() {
        let workspace = Workspace::here();
        let names = names(&workspace).unwrap();
        assert!(names.len() >= 12, "{names:?}");
        for name in &names {
            let source = workspace.path("fuzz/targets").join(format!("{name}.rs"));
            assert!(source.is_file(), "{}", source.display());
            let seeds = workspace.path("fuzz/seeds").join(name);
            let seeds = std::fs::read_dir(&seeds).map(Iterator::count);
            assert!(seeds.is_ok_and(|count| count > 0), "{name} has no seeds");
        }
    }

    #[test]
    fn an_unknown_target_is_refused_with_the_known_ones() {
        let options = Options {
            seconds: 1,
            jobs: 1,
            targets: vec!["nonsense".to_owned()],
            sanitizer: None,
            seed: None,
        };
        let error = build(&Workspace::here(), &options).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("there is no target `nonsense`; the targets are "),
            "{text}"
        );
    }
}
