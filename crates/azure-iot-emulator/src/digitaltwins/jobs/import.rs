//! An import at work. Not a transaction: what was taken before a fault or a cancellation stays.

use std::io::BufRead;

use serde_json::{Map, Value, json};

use crate::digitaltwins::errors::ServiceError;
use crate::digitaltwins::import_jobs::Import;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::jobs::import_log::Log;
use crate::digitaltwins::jobs::import_rows::take_row;
use crate::digitaltwins::jobs::{Status, is_there, of_run};

/// Lines taken before the job notes how far it is, and others may have the graph.
const LINES_AT_ONCE: usize = 100;

/// The sections in the order in which they must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    Header,
    Models,
    Twins,
    Relationships,
}

impl Section {
    const ALL: [Section; 4] = [
        Section::Header,
        Section::Models,
        Section::Twins,
        Section::Relationships,
    ];

    fn name(self) -> &'static str {
        match self {
            Section::Header => "Header",
            Section::Models => "Models",
            Section::Twins => "Twins",
            Section::Relationships => "Relationships",
        }
    }

    /// The most rows that one job may have in it.
    fn limit(self) -> u64 {
        match self {
            Section::Header => 1,
            Section::Models => 10_000,
            Section::Twins => 2_000_000,
            Section::Relationships => 10_000_000,
        }
    }
}

/// Why a job ends before its file does.
#[derive(Debug)]
pub(crate) enum End {
    Cancelled,
    /// The instance is going away; the job goes on from its checkpoint if its state is loaded again.
    Stopping,
    Failed(Failure),
}

#[derive(Debug)]
pub(crate) struct Failure {
    code: String,
    message: String,
    section: Option<Section>,
    line: Option<u64>,
}

impl Failure {
    pub(crate) fn format(section: Option<Section>, line: u64, message: &str) -> End {
        End::Failed(Failure {
            code: "UnsupportedFileFormat".to_owned(),
            message: message.to_owned(),
            section,
            line: Some(line),
        })
    }

    pub(crate) fn refused(section: Section, line: Option<u64>, error: &ServiceError) -> End {
        let mut message = error.message.clone();
        for detail in &error.details {
            message.push(' ');
            message.push_str(&detail.message);
        }
        End::Failed(Failure {
            code: match error.code {
                "DTDLParserError" => "DTDLParsingError".to_owned(),
                code => code.to_owned(),
            },
            message,
            section: Some(section),
            line,
        })
    }
}

/// Does the work of a job from its checkpoint on.
pub(crate) fn run(instance: &Instance, job: &Import) {
    let mut work = Work {
        instance,
        job,
        log: Log::new(&job.record.id),
        section: None,
        rows: 0,
        models: Vec::new(),
        batch: Vec::new(),
        line: 0,
    };
    work.log.info(instance.now(), json!({"status": "Started"}));
    let end = work.import();
    let (status, failure) = match end {
        Ok(()) => (Status::Succeeded, None),
        Err(End::Stopping) => return,
        Err(End::Cancelled) => (Status::Cancelled, None),
        Err(End::Failed(failure)) => (Status::Failed, Some(failure)),
    };
    if let Some(failure) = &failure {
        work.note(failure);
    }
    let name = match status {
        Status::Succeeded => "Succeeded",
        Status::Cancelled => "Cancelled",
        _ => "Failed",
    };
    work.log.info(instance.now(), json!({"status": name}));
    let mut error = failure.map(|failure| (failure.code, failure.message));
    let mut status = status;
    if let Err(problem) = work.write_log() {
        status = Status::Failed;
        error = Some((
            "UnableToWriteToOutputBlob".to_owned(),
            format!("The output blob {} can't be written: {problem}", job.output),
        ));
    }
    instance.finish_import(job, status, error);
}

struct Work<'a> {
    instance: &'a Instance,
    job: &'a Import,
    log: Log,
    section: Option<Section>,
    /// Of the section.
    rows: u64,
    models: Vec<Value>,
    /// Rows that wait to be taken together, with their lines.
    batch: Vec<(u64, Map<String, Value>)>,
    /// The number of the line read last.
    line: u64,
}

