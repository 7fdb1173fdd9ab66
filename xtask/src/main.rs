//! `cargo xtask`: see `cargo xtask --help`.

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use xtask::error::Error;
use xtask::generate;
use xtask::workspace::Workspace;

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
            println!("generated files are fresh ({} ms)", start.elapsed().as_millis());
        }
        Command::Generate { check: false } => {
            let changed = generate::write(&workspace)?;
            for file in &changed {
                println!(
                    "wrote {}",
                    file.strip_prefix(workspace.root()).unwrap_or(file).display()
                );
            }
            println!(
                "{} file(s) changed ({} ms)",
                changed.len(),
                start.elapsed().as_millis()
            );
        }
    }
    Ok(())
}
