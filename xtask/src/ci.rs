//! Everything that has to hold before a change is merged, in one command that a person can run.

use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::error::{Error, read};
use crate::workspace::Workspace;
use crate::{coverage, generate, msrv, readme};

/// What leads the tests and examples to somebody's real service, where they would write and delete things.
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
/// [`Error::Step`], or what [`generate::check`] says.
pub fn run(workspace: &Workspace) -> Result<(), Error> {
    let commands = readme::commands(&read(&workspace.path("README.md"))?)?;
    let ci = Ci { workspace };
    ci.step("fmt", || ci.cargo("fmt", &["fmt", "--all", "--check"]))?;
    ci.step("generate --check", || {
        let start = Instant::now();
        generate::check(workspace)?;
        if start.elapsed() > generate::SLOW {
            say(&format!(
                "warning: more than {:?} for what should take an instant",
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
            let mut words = vec![
                "check",
                "--locked",
                "--package",
                &package,
                "--no-default-features",
            ];
            words.extend(feature.iter().flat_map(|feature| ["--features", feature]));
            ci.cargo(&step, &words)
        })?;
    }
    ci.step("test", || ci.cargo_words("test", &commands.test, &[]))?;
    ci.step("doc", || {
        let words = ["cargo", "doc", "--workspace", "--no-deps", "--locked"].map(str::to_owned);
        ci.cargo_words("doc", &words, &[("RUSTDOCFLAGS", "-D warnings")])
    })?;
    for example in &examples(&members) {
        let step = format!("example {}", example.name);
        ci.step(&step, || {
            let mut words: Vec<_> = ["cargo", "run", "--quiet", "--locked", "--package"]
                .map(str::to_owned)
                .to_vec();
            words.extend([
                example.package.clone(),
                "--example".to_owned(),
                example.name.clone(),
            ]);
            if !example.features.is_empty() {
                words.extend(["--features".to_owned(), example.features.join(",")]);
            }
            ci.cargo_words(&step, &words, &[])
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

/// Runs the emulator's soak test, built with a profile of cargo.
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
fn say(text: &str) {
    println!("{text}");
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

    fn cargo(&self, step: &str, words: &[&str]) -> Result<(), Error> {
        let words: Vec<_> = std::iter::once("cargo")
            .chain(words.iter().copied())
            .map(str::to_owned)
            .collect();
        self.cargo_words(step, &words, &[])
    }

    /// Runs a command line whose first word is `cargo`.
    fn cargo_words(&self, step: &str, words: &[String], variables: &[(&str, &str)]) -> Result<(), Error> {
        let fail = |reason: String| Error::Step {
            step: step.to_owned(),
            reason,
        };
        let status = command(&cargo())
            .args(words.iter().skip(1))
            .envs(variables.iter().copied())
            .current_dir(self.workspace.root())
            .status()
            .map_err(|e| fail(e.to_string()))?;
        if status.success() {
            Ok(())
        } else {
            Err(fail(format!("`{}`: {status}", words.join(" "))))
        }
    }

    fn output(&self, step: &str, program: &str, words: &[&str]) -> Result<String, Error> {
        let fail = |reason: String| Error::Step {
            step: step.to_owned(),
            reason,
        };
        let output = command(program)
            .args(words)
            .current_dir(self.workspace.root())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|e| fail(format!("`{program}`: {e}")))?;
        if !output.status.success() {
            return Err(fail(format!(
                "`{program} {}`: {}",
                words.join(" "),
                output.status
            )));
        }
        String::from_utf8(output.stdout).map_err(|e| fail(e.to_string()))
    }

    fn metadata(&self, options: &[&str]) -> Result<Value, Error> {
        let mut words = vec!["metadata", "--format-version", "1"];
        words.extend(options);
        let text = self.output("metadata", &cargo(), &words)?;
        serde_json::from_str(&text).map_err(|e| Error::Step {
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

/// A program that cannot find a real service by its environment: every check is made on the emulator.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for variable in REAL_SERVICES {
        command.env_remove(variable);
    }
    command
}

/// The cargo that runs this program.
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

/// The examples that `cargo metadata` lists.
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

/// Every package that has features, without any of them and with each of them alone: what the other steps build has
/// them all, so that a missing `cfg` would not be noticed there.
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
    fn both_clients_are_checked_without_their_features() {
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
    fn a_step_that_fails_is_named() {
        let workspace = Workspace::here();
        let ci = Ci {
            workspace: &workspace,
        };
        let said = ci
            .cargo("nonsense", &["no-such-command"])
            .unwrap_err()
            .to_string();
        assert!(
            said.starts_with("step `nonsense` failed: `cargo no-such-command`"),
            "{said}"
        );
    }
}