impl Work<'_> {
    fn import(&mut self) -> Result<(), End> {
        self.checkpoint(0)?;
        let unreadable = |problem: String| {
            End::Failed(Failure {
                code: "UnableToReadInputBlob".to_owned(),
                message: format!("The input blob {} can't be read: {problem}", self.job.input),
                section: None,
                line: None,
            })
        };
        let directory = self.instance.blobs.lock().clone();
        let directory = directory.ok_or_else(|| unreadable("there is no blob directory".to_owned()))?;
        let input = directory
            .open(&self.job.input)
            .map_err(|error| unreadable(error.to_string()))?;
        for line in input.lines() {
            let line = line.map_err(|error| unreadable(error.to_string()))?;
            self.line += 1;
            self.take(&line)?;
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

    fn take(&mut self, line: &str) -> Result<(), End> {
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
        match section {
            Section::Header => match row.get("fileVersion").and_then(Value::as_str) {
                Some("1.0.0") => Ok(()),
                _ => Err(Failure::format(
                    Some(section),
                    self.line,
                    "The header must have the fileVersion 1.0.0.",
                )),
            },
            _ if self.line <= self.job.lines_done => Ok(()),
            Section::Models => {
                self.models.push(Value::Object(row));
                Ok(())
            }
            Section::Twins | Section::Relationships => {
                self.batch.push((self.line, row));
                if self.batch.len() < LINES_AT_ONCE {
                    return Ok(());
                }
                self.flush(section)
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
        self.section_status("Started");
        Ok(())
    }

    fn close_section(&mut self) -> Result<(), End> {
        let Some(section) = self.section else {
            return Ok(());
        };
        match section {
            Section::Header => {}
            // All at once: that way they may come in any order.
            Section::Models if self.models.is_empty() => {}
            Section::Models => {
                let models = std::mem::take(&mut self.models);
                // Called off if the job has ended, which the checkpoint below finds out.
                self.instance
                    .import_models(models, || self.checkpoint(self.line).is_ok())
                    .map_err(|error| Failure::refused(section, None, &error))?;
            }
            Section::Twins | Section::Relationships => self.flush(section)?,
        }
        self.checkpoint(self.line)?;
        self.section_status("Succeeded");
        Ok(())
    }

    /// Takes the rows that wait; one that is refused ends the job, and those before it stay.
    fn flush(&mut self, section: Section) -> Result<(), End> {
        let rows = std::mem::take(&mut self.batch);
        let mut graph = self.instance.graph.write();
        self.check_wanted()?;
        let now = self.instance.now();
        for (line, row) in rows {
            if let Err(end) = take_row(self.instance, &mut graph, section, line, row, now) {
                // Whoever goes on from here must not take the rows before this one again.
                self.note_done(line.saturating_sub(1));
                return Err(end);
            }
        }
        self.checkpoint(self.line)
    }

    /// Notes how far a job is that ends here.
    fn note_done(&self, line: u64) {
        if let Some(job) = of_run(&mut self.instance.jobs.lock().imports, self.job) {
            job.lines_done = job.lines_done.max(line);
        }
        self.instance.poke_journal();
    }

    /// Notes how far the job is, and ends it if that is wanted. Where rows were taken, this is done before the graph is
    /// let go, so that whoever goes on from here takes none twice and none is left out.
    fn checkpoint(&self, line: u64) -> Result<(), End> {
        self.check_wanted()?;
        let mut jobs = self.instance.jobs.lock();
        let job = of_run(&mut jobs.imports, self.job).ok_or(End::Cancelled)?;
        job.lines_done = job.lines_done.max(line);
        if job.record.status == Status::Cancelling {
            return Err(End::Cancelled);
        }
        job.record.status = Status::Running;
        job.last_action = self.instance.now();
        self.instance.poke_journal();
        Ok(())
    }

    /// Ends a job that is to stop or is not there any more. As long as the graph is locked nobody takes the job away by
    /// loading another state.
    fn check_wanted(&self) -> Result<(), End> {
        if self.instance.is_stopping() {
            return Err(End::Stopping);
        }
        let is_there = is_there(&self.instance.jobs.lock().imports, self.job);
        if is_there { Ok(()) } else { Err(End::Cancelled) }
    }

    fn section_status(&mut self, status: &str) {
        if let Some(section) = self.section.filter(|section| *section != Section::Header) {
            let details = json!({"section": section.name(), "status": status});
            self.log.info(self.instance.now(), details);
        }
    }

    fn note(&mut self, failure: &Failure) {
        let mut details = Map::new();
        if let Some(section) = failure.section {
            details.insert("section".to_owned(), section.name().into());
        }
        if let Some(line) = failure.line {
            details.insert("line".to_owned(), line.into());
        }
        details.insert("exceptionType".to_owned(), failure.code.as_str().into());
        details.insert("message".to_owned(), failure.message.as_str().into());
        self.log.error(self.instance.now(), Value::Object(details));
        self.section = failure.section;
        self.section_status("Failed");
    }

    /// Writes nothing if the job is gone: the blob may have the log of a later job.
    fn write_log(&self) -> Result<(), String> {
        // Held to the end, so that a later job can't write its log between the look and the writing.
        let directory = self.instance.blobs.lock();
        if !is_there(&self.instance.jobs.lock().imports, self.job) {
            return Ok(());
        }
        directory
            .as_ref()
            .ok_or("there is no blob directory")?
            .write(&self.job.output, self.log.bytes())
            .map_err(|error| error.to_string())
    }
}

impl Instance {
    pub(crate) fn finish_import(&self, job: &Import, status: Status, error: Option<(String, String)>) {
        let now = self.now();
        if let Some(job) = of_run(&mut self.jobs.lock().imports, job) {
            job.record.status = status;
            job.error = error;
            job.last_action = now;
            job.record.finished = Some(now);
        }
        self.poke_journal();
    }
}
