//! Runs the fuzz targets in `fuzz/`.
//!
//! The targets are built with coverage instrumentation, by default without a sanitizer, which needs a nightly compiler. A
//! target reads the committed seeds and the corpus of earlier runs, in the target directory, which it extends.

mod build;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;
use crate::workspace::Workspace;
use build::{Built, build};
use report::Statistics;

/// Maximum time of one execution in seconds; a slower one is a finding.
const EXECUTION_TIMEOUT: u32 = 10;
/// Maximum memory of a target in MiB; more is a finding.
const MEMORY_LIMIT: u32 = 2048;
/// Maximum length of an input in bytes.
const MAX_LENGTH: u32 = 4096;

/// The options of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Duration per target.
    pub seconds: u64,
    /// Number of targets that run at the same time.
    pub jobs: usize,
    /// The targets; empty for all.
    pub targets: Vec<String>,
    /// A sanitizer of a nightly compiler, such as `address`.
    pub sanitizer: Option<String>,
    /// Seed of the random inputs; by default another one in every run.
    pub seed: Option<u32>,
}

/// The result of one target.
#[derive(Debug)]
struct Run {
    target: String,
    /// `None` if the output of the target has no statistics, for instance because it could not be started.
    statistics: Option<Statistics>,
    /// The inputs that the target has refused.
    findings: Vec<PathBuf>,
    /// Whether the target ended without a finding.
    succeeded: bool,
    log: PathBuf,
}

/// Builds the targets and runs each for the given time. `say` prints one line per target.
///
/// # Errors
/// [`Error::Step`] if a target is unknown, cannot be built, or finds an input that makes it fail.
pub fn run(workspace: &Workspace, options: &Options, say: impl Fn(&str) + Sync) -> Result<(), Error> {
    let built = build(workspace, options)?;
    let next = AtomicUsize::new(0);
    let runs = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                while let Some(target) = built.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let run = run_target(workspace, target, options);
                    if let Ok(run) = &run {
                        say(&line(run));
                    }
                    let mut runs = runs.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    runs.push(run);
                }
            });
        }
    });
    let runs = runs
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let runs = runs.into_iter().collect::<Result<Vec<_>, _>>()?;
    let failures: Vec<String> = runs.iter().filter(|run| !run.succeeded).map(failure).collect();
    if failures.is_empty() {
        return Ok(());
    }
    Err(step(failures.join("\n")))
}

fn step(reason: String) -> Error {
    Error::Step {
        step: "fuzz".to_owned(),
        reason,
    }
}

fn run_target(workspace: &Workspace, target: &Built, options: &Options) -> Result<Run, Error> {
    let folder = target.folder.join(&target.name);
    let (corpus, artifacts) = (folder.join("corpus"), folder.join("findings"));
    let io = |file: &Path| {
        let file = file.to_owned();
        move |source| Error::Io { file, source }
    };
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).map_err(io(folder))?;
    }
    let log = folder.join("log.txt");
    let output = fs::File::create(&log).map_err(io(&log))?;
    let status = Command::new(&target.executable)
        .arg(&corpus)
        .arg(workspace.path("fuzz/seeds").join(&target.name))
        // Findings of earlier runs are executed first.
        .arg(&artifacts)
        .arg(format!("-max_total_time={}", options.seconds))
        // Zero is a random seed.
        .arg(format!("-seed={}", options.seed.unwrap_or(0)))
        .arg(format!("-timeout={EXECUTION_TIMEOUT}"))
        .arg(format!("-rss_limit_mb={MEMORY_LIMIT}"))
        .arg(format!("-max_len={MAX_LENGTH}"))
        .arg("-print_final_stats=1")
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(output)
        .status()
        .map_err(io(&target.executable))?;
    let text = fs::read(&log).map_err(io(&log))?;
    Ok(Run {
        target: target.name.clone(),
        statistics: Statistics::parse(&String::from_utf8_lossy(&text)),
        findings: files(&artifacts).map_err(io(&artifacts))?,
        succeeded: status.success(),
        log,
    })
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    files.sort();
    Ok(files)
}

fn line(run: &Run) -> String {
    let outcome = if run.succeeded { "" } else { ", FAILED" };
    match &run.statistics {
        Some(statistics) => format!("  {}: {statistics}{outcome}", run.target),
        None => format!("  {}: no statistics{outcome}", run.target),
    }
}

fn failure(run: &Run) -> String {
    let findings: Vec<_> = run
        .findings
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    format!(
        "{} failed; see {}; the inputs are {}; add a test with the input, correct the code, and delete the file",
        run.target,
        run.log.display(),
        if findings.is_empty() {
            "not saved".to_owned()
        } else {
            findings.join(", ")
        }
    )
}
