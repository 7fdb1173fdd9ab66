//! `cargo xtask`: see `cargo xtask --help`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command prints its result"
)]

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use xtask::error::Error;
use xtask::workspace::Workspace;
use xtask::{ci, coverage, generate, import};

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
    },
    /// Import a new API version: write specs/<service>/<version>.json and select it in services.toml.
    Import {
        /// The service's name in specs/services.toml.
        service: String,
        /// A Swagger 2.0 or OpenAPI 3.0 file.
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
    /// Run the emulator's soak test with optimizations.
    Soak {
        /// [iothub | digitaltwins] [seconds] [devices or twins] [connections]
        arguments: Vec<String>,
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
            say!(
                "generated files are up to date ({} ms)",
                start.elapsed().as_millis()
            );
            if start.elapsed() > generate::SLOW {
                eprintln!("warning: generation took more than {:?}", generate::SLOW);
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
            for pointer in &done.copied_descriptions {
                say!("copied from the published file, rewrite in our own words: {pointer}");
            }
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
