//! All checks that must pass before a change is merged.

use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::error::{Error, read};
use crate::workspace::Workspace;
use crate::{coverage, generate, msrv, readme};

/// The variables that point tests and examples to a real service, where they would write and delete.
const REAL_SERVICES: [&str; 8] = [
    "IOTHUB_CONNECTION_STRING",
    "IOTHUB_BLOB_CONTAINER",
    "IOTHUB_ENTRA",
    "DIGITALTWINS_ENDPOINT",
    "DIGITALTWINS_ERASE",
    "DIGITALTWINS_ROUTE_ENDPOINT",
    "IMPORT_INPUT_BLOB",
    "IMPORT_OUTPUT_BLOB",
];

/// Runs all steps and stops at the first that fails.
///
/// # Errors
/// [`Error::Step`], or as [`generate::check`] and [`coverage::coverage`].
pub fn run(workspace: &Workspace) -> Result<(), Error> {
    let commands = readme::commands(&read(&workspace.path("README.md"))?)?;
    let ci = Ci { workspace };
    ci.step("fmt", || ci.cargo("fmt", &["fmt", "--all", "--check"]))?;
    ci.step("generate --check", || {
        let start = Instant::now();
        generate::check(workspace)?;
        if start.elapsed() > generate::SLOW {
            say(&format!(
                "warning: generation took more than {:?}",
                generate::SLOW
            ));
        }
        Ok(())
    })?;
    ci.step("coverage", || {
        coverage::require_all(&coverage::coverage(workspace)?)
    })?;
    ci.step("clippy", || {
        ci.cargo(
            "clippy",
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ],
        )
    })?;
    let members = ci.metadata(&["--no-deps"])?;
    for (package, feature) in feature_sets(&members) {
        let step = match &feature {
            Some(feature) => format!("features {package}: only {feature}"),
            None => format!("features {package}: none"),
        };
        ci.step(&step, || {
            let mut arguments = vec![
                "check",
                "--locked",
                "--package",
                &package,
                "--no-default-features",
            ];
            arguments.extend(feature.iter().flat_map(|feature| ["--features", feature]));
            ci.cargo(&step, &arguments)
        })?;
    }
    ci.step("test", || ci.run_cargo("test", &commands.test, &[]))?;
    ci.step("doc", || {
        let command_line = ["cargo", "doc", "--workspace", "--no-deps", "--locked"].map(str::to_owned);
        ci.run_cargo("doc", &command_line, &[("RUSTDOCFLAGS", "-D warnings")])
    })?;
    for example in &examples(&members) {
        let step = format!("example {}", example.name);
        ci.step(&step, || {
            let mut command_line: Vec<_> = ["cargo", "run", "--quiet", "--locked", "--package"]
                .map(str::to_owned)
                .to_vec();
            command_line.extend([
                example.package.clone(),
                "--example".to_owned(),
                example.name.clone(),
            ]);
            if !example.features.is_empty() {
                command_line.extend(["--features".to_owned(), example.features.join(",")]);
            }
            ci.run_cargo(&step, &command_line, &[])
        })?;
    }
    ci.step("conformance on the emulator", || {
        let program = ["run", "--quiet", "--locked", "--package", "integration-tests"];
        let words = [&program[..], &["--bin", "conformance-live", "--", "--dry-run"]].concat();
        ci.cargo("conformance on the emulator", &words)
    })?;
    ci.step("soak", || soak(workspace, "dev", &[]))?;
    ci.step("msrv", || {
        let rustc = ci.output("msrv", "rustc", &["-V"])?;
        msrv::check(workspace, &ci.metadata(&["--locked"])?, &rustc).map(drop)
    })?;
    if ci.has("cargo-deny") {
        ci.step("deny", || ci.cargo("deny", &["deny", "--all-features", "check"]))?;
    } else {
        say("== deny: skipped, cargo-deny is not installed");
    }
    Ok(())
}

/// Runs the emulator's soak test, built with the given cargo profile.
///
/// # Errors
/// [`Error::Step`] if it fails.
pub fn soak(workspace: &Workspace, profile: &str, arguments: &[String]) -> Result<(), Error> {
    let mut words = vec!["bench", "--quiet", "--locked", "--package", "azure-iot-emulator"];
    words.extend(["--bench", "soak", "--profile", profile, "--"]);
    words.extend(arguments.iter().map(String::as_str));
    Ci { workspace }.cargo("soak", &words)
}

#[allow(clippy::print_stdout, reason = "this is the output of a command")]
fn say(line: &str) {
    println!("{line}");
}

struct Ci<'a> {
    workspace: &'a Workspace,
}

