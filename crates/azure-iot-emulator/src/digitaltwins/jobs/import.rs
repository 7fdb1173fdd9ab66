//! Execution of an import. It is not a transaction: rows stored before an error or a cancellation stay.

use std::io::{self, BufReader};

use serde_json::{Map, Value, json};

use crate::digitaltwins::instance::{Instance, Session};
use crate::digitaltwins::jobs::blob_reader::BlobReader;
use crate::digitaltwins::jobs::import_file::{Entry, FileError, ImportFile, Row};
use crate::digitaltwins::jobs::import_log::ImportLog;
use crate::digitaltwins::jobs::import_rows::store_row;
use crate::digitaltwins::jobs::record::{Import, Status};
use crate::digitaltwins::jobs::section::{End, Failure, Section};

/// Number of rows stored between two checkpoints.
const BATCH: usize = 100;

/// Runs an import, starting at its checkpoint.
pub(super) fn run(instance: &Instance, job: &Import) {
    let mut run = ImportRun {
        session: instance.session(),
        progress: Progress { instance, job },
        log: ImportLog::new(&job.record.id),
        section: None,
        models: Vec::new(),
        batch: Vec::new(),
    };
    run.log.info(instance.now(), json!({"status": "Started"}));
    let (status, failure) = match run.import() {
        Ok(()) => (Status::Succeeded, None),
        Err(End::Stopping) => return,
        Err(End::Cancelled) => (Status::Cancelled, None),
        Err(End::Failed(failure)) => (Status::Failed, Some(failure)),
    };
    match &failure {
        Some(failure) => run.log_failure(failure),
        None => {
            let name = if status == Status::Succeeded {
                "Succeeded"
            } else {
                "Cancelled"
            };
            run.log.info(instance.now(), json!({"status": name}));
        }
    }
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

/// A job with access to its record, to save checkpoints and to check for requests to stop.
#[derive(Clone, Copy)]
struct Progress<'a> {
    instance: &'a Instance,
    job: &'a Import,
}

impl Progress<'_> {
    /// Records the last processed line of a failing job.
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

    /// Returns an error if the job must stop, was cancelled or was deleted. Another state is loaded under the graph's lock,
    /// so a caller with that lock can rely on the result until it releases the lock.
    fn check_may_continue(self) -> Result<(), End> {
        if self.instance.is_stopping() {
            return Err(End::Stopping);
        }
        if self.instance.jobs.may_import(self.job) {
            Ok(())
        } else {
            Err(End::Cancelled)
        }
    }
}

/// Reads a file up to its end or its first error.
fn check_format(blob: &mut BlobReader<'_>) -> Result<(), FileError> {
    let mut file = ImportFile::new(BufReader::new(blob));
    while file.next_entry()?.is_some() {}
    Ok(())
}

struct ImportRun<'a> {
    session: Session<'a>,
    progress: Progress<'a>,
    log: ImportLog,
    section: Option<Section>,
    models: Vec<Value>,
    /// The rows of the next batch, with their line numbers.
    batch: Vec<(u64, Row)>,
}

impl<'a> ImportRun<'a> {
    fn import(&mut self) -> Result<(), End> {
        self.progress.checkpoint(0)?;
        let mut file = self.open_checked()?;
        loop {
            let entry = file.next_entry().map_err(|error| {
                let section = self.section.unwrap_or(Section::Header);
                self.file_error(error, section)
            })?;
            match entry {
                None => return self.close_section(file.line()),
                Some(Entry::Section(section)) => {
                    self.close_section(file.line())?;
                    self.section = Some(section);
                    self.log_section("Started");
                }
                Some(Entry::Row(row)) => self.read_row(file.line(), row)?,
            }
        }
    }

