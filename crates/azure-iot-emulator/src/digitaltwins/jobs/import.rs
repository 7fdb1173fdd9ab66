//! Execution of an import. It is not a transaction: rows stored before an error or a cancellation stay.

use std::io::BufRead;

use serde_json::{Map, Value, json};

use crate::digitaltwins::instance::{Instance, Session};
use crate::digitaltwins::jobs::import_log::ImportLog;
use crate::digitaltwins::jobs::import_rows::store_row;
use crate::digitaltwins::jobs::record::{Import, Status};
use crate::digitaltwins::jobs::section::{End, Failure, Section};

/// Rows stored between two checkpoints.
const BATCH: usize = 100;

/// Runs an import from its checkpoint on.
pub(super) fn run(instance: &Instance, job: &Import) {
    let mut run = ImportRun {
        session: instance.session(),
        progress: Progress { instance, job },
        log: ImportLog::new(&job.record.id),
        section: None,
        rows: 0,
        models: Vec::new(),
        batch: Vec::new(),
        line: 0,
    };
    run.log.info(instance.now(), json!({"status": "Started"}));
    let (status, failure) = match run.import() {
        Ok(()) => (Status::Succeeded, None),
        Err(End::Stopping) => return,
        Err(End::Cancelled) => (Status::Cancelled, None),
        Err(End::Failed(failure)) => (Status::Failed, Some(failure)),
    };
    if let Some(failure) = &failure {
        run.log_failure(failure);
    }
    let name = match status {
        Status::Succeeded => "Succeeded",
        Status::Cancelled => "Cancelled",
        _ => "Failed",
    };
    run.log.info(instance.now(), json!({"status": name}));
    let mut error = failure.map(|failure| (failure.code, failure.message));
    let mut status = status;
    // The log of a deleted job is not written, because a later job may have the same output blob.
    let exists = || instance.jobs.has_import(job);
    let written = instance.blobs.write_if(&job.output, run.log.bytes(), exists);
    if let Err(problem) = written {
        status = Status::Failed;
        error = Some((
            "UnableToWriteToOutputBlob".to_owned(),
            format!("Could not write the output blob {}: {problem}", job.output),
        ));
    }
    instance.jobs.finish_import(job, status, error, instance.now());
    instance.wake_journal();
}

/// Access to the job's record: its checkpoint, and whether it must stop.
#[derive(Clone, Copy)]
struct Progress<'a> {
    instance: &'a Instance,
    job: &'a Import,
}

impl Progress<'_> {
    /// Records the last processed line of a job that fails.
    fn record_lines_done(self, line: u64) {
        self.instance.jobs.record_lines_done(self.job, line);
        self.instance.wake_journal();
    }

    /// Records the last processed line, and returns an error if the job must stop. Callers that stored rows still hold
    /// the graph's lock, so that a job that resumes here neither repeats nor skips a row.
    fn checkpoint(self, line: u64) -> Result<(), End> {
        self.check_may_continue()?;
        self.instance
            .jobs
            .checkpoint_import(self.job, line, self.instance.now())
            .map_err(|_| End::Cancelled)?;
        self.instance.wake_journal();
        Ok(())
    }

    /// Returns an error if the job must stop or was deleted. Loading another state needs the graph's lock, so the result
    /// holds while the caller has it.
    fn check_may_continue(self) -> Result<(), End> {
        if self.instance.is_stopping() {
            return Err(End::Stopping);
        }
        if self.instance.jobs.has_import(self.job) {
            Ok(())
        } else {
            Err(End::Cancelled)
        }
    }
}

struct ImportRun<'a> {
    session: Session<'a>,
    progress: Progress<'a>,
    log: ImportLog,
    section: Option<Section>,
    /// Number of rows of the current section so far.
    rows: u64,
    models: Vec<Value>,
    /// The rows of the next batch, with their line numbers.
    batch: Vec<(u64, Map<String, Value>)>,
    /// The number of the current line.
    line: u64,
}

