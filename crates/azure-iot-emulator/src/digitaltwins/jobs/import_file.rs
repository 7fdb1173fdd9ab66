//! The input file of an import: its lines, sections and the shape of its rows.

use std::io::{self, BufRead};

use serde_json::error::Category;
use serde_json::{Map, Value};

use crate::digitaltwins::jobs::section::{SECTION_NAMES, Section};
use crate::digitaltwins::rules::lookup::is_valid_id;
use crate::digitaltwins::rules::relationship_check::NewRelationship;
use crate::text::without_byte_order_mark;

/// An entry of the file.
#[derive(Debug)]
pub(super) enum Entry {
    Section(Section),
    Row(Row),
}

/// A row of a section. The header's row is only checked, so its content is dropped.
#[derive(Debug)]
pub(super) enum Row {
    Header,
    Model(Value),
    Twin {
        id: String,
        body: Map<String, Value>,
    },
    Relationship {
        source: String,
        id: String,
        new: NewRelationship,
    },
}

/// The reason why an entry cannot be read.
#[derive(Debug)]
pub(super) enum FileError {
    Io(io::Error),
    Format { line: u64, message: String },
}

/// Reads the entries of a file. A byte order mark is skipped, and lines may end in CRLF.
#[derive(Debug)]
pub(super) struct ImportFile<R> {
    input: R,
    buffer: Vec<u8>,
    /// The number of the last line read.
    line: u64,
    section: Option<Section>,
    /// Number of rows of the section so far.
    rows: u64,
}

impl<R: BufRead> ImportFile<R> {
    pub(super) fn new(input: R) -> Self {
        ImportFile {
            input,
            buffer: Vec::new(),
            line: 0,
            section: None,
            rows: 0,
        }
    }

    /// Returns the number of the line of the last entry.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Returns the next entry; `None` at the end of a complete file.
    pub(super) fn next_entry(&mut self) -> Result<Option<Entry>, FileError> {
        while self.next_line().map_err(FileError::Io)? {
            let line = self.text();
            if line.is_empty() {
                continue;
            }
            let row: Map<String, Value> =
                serde_json::from_slice(line).map_err(|error| self.format(not_an_object(&error)))?;
            return match section_name(&row) {
                Some(name) => self.open_section(name).map(Entry::Section),
                None => self.read_row(row).map(Entry::Row),
            }
            .map(Some);
        }
        match self.section {
            None => Err(self.format("The file has no Header section.")),
            Some(_) => Ok(None),
        }
    }

    fn next_line(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        if self.input.read_until(b'\n', &mut self.buffer)? == 0 {
            return Ok(false);
        }
        self.line += 1;
        Ok(true)
    }

    /// Returns the last line including its leading spaces, which count toward the column of an error.
    fn text(&self) -> &[u8] {
        let line = self.buffer.trim_ascii_end();
        if self.line == 1 {
            without_byte_order_mark(line)
        } else {
            line
        }
    }

    fn format(&self, message: impl Into<String>) -> FileError {
        FileError::Format {
            line: self.line,
            message: message.into(),
        }
    }

    fn open_section(&mut self, name: &Value) -> Result<Section, FileError> {
        let Some(section) = Section::ALL.into_iter().find(|section| name == section.name()) else {
            return Err(self.format(format!(
                "Unknown section {name}. The sections are {SECTION_NAMES}."
            )));
        };
        let in_order = match self.section {
            None => section == Section::Header,
            Some(before) => before < section,
        };
        if !in_order {
            return Err(self.format(format!(
                "The section {} is out of order. The order is {SECTION_NAMES}.",
                section.name()
            )));
        }
        (self.section, self.rows) = (Some(section), 0);
        Ok(section)
    }

    fn read_row(&mut self, row: Map<String, Value>) -> Result<Row, FileError> {
        if let Some(key) = wrong_section_key(&row) {
            return Err(self.format(format!(
                "The key '{key}' opens no section. Write {{\"Section\": \"<name>\"}}; the sections are {SECTION_NAMES}."
            )));
        }
        let Some(section) = self.section else {
            let text = "The file must begin with the Header section, in the line {\"Section\": \"Header\"}.";
            return Err(self.format(text));
        };
        self.rows += 1;
        if self.rows > section.limit() {
            return Err(self.format(format!(
                "The section {} has more than the maximum of {} rows.",
                section.name(),
                section.limit()
            )));
        }
        match section {
            Section::Header => match row.get("fileVersion").and_then(Value::as_str) {
                Some("1.0.0") => Ok(Row::Header),
                _ => Err(self.format("The header must have the fileVersion 1.0.0.")),
            },
            Section::Models => Ok(Row::Model(Value::Object(row))),
            Section::Twins => Ok(Row::Twin {
                id: self.id(&row, "$dtId", "Twin must have property $dtId.")?,
                body: row,
            }),
            Section::Relationships => self.relationship(row),
        }
    }

    fn relationship(&self, mut row: Map<String, Value>) -> Result<Row, FileError> {
        let missing = "Relationship must have property $dtId representing the ID of the source twin.";
        let source = self.id(&row, "$dtId", missing)?;
        let missing = "Relationship must have property $relationshipId.";
        let id = self.id(&row, "$relationshipId", missing)?;
        row.shift_remove("$dtId");
        let mut new = NewRelationship::from_json(row).ok_or_else(|| {
            self.format("Relationship must have properties $relationshipName and $targetId.")
        })?;
        new.ignores_case = true;
        Ok(Row::Relationship { source, id, new })
    }

    /// Returns the required id `name` of a row.
    fn id(&self, row: &Map<String, Value>, name: &str, missing: &str) -> Result<String, FileError> {
        match row.get(name).and_then(Value::as_str) {
            Some(id) if is_valid_id(id) => Ok(id.to_owned()),
            Some(id) => Err(self.format(format!("The value '{id}' of {name} is not a valid id."))),
            None => Err(self.format(missing)),
        }
    }
}

/// Describes why a line is not an object. The parser's line number is omitted, because it is always 1.
fn not_an_object(error: &serde_json::Error) -> String {
    let column = error.column();
    match error.classify() {
        Category::Eof => format!("The line is not a JSON object: it ends too early, after column {column}."),
        Category::Syntax => {
            format!("The line is not a JSON object: it is not valid JSON at column {column}.")
        }
        Category::Data | Category::Io => {
            "The line is not a JSON object: it is another JSON value.".to_owned()
        }
    }
}

/// Returns the value of `Section` if a line opens a section. Rows of twins may also have a property with that name.
fn section_name(row: &Map<String, Value>) -> Option<&Value> {
    row.get("Section").filter(|_| row.len() == 1)
}

/// Returns the key of a line such as `{"Sections": "Twins"}`, whose only value is the name of a section although
/// the key is not `Section`.
fn wrong_section_key(row: &Map<String, Value>) -> Option<&str> {
    let (key, value) = row.iter().next().filter(|_| row.len() == 1)?;
    let name = value.as_str()?;
    let is_section = |section: &Section| section.name().eq_ignore_ascii_case(name);
    Section::ALL.iter().any(is_section).then_some(key)
}
