//! `cargo xtask`: see `cargo xtask --help`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command prints its result"
)]

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use xtask::error::Error;
use xtask::generate::Unsupported;
use xtask::import::{Existing, Import};
use xtask::new_service::{NewService, new_service};
use xtask::texts::ForeignText;
use xtask::workspace::Workspace;
use xtask::{ci, corpus, coverage, fuzz, generate, import, soak};

/// Maintenance commands of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generate the protocol crates from specs/.
    Generate {
        /// Write nothing; fail if a committed file is stale.
        #[arg(long)]
        check: bool,
        /// Fail if an operation cannot be generated, instead of skipping it.
        #[arg(long)]
        strict: bool,
    },
    /// Import a new API version: write specs/<service>/<version>.json and select it in services.toml.
    Import {
        /// The service's name in specs/services.toml.
        service: String,
        /// A Swagger 2.0 or OpenAPI 3.0 file. Files that it refers to must be at their published relative paths.
        file: PathBuf,
        /// Overwrite the version if it exists.
        #[arg(long)]
        replace: bool,
    },
    /// Add a service: its description in specs/, its entry in services.toml, and its protocol crate.
    NewService {
        /// The service's name: lowercase words joined by hyphens.
        name: String,
        /// A Swagger 2.0 or OpenAPI 3.0 file, with the files that it refers to next to it as published.
        file: PathBuf,
    },
    /// Report the changes between two API descriptions (Swagger 2.0 or OpenAPI 3.0).
    Diff {
        /// The old description.
        old: PathBuf,
        /// The new description.
        new: PathBuf,
        /// Fail if a change breaks callers.
        #[arg(long)]
        exit_code: bool,
    },
    /// Report which operations the convenience crates reach.
    Coverage {
        /// Fail if an operation is not reached.
        #[arg(long)]
        require_all: bool,
    },
    /// Run all stages on a folder of published descriptions, and report which of them generate.
    Corpus {
        /// The folder. Its `files.txt` lists the descriptions; without that file, all files with operations are used.
        folder: PathBuf,
        /// Compile the generated code.
        #[arg(long)]
        compile: bool,
        /// Refuse a description if one of its operations cannot be generated.
        #[arg(long)]
        strict: bool,
    },
    /// Run the soak tests with optimizations: the emulator under load, the clients under faults, and an emulator that is
    /// killed or whose disk is full.
    Soak {
        /// Run all of them, for this time in total. Without it, only the emulator under load is run.
        #[arg(long, conflicts_with = "arguments")]
        minutes: Option<u64>,
        /// [iothub | digitaltwins] [seconds] [devices or twins] [connections]
        arguments: Vec<String>,
    },
    /// Build the fuzz targets and run each of them; print executions and the size of the corpus.
    Fuzz {
        /// Seconds per target.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Number of targets that run at the same time.
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// Build with this sanitizer of a nightly compiler, such as `address`.
        #[arg(long)]
        sanitizer: Option<String>,
        /// Seed of the random inputs, to repeat a run.
        #[arg(long)]
        seed: Option<u32>,
        /// Targets to run, by the names in fuzz/Cargo.toml; default: all.
        targets: Vec<String>,
    },
    /// Run every check.
    Ci,
}

