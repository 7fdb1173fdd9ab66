//! The log of an import, written to its output blob with one JSON object per line.

use serde_json::{Value, json};

use crate::digitaltwins::store::timestamp::Timestamp;

#[derive(Debug)]
pub(super) struct ImportLog {
    job: String,
    lines: Vec<u8>,
}

impl ImportLog {
    pub(super) fn new(job: &str) -> Self {
        ImportLog {
            job: job.to_owned(),
            lines: Vec::new(),
        }
    }

    pub(super) fn info(&mut self, now: Timestamp, details: Value) {
        self.line(now, "Info", details);
    }

    pub(super) fn error(&mut self, now: Timestamp, details: Value) {
        self.line(now, "Error", details);
    }

    fn line(&mut self, now: Timestamp, kind: &str, details: Value) {
        let line = json!({
            "timestamp": now,
            "jobId": self.job,
            "jobType": "Import",
            "logType": kind,
            "details": details,
        });
        self.lines.extend_from_slice(line.to_string().as_bytes());
        self.lines.push(b'\n');
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.lines
    }
}