impl ImportRun<'_> {
    fn import(&mut self) -> Result<(), End> {
        self.progress.checkpoint(0)?;
        let Progress { instance, job } = self.progress;
        let unreadable = |problem: std::io::Error| {
            End::Failed(Failure {
                code: "UnableToReadInputBlob".to_owned(),
                message: format!("Could not read the input blob {}: {problem}", job.input),
                section: None,
                line: None,
            })
        };
        let input = instance.blobs.open(&job.input).map_err(unreadable)?;
        for line in input.lines() {
            let line = line.map_err(unreadable)?;
            self.line += 1;
            self.read_line(&line)?;
        }
        self.close_section()?;
        match self.section {
            None => Err(Failure::format(
                None,
                self.line,
                "The file has no Header section.",
            )),
            Some(_) => Ok(()),
        }
    }

    fn read_line(&mut self, line: &str) -> Result<(), End> {
        if line.trim().is_empty() {
            return Ok(());
        }
        let Ok(Value::Object(row)) = serde_json::from_str(line) else {
            return Err(Failure::format(
                self.section,
                self.line,
                "The line is not a JSON object.",
            ));
        };
        if let Some(name) = row.get("Section") {
            return self.open_section(name);
        }
        let Some(section) = self.section else {
            let text = "The file must begin with the Header section.";
            return Err(Failure::format(None, self.line, text));
        };
        self.rows += 1;
        if self.rows > section.limit() {
            let text = format!(
                "The section {} has more than the maximum of {} rows.",
                section.name(),
                section.limit()
            );
            return Err(Failure::format(Some(section), self.line, &text));
        }
        self.read_row(section, row)
    }

    fn read_row(&mut self, section: Section, row: Map<String, Value>) -> Result<(), End> {
        match section {
            Section::Header => match row.get("fileVersion").and_then(Value::as_str) {
                Some("1.0.0") => Ok(()),
                _ => Err(Failure::format(
                    Some(section),
                    self.line,
                    "The header must have the fileVersion 1.0.0.",
                )),
            },
            _ if self.line <= self.progress.job.lines_done => Ok(()),
            Section::Models => {
                self.models.push(Value::Object(row));
                Ok(())
            }
            Section::Twins | Section::Relationships => {
                self.batch.push((self.line, row));
                if self.batch.len() < BATCH {
                    return Ok(());
                }
                self.store_batch(section)
            }
        }
    }

    fn open_section(&mut self, name: &Value) -> Result<(), End> {
        let section = Section::ALL.into_iter().find(|section| name == section.name());
        let Some(section) = section else {
            let text =
                format!("Unknown section {name}. The sections are Header, Models, Twins, Relationships.");
            return Err(Failure::format(self.section, self.line, &text));
        };
        self.close_section()?;
        let in_order = match self.section {
            None => section == Section::Header,
            Some(before) => before < section,
        };
        if !in_order {
            let text = format!(
                "The section {} is out of order. The order is Header, Models, Twins, Relationships.",
                section.name()
            );
            return Err(Failure::format(self.section, self.line, &text));
        }
        (self.section, self.rows) = (Some(section), 0);
        self.log_section("Started");
        Ok(())
    }

    fn close_section(&mut self) -> Result<(), End> {
        let Some(section) = self.section else {
            return Ok(());
        };
        let (progress, line) = (self.progress, self.line);
        match section {
            Section::Header => {}
            Section::Models if self.models.is_empty() => {}
            // Stored in one step, so that they may refer to each other in any order.
            Section::Models => {
                let models = std::mem::take(&mut self.models);
                // If the job must stop, nothing is stored, and the checkpoint below returns the error.
                self.session
                    .add_models(models, || progress.checkpoint(line).is_ok())
                    .map_err(|error| Failure::refused(section, None, &error))?;
            }
            Section::Twins | Section::Relationships => self.store_batch(section)?,
        }
        progress.checkpoint(line)?;
        self.log_section("Succeeded");
        Ok(())
    }

    /// Stores the batch. An invalid row fails the job; the rows before it stay.
    fn store_batch(&mut self, section: Section) -> Result<(), End> {
        let (progress, instance) = (self.progress, self.session.instance);
        let rows = std::mem::take(&mut self.batch);
        let mut graph = self.session.graph.write();
        progress.check_may_continue()?;
        let now = instance.now();
        for (line, row) in rows {
            if let Err(end) = store_row(&mut graph, &instance.limits, section, line, row, now) {
                // A job that resumes after this must not store the earlier rows again.
                progress.record_lines_done(line.saturating_sub(1));
                return Err(end);
            }
        }
        progress.checkpoint(self.line)
    }

    fn log_section(&mut self, status: &str) {
        if let Some(section) = self.section.filter(|section| *section != Section::Header) {
            let details = json!({"section": section.name(), "status": status});
            self.log.info(self.session.instance.now(), details);
        }
    }

    fn log_failure(&mut self, failure: &Failure) {
        let mut details = Map::new();
        if let Some(section) = failure.section {
            details.insert("section".to_owned(), section.name().into());
        }
        if let Some(line) = failure.line {
            details.insert("line".to_owned(), line.into());
        }
        details.insert("exceptionType".to_owned(), failure.code.as_str().into());
        details.insert("message".to_owned(), failure.message.as_str().into());
        self.log
            .error(self.session.instance.now(), Value::Object(details));
        self.section = failure.section;
        self.log_section("Failed");
    }
}
