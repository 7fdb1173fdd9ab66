//! Everything that has to hold before a change is merged, in one command that a person can run.

use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::error::{Error, read};
use crate::workspace::Workspace;
use crate::{generate, msrv, readme};

/// Runs all steps and stops at the first that fails.
///
/// # Errors
/// [`Error::Step`], or what [`generate::check`] says.
pub fn run(workspace: &Workspace) -> Result<(), Error> {
    let commands = readme::commands(&read(&workspace.path("README.md"))?)?;
    let ci = Ci { workspace };
    ci.step("fmt", || ci.cargo("fmt", &["fmt", "--all", "--check"]))?;
    ci.step("generate --check", || generate::check(workspace))?;
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
    ci.step("test", || ci.cargo_words("test", &commands.test, &[]))?;
    ci.step("doc", || {
        let words = ["cargo", "doc", "--workspace", "--no-deps", "--locked"].map(str::to_owned);
        ci.cargo_words("doc", &words, &[("RUSTDOCFLAGS", "-D warnings")])
    })?;
    let examples = examples(&ci.metadata(&["--no-deps"])?);
    for example in &examples {
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
        let status = Command::new(cargo())
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
        let output = Command::new(program)
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
        Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok()
    }
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

/// The examples that `cargo metadata` lists.
fn examples(metadata: &Value) -> Vec<Example> {
    let text = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let list = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
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
