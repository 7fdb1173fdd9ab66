//! `cargo xtask`: see `cargo xtask --help`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to its user"
)]

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use xtask::error::Error;
use xtask::workspace::Workspace;
use xtask::{ci, coverage, generate, import};

/// Maintenance of this workspace.
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
        /// Write nothing; fail if a committed file is not what would be generated.
        #[arg(long)]
        check: bool,
    },
    /// Take over a new version of an API: specs/<service>/<version>.json, and services.toml generates it.
    Import {
        /// The service, as specs/services.toml calls it.
        service: String,
        /// A Swagger 2.0 or OpenAPI 3.0 file.
        file: PathBuf,
    },
    /// Report what changed between two API descriptions (Swagger 2.0 or OpenAPI 3.0).
    Diff {
        /// The old one.
        old: PathBuf,
        /// The new one.
        new: PathBuf,
        /// Fail if a change breaks callers.
        #[arg(long)]
        exit_code: bool,
    },
    /// Report which operations the convenience crates reach.
    Coverage {
        /// Fail if one is missing.
        #[arg(long)]
        require_all: bool,
    },
    /// Run the emulator's soak test, optimized.
    Soak {
        /// [iothub | digitaltwins] [seconds] [devices or twins] [connections]
        arguments: Vec<String>,
    },
    /// Run every check.
    Ci,
}

/// Prints a line. A reader who has seen enough closes the pipe; that is no failure.
macro_rules! say {
    ($($text:tt)*) => {{
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Error> {
    let workspace = Workspace::here();
    let start = Instant::now();
    match command {
        Command::Generate { check: true } => {
            generate::check(&workspace)?;
            say!("generated files are fresh ({} ms)", start.elapsed().as_millis());
            if start.elapsed() > generate::SLOW {
                eprintln!(
                    "warning: more than {:?} for what should take an instant",
                    generate::SLOW
                );
            }
        }
        Command::Generate { check: false } => {
            let changed = generate::write(&workspace)?;
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
        Command::Import { service, file } => {
            let done = import::import(&workspace, &service, &file)?;
            say!("{}", done.report);
            for place in &done.foreign_words {
                say!("in the publisher's words: {place}");
            }
            let written = done
                .description
                .strip_prefix(workspace.root())
                .unwrap_or(&done.description)
                .display();
            match done.changed {
                true => say!("wrote {written}; now run `cargo xtask generate`"),
                false => say!("{written} was the same already"),
            }
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
        Command::Soak { arguments } => ci::soak(&workspace, "bench", &arguments)?,
        Command::Ci => {
            ci::run(&workspace)?;
            say!("all checks passed in {:.0} s", start.elapsed().as_secs_f64());
        }
    }
    Ok(())
}