    /// Opens the file and checks the format of all of it before anything is stored. Like the service, it reports every
    /// error here as an error in the section Models. The file is opened once, so that the checked file is imported even
    /// if another one takes its name.
    fn open_checked(&self) -> Result<ImportFile<BufReader<BlobReader<'a>>>, End> {
        let progress @ Progress { instance, job } = self.progress;
        let may_continue = move || progress.check_may_continue().is_ok();
        let opened = instance.blobs.open(&job.input, may_continue);
        let mut blob = opened.map_err(|error| self.unreadable(&error))?;
        check_format(&mut blob).map_err(|error| self.file_error(error, Section::Models))?;
        blob.rewind().map_err(|error| self.unreadable(&error))?;
        Ok(ImportFile::new(BufReader::new(blob)))
    }

    fn file_error(&self, error: FileError, section: Section) -> End {
        match error {
            FileError::Io(error) => self.unreadable(&error),
            FileError::Format { line, message } => Failure::format(section, line, message),
        }
    }

    fn unreadable(&self, error: &io::Error) -> End {
        // Reads fail also when the job must stop.
        if let Err(end) = self.progress.check_may_continue() {
            return end;
        }
        End::Failed(Failure {
            code: "UnableToReadInputBlob".to_owned(),
            message: format!(
                "Could not read the input blob {}: {error}",
                self.progress.job.input
            ),
            section: None,
            line: None,
        })
    }

    fn read_row(&mut self, line: u64, row: Row) -> Result<(), End> {
        if line <= self.progress.job.lines_done {
            return Ok(());
        }
        match row {
            Row::Header => Ok(()),
            Row::Model(model) => {
                self.models.push(model);
                Ok(())
            }
            row @ (Row::Twin { .. } | Row::Relationship { .. }) => {
                self.batch.push((line, row));
                if self.batch.len() < BATCH {
                    return Ok(());
                }
                self.store_batch(line)
            }
        }
    }

    /// Stores the rest of the current section, if any. `line` is the last line read.
    fn close_section(&mut self, line: u64) -> Result<(), End> {
        let Some(section) = self.section else {
            return Ok(());
        };
        let progress = self.progress;
        match section {
            Section::Header => {}
            Section::Models if self.models.is_empty() => {}
            // Models are stored in one step, so that they may refer to each other in any order.
            Section::Models => {
                let models = std::mem::take(&mut self.models);
                // If the job must stop, nothing is stored, and the checkpoint below returns the error.
                self.session
                    .add_models(models, || progress.checkpoint(line).is_ok())
                    .map_err(|error| Failure::refused(section, None, &error))?;
            }
            Section::Twins | Section::Relationships => self.store_batch(line)?,
        }
        progress.checkpoint(line)?;
        self.log_section("Succeeded");
        Ok(())
    }

    /// Stores the batch. An invalid row fails the job, but the rows before it stay stored.
    fn store_batch(&mut self, last_line: u64) -> Result<(), End> {
        let (progress, instance) = (self.progress, self.session.instance);
        let rows = std::mem::take(&mut self.batch);
        let mut graph = self.session.graph.write();
        progress.check_may_continue()?;
        let now = instance.now();
        for (line, row) in rows {
            if let Err(end) = store_row(&mut graph, &instance.limits, line, row, now) {
                // If the job resumes before it is recorded as failed, it must not store the earlier rows again.
                progress.record_lines_done(line.saturating_sub(1));
                return Err(end);
            }
        }
        progress.checkpoint(last_line)
    }

    fn log_section(&mut self, status: &str) {
        if let Some(section) = self.section.filter(|section| *section != Section::Header) {
            let details = json!({"section": section.name(), "status": status});
            self.log.info(self.session.instance.now(), details);
        }
    }

    fn log_failure(&mut self, failure: &Failure) {
        let now = self.session.instance.now();
        let mut details = Map::new();
        if let Some(section) = failure.section {
            details.insert("section".to_owned(), section.name().into());
        }
        if let Some(line) = failure.line {
            details.insert("line".to_owned(), line.into());
        }
        details.insert("exceptionType".to_owned(), failure.code.as_str().into());
        details.insert("message".to_owned(), failure.message.as_str().into());
        self.log.error(now, Value::Object(details));
        if let Some(section) = failure.section {
            let details = json!({"section": section.name(), "status": "Failed"});
            self.log.error(now, details);
        }
        self.log.error(now, json!({"status": "Failed"}));
    }
}