/// Prints a line. A closed pipe is ignored, so `cargo xtask … | head` succeeds.
macro_rules! say {
    ($($text:tt)*) => {{
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

fn main() -> ExitCode {
    xtask::codegen::silence_panics();
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn unsupported(strict: bool) -> Unsupported {
    match strict {
        true => Unsupported::Refuse,
        false => Unsupported::Skip,
    }
}

fn print_notes(renamed: &[String], possible_secrets: &[String], texts: &[ForeignText]) {
    for line in renamed {
        say!("renamed: {line}");
    }
    for pointer in possible_secrets {
        say!("looks like a secret, mark it with x-ms-secret in the overlay if it is one: {pointer}");
    }
    for text in texts {
        say!(
            "write in our own words: {}\n    published: {}",
            text.pointer,
            text.published
        );
    }
}

fn print_new_service(workspace: &Workspace, done: &NewService) {
    print_notes(&done.renamed, &done.possible_secrets, &done.foreign_texts);
    done.skipped.iter().for_each(|line| say!("skipped {line}"));
    for file in &done.files {
        say!(
            "wrote {}",
            file.strip_prefix(workspace.root()).unwrap_or(file).display()
        );
    }
    say!(
        "{} operation(s), {} text(s) to write; continue as in specs/README.md, \"Adding a service\"",
        done.operations,
        done.foreign_texts.len()
    );
}

fn print_import(workspace: &Workspace, done: &Import) {
    say!("{}", done.report);
    print_notes(&done.renamed, &done.possible_secrets, &done.foreign_texts);
    let written = done
        .description
        .strip_prefix(workspace.root())
        .unwrap_or(&done.description)
        .display();
    match done.changed {
        true => say!("wrote {written}; now run `cargo xtask generate`"),
        false => say!("{written} is unchanged"),
    }
}

fn run(command: Command) -> Result<(), Error> {
    let workspace = Workspace::here();
    let start = Instant::now();
    match command {
        Command::Generate { check: true, strict } => {
            let skipped = generate::check(&workspace, unsupported(strict))?;
            skipped.iter().for_each(|line| say!("skipped {line}"));
            say!(
                "generated files are up to date ({} ms)",
                start.elapsed().as_millis()
            );
            if start.elapsed() > generate::SLOW {
                eprintln!("warning: generation took more than {:?}", generate::SLOW);
            }
        }
        Command::Generate { check: false, strict } => {
            let generate::Written { changed, skipped } = generate::write(&workspace, unsupported(strict))?;
            skipped.iter().for_each(|line| say!("skipped {line}"));
            for file in &changed {
                say!(
                    "wrote {}",
                    file.strip_prefix(workspace.root()).unwrap_or(file).display()
                );
            }
            say!(
                "{} file(s) changed ({} ms)",
                changed.len(),
                start.elapsed().as_millis()
            );
        }
        Command::Import {
            service,
            file,
            replace,
        } => {
            let existing = match replace {
                true => Existing::Replace,
                false => Existing::Keep,
            };
            print_import(
                &workspace,
                &import::import(&workspace, &service, &file, existing)?,
            );
        }
        Command::NewService { name, file } => {
            print_new_service(&workspace, &new_service(&workspace, &name, &file)?);
        }
        Command::Diff { old, new, exit_code } => {
            let report = import::compare(&old, &new)?;
            say!("{report}");
            if exit_code && report.breaking() > 0 {
                return Err(Error::Breaking(report.breaking()));
            }
        }
        Command::Coverage { require_all } => {
            let all = coverage::coverage(&workspace)?;
            all.iter().for_each(|service| say!("{service}"));
            if require_all {
                coverage::require_all(&all)?;
            }
        }
        Command::Corpus {
            folder,
            compile,
            strict,
        } => {
            let result = corpus::corpus(&workspace, &folder, compile, unsupported(strict))?;
            say!("{result}");
        }
        Command::Soak {
            minutes: Some(minutes),
            ..
        } => soak::soak_all(&workspace, Duration::from_secs(minutes * 60))?,
        Command::Soak {
            minutes: None,
            arguments,
        } => soak::load(&workspace, "bench", &arguments)?,
        Command::Fuzz {
            seconds,
            jobs,
            sanitizer,
            seed,
            targets,
        } => {
            let options = fuzz::Options {
                seconds,
                jobs,
                targets,
                sanitizer,
                seed,
            };
            fuzz::run(&workspace, &options, |line| say!("{line}"))?;
        }
        Command::Ci => {
            ci::run(&workspace)?;
            say!("all checks passed in {:.0} s", start.elapsed().as_secs_f64());
        }
    }
    Ok(())
}
