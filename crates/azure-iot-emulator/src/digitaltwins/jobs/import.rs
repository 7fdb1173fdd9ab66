//! Running an import. It is not a transaction: what was imported before a fault or a cancellation stays.

use std::io::BufRead;

use serde_json::{Map, Value, json};

use crate::digitaltwins::instance::{Instance, Session};
use crate::digitaltwins::jobs::import_log::ImportLog;
use crate::digitaltwins::jobs::import_rows::store_row;
use crate::digitaltwins::jobs::record::{Import, Status};
use crate::digitaltwins::jobs::section::{End, Failure, Section};

/// Rows stored before the job notes its progress and releases the graph.
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
    // A later job may have the same output blob, so the log of a job that is gone is not written.
    let is_wanted = || instance.jobs.has_import(job);
    let written = instance.blobs.write_if(&job.output, run.log.bytes(), is_wanted);
    if let Err(problem) = written {
        status = Status::Failed;
        error = Some((
            "UnableToWriteToOutputBlob".to_owned(),
            format!("The output blob {} can't be written: {problem}", job.output),
        ));
    }
    instance.jobs.finish_import(job, status, error, instance.now());
    instance.wake_journal();
}

/// The record of the job, which says how far it is and whether it is wanted.
#[derive(Clone, Copy)]
struct Progress<'a> {
    instance: &'a Instance,
    job: &'a Import,
}

impl Progress<'_> {
    /// Notes the last line of a job that ends here.
    fn note_lines_done(self, line: u64) {
        self.instance.jobs.note_lines_done(self.job, line);
        self.instance.wake_journal();
    }

    /// Notes how many lines are done, and ends the job if that is wanted. Where rows were stored, this is called before
    /// the graph is unlocked, so that a job that resumes here stores none twice and leaves none out.
    fn checkpoint(self, line: u64) -> Result<(), End> {
        self.check_wanted()?;
        self.instance
            .jobs
            .checkpoint_import(self.job, line, self.instance.now())
            .map_err(|_| End::Cancelled)?;
        self.instance.wake_journal();
        Ok(())
    }

    /// Ends a job that is to stop or is gone. While the graph is locked nobody replaces the jobs by loading another
    /// state.
    fn check_wanted(self) -> Result<(), End> {
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
    /// Rows of the section so far.
    rows: u64,
    models: Vec<Value>,
    /// Rows that wait to be stored together, with their lines.
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
                message: format!("The input blob {} can't be read: {problem}", job.input),
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
            let text = format!("A job may have at most {} rows in this section.", section.limit());
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
            let text = format!("There is no section {name}.");
            return Err(Failure::format(self.section, self.line, &text));
        };
        self.close_section()?;
        let in_order = match self.section {
            None => section == Section::Header,
            Some(before) => before < section,
        };
        if !in_order {
            let text = format!("The section {} is not in its place.", section.name());
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
            // All at once, so that they may be in any order.
            Section::Models => {
                let models = std::mem::take(&mut self.models);
                // Nothing is stored if the job has ended, which the checkpoint below finds out.
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

    /// Stores the rows that wait. One that is refused ends the job; those before it stay.
    fn store_batch(&mut self, section: Section) -> Result<(), End> {
        let (progress, instance) = (self.progress, self.session.instance);
        let rows = std::mem::take(&mut self.batch);
        let mut graph = self.session.graph.write();
        progress.check_wanted()?;
        let now = instance.now();
        for (line, row) in rows {
            if let Err(end) = store_row(&mut graph, &instance.limits, section, line, row, now) {
                // A job that resumes here must not store the rows before this one again.
                progress.note_lines_done(line.saturating_sub(1));
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
