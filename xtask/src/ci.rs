//! Runs all checks that must pass before a change is merged.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::error::{Error, read};
use crate::metadata::Metadata;
use crate::workspace::Workspace;
use crate::{coverage, fuzz, generate, msrv, readme, soak};

/// The environment variables that point tests and examples to a real service, where they create and delete resources.
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
    ci.cargo_step("fmt", &["fmt", "--all", "--check"])?;
    let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"];
    ci.cargo_step("fmt of the fuzz targets", &fuzz)?;
    ci.step("generate --check", || check_generated(workspace))?;
    ci.step("coverage", || {
        coverage::require_all(&coverage::coverage(workspace)?)
    })?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked"];
    ci.cargo_step("clippy", &[&clippy[..], &["--", "-D", "warnings"]].concat())?;
    let members = ci.metadata(&["--no-deps"])?;
    ci.check_features(&members)?;
    ci.step("test", || ci.run_cargo("test", &commands.test, &[]))?;
    ci.step("doc", || ci.build_docs())?;
    ci.run_examples(&members)?;
    let conformance = ["run", "--quiet", "--locked", "--package", "integration-tests"];
    let dry_run = ["--bin", "conformance-live", "--", "--dry-run"];
    ci.cargo_step(
        "conformance on the emulator",
        &[&conformance[..], &dry_run].concat(),
    )?;
    ci.step("soak", || soak::load(workspace, "dev", &[]))?;
    ci.step("fuzz", || fuzz_briefly(workspace))?;
    ci.step("msrv", || ci.check_msrv())?;
    ci.check_dependencies()
}

/// Seconds per fuzz target.
const FUZZ_SECONDS: u64 = 20;

fn fuzz_briefly(workspace: &Workspace) -> Result<(), Error> {
    let options = fuzz::Options {
        seconds: FUZZ_SECONDS,
        jobs: 2,
        targets: Vec::new(),
        sanitizer: None,
        // The same inputs for every change, so that a change fails for what it has changed.
        seed: Some(1),
    };
    fuzz::run(workspace, &options, say)
}

/// Checks that the committed generated code is fresh; prints a warning if generation is slow.
fn check_generated(workspace: &Workspace) -> Result<(), Error> {
    let start = Instant::now();
    generate::check(workspace, generate::Unsupported::Refuse)?;
    if start.elapsed() > generate::SLOW {
        say(&format!(
            "warning: generation took more than {:?}",
            generate::SLOW
        ));
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "this is the output of a command")]
fn say(line: &str) {
    println!("{line}");
}

/// Runs commands in a workspace.
pub(crate) struct Ci<'a> {
    pub(crate) workspace: &'a Workspace,
}

impl Ci<'_> {
    fn step(&self, name: &str, run: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        say(&format!("== {name}"));
        let start = Instant::now();
        run()?;
        say(&format!("== {name}: ok, {:.1} s", start.elapsed().as_secs_f64()));
        Ok(())
    }

    /// Runs `cargo` as a step.
    fn cargo_step(&self, name: &str, arguments: &[&str]) -> Result<(), Error> {
        self.step(name, || self.cargo(name, arguments))
    }

    /// Checks each package without its features and with each one alone. The other steps enable all features, which hides
    /// a missing `cfg`.
    fn check_features(&self, members: &Metadata) -> Result<(), Error> {
        for (package, feature) in members.feature_sets() {
            let package = package.name.as_str();
            let step = match feature {
                Some(feature) => format!("features {package}: only {feature}"),
                None => format!("features {package}: none"),
            };
            let mut arguments = vec!["check", "--locked", "--package", package];
            arguments.push("--no-default-features");
            arguments.extend(feature.iter().flat_map(|feature| ["--features", feature]));
            self.cargo_step(&step, &arguments)?;
        }
        Ok(())
    }

    fn build_docs(&self) -> Result<(), Error> {
        let command_line = ["cargo", "doc", "--workspace", "--no-deps", "--locked"].map(str::to_owned);
        self.run_cargo("doc", &command_line, &[("RUSTDOCFLAGS", "-D warnings")])
    }

    fn run_examples(&self, members: &Metadata) -> Result<(), Error> {
        for (package, example) in members.examples() {
            let features = example.required_features.join(",");
            let mut arguments = vec!["run", "--quiet", "--locked", "--package", &package.name];
            arguments.extend(["--example", &example.name]);
            if !features.is_empty() {
                arguments.extend(["--features", &features]);
            }
            self.cargo_step(&format!("example {}", example.name), &arguments)?;
        }
        Ok(())
    }

    fn check_msrv(&self) -> Result<(), Error> {
        let rustc = self.output("msrv", "rustc", &["-V"])?;
        msrv::check(self.workspace, &self.metadata(&["--locked"])?, &rustc).map(drop)
    }

    /// Checks `deny.toml`, if cargo-deny is installed; advisories only if their database can be fetched.
    fn check_dependencies(&self) -> Result<(), Error> {
        if !self.has("cargo-deny") {
            say("== deny: skipped, cargo-deny is not installed; .github/workflows/extended.yml runs it");
            return Ok(());
        }
        let deny = ["deny", "--all-features", "check"];
        let rules = ["bans", "licenses", "sources"];
        self.cargo_step("deny", &[&deny[..], &rules].concat())?;
        if self.cargo("advisory database", &["deny", "fetch", "db"]).is_err() {
            say("== advisories: skipped, their database cannot be fetched");
            return Ok(());
        }
        self.cargo_step("advisories", &[&deny[..], &["advisories"]].concat())
    }

    /// Runs `cargo` with these arguments.
    pub(crate) fn cargo(&self, step: &str, arguments: &[&str]) -> Result<(), Error> {
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

    fn metadata(&self, options: &[&str]) -> Result<Metadata, Error> {
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

/// Returns a command without [`REAL_SERVICES`] in its environment, so that every check runs against the emulator.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for variable in REAL_SERVICES {
        command.env_remove(variable);
    }
    command
}

/// Returns the path of the `cargo` that runs this program.
fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_checked_without_their_features() {
        let workspace = Workspace::here();
        let ci = Ci {
            workspace: &workspace,
        };
        let metadata = ci.metadata(&["--no-deps"]).unwrap();
        let sets: Vec<_> = metadata
            .feature_sets()
            .map(|(package, feature)| (package.name.as_str(), feature))
            .collect();
        for client in ["iothub-convenience", "digitaltwins-convenience"] {
            for feature in [None, Some("rustls")] {
                assert!(sets.contains(&(client, feature)), "{sets:?}");
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
