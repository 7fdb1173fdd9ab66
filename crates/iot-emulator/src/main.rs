//! The emulator as a program. It prints one line of JSON when it is ready, and logs to stderr.

mod ca_file;
mod file;
mod options;
mod ready;
mod signals;
mod start;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::ca_file::CaFile;
use crate::options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run(Options::parse()).await else {
        return ExitCode::SUCCESS;
    };
    let mut text = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    // If stderr is closed, only the exit code reports the error.
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::FAILURE
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_new(&options.log).map_err(|error| format!("--log: {error}"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    // Installed before the ready line, so that no signal after it is missed.
    let end = signals::end_signal()?;
    let emulator = start::start(&options).await?;
    let ca_file = CaFile::write(options.ca_file.as_deref(), emulator.ca_certificate_pem())?;
    let lifetime = Duration::from_secs(options.token_lifetime);
    let token = emulator.bearer_token_for(options.token_audience.as_deref(), lifetime)?;
    ready::announce(&emulator, &ca_file.path, &token)?;
    end.await;
    tracing::info!("shutting down");
    emulator.shut_down().await;
    Ok(())
}