impl Ci<'_> {
    fn step(&self, name: &str, run: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        say(&format!("== {name}"));
        let start = Instant::now();
        run()?;
        say(&format!("== {name}: ok, {:.1} s", start.elapsed().as_secs_f64()));
        Ok(())
    }

    fn cargo(&self, step: &str, arguments: &[&str]) -> Result<(), Error> {
        let command_line: Vec<_> = std::iter::once("cargo")
            .chain(arguments.iter().copied())
            .map(str::to_owned)
            .collect();
        self.run_cargo(step, &command_line, &[])
    }

    /// Runs a command line whose first word is `cargo`.
    fn run_cargo(
        &self,
        step: &str,
        command_line: &[String],
        variables: &[(&str, &str)],
    ) -> Result<(), Error> {
        let fail = |reason: String| Error::Step {
            step: step.to_owned(),
            reason,
        };
        let status = command(&cargo())
            .args(command_line.iter().skip(1))
            .envs(variables.iter().copied())
            .current_dir(self.workspace.root())
            .status()
            .map_err(|e| fail(e.to_string()))?;
        if status.success() {
            Ok(())
        } else {
            Err(fail(format!("`{}`: {status}", command_line.join(" "))))
        }
    }

    fn output(&self, step: &str, program: &str, arguments: &[&str]) -> Result<String, Error> {
        let fail = |reason: String| Error::Step {
            step: step.to_owned(),
            reason,
        };
        let output = command(program)
            .args(arguments)
            .current_dir(self.workspace.root())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|e| fail(format!("`{program}`: {e}")))?;
        if !output.status.success() {
            return Err(fail(format!(
                "`{program} {}`: {}",
                arguments.join(" "),
                output.status
            )));
        }
        String::from_utf8(output.stdout).map_err(|e| fail(e.to_string()))
    }

    fn metadata(&self, options: &[&str]) -> Result<Value, Error> {
        let mut arguments = vec!["metadata", "--format-version", "1"];
        arguments.extend(options);
        let json = self.output("metadata", &cargo(), &arguments)?;
        serde_json::from_str(&json).map_err(|e| Error::Step {
            step: "metadata".to_owned(),
            reason: e.to_string(),
        })
    }

    fn has(&self, program: &str) -> bool {
        command(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok()
    }
}

/// A command without [`REAL_SERVICES`] in its environment, so every check runs against the emulator.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for variable in REAL_SERVICES {
        command.env_remove(variable);
    }
    command
}

/// The `cargo` that runs this program.
fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// An example of a package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Example {
    package: String,
    name: String,
    features: Vec<String>,
}

fn text(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn list(value: &Value, key: &str) -> Vec<Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

/// Returns the examples that `cargo metadata` lists.
fn examples(metadata: &Value) -> Vec<Example> {
    let mut found = Vec::new();
    for package in list(metadata, "packages") {
        for target in list(&package, "targets") {
            if list(&target, "kind").iter().any(|kind| kind == "example") {
                let features = list(&target, "required-features");
                found.push(Example {
                    package: text(&package, "name"),
                    name: text(&target, "name"),
                    features: features
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect(),
                });
            }
        }
    }
    found
}

/// Returns each package that has features, without any feature and with each one alone. The other steps enable all
/// features, which hides a missing `cfg`.
fn feature_sets(metadata: &Value) -> Vec<(String, Option<String>)> {
    let mut sets = Vec::new();
    for package in list(metadata, "packages") {
        let name = text(&package, "name");
        let features = package.get("features").and_then(Value::as_object);
        let features: Vec<_> = features.into_iter().flat_map(|map| map.keys()).collect();
        if !features.is_empty() {
            sets.push((name.clone(), None));
        }
        for feature in features.into_iter().filter(|f| *f != "default") {
            sets.push((name.clone(), Some(feature.clone())));
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_example_is_found_with_its_features() {
        let metadata = json!({ "packages": [{ "name": "a", "targets": [
            { "name": "a", "kind": ["lib"] },
            { "name": "one", "kind": ["example"] },
            { "name": "two", "kind": ["example"], "required-features": ["amqp", "ws"] },
        ] }, { "name": "b", "targets": [] }] });
        let found = examples(&metadata);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].package.as_str(), found[0].name.as_str()), ("a", "one"));
        assert_eq!(found[1].features, ["amqp", "ws"]);
    }

    #[test]
    fn every_feature_is_checked_alone() {
        let metadata = json!({ "packages": [
            { "name": "a", "features": { "amqp": ["dep:x"], "default": ["amqp"] } },
            { "name": "b", "features": {} },
        ] });
        let alone = Some("amqp".to_owned());
        assert_eq!(
            feature_sets(&metadata),
            [("a".to_owned(), None), ("a".to_owned(), alone)]
        );
    }

    #[test]
    fn clients_are_checked_without_their_features() {
        let workspace = Workspace::here();
        let ci = Ci {
            workspace: &workspace,
        };
        let sets = feature_sets(&ci.metadata(&["--no-deps"]).unwrap());
        for client in ["iothub-convenience", "digitaltwins-convenience"] {
            for feature in [None, Some("rustls".to_owned())] {
                assert!(sets.contains(&(client.to_owned(), feature)), "{sets:?}");
            }
        }
    }

    #[test]
    fn no_step_reaches_a_real_service() {
        let command = command("cargo");
        let changed: Vec<_> = command.get_envs().collect();
        for variable in ["IOTHUB_CONNECTION_STRING", "DIGITALTWINS_ENDPOINT"] {
            assert!(changed.contains(&(variable.as_ref(), None)), "{changed:?}");
        }
    }

    #[test]
    fn a_failed_step_is_named() {
        let workspace = Workspace::here();
        let ci = Ci {
            workspace: &workspace,
        };
        let message = ci
            .cargo("nonsense", &["no-such-command"])
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("step `nonsense` failed: `cargo no-such-command`"),
            "{message}"
        );
    }
}
