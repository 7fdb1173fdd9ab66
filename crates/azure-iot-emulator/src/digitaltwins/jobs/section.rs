//! The sections of an import file, and the reasons to stop an import early.

use crate::digitaltwins::errors::ServiceError;

/// The sections, in their required order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Header,
    Models,
    Twins,
    Relationships,
}

/// The names of the sections, for messages.
pub(super) const SECTION_NAMES: &str = "Header, Models, Twins, Relationships";

impl Section {
    pub(super) const ALL: [Section; 4] = [
        Section::Header,
        Section::Models,
        Section::Twins,
        Section::Relationships,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Section::Header => "Header",
            Section::Models => "Models",
            Section::Twins => "Twins",
            Section::Relationships => "Relationships",
        }
    }

    /// Returns the maximum number of rows of the section in one job.
    pub(super) fn limit(self) -> u64 {
        match self {
            Section::Header => 1,
            Section::Models => 10_000,
            Section::Twins => 2_000_000,
            Section::Relationships => 10_000_000,
        }
    }
}

/// The reason to stop an import before the end of its file.
#[derive(Debug)]
pub(super) enum End {
    Cancelled,
    /// The instance was dropped. The import resumes at its checkpoint when the state is loaded.
    Stopping,
    Failed(Failure),
}

/// The error of a failed import.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) section: Option<Section>,
    pub(super) line: Option<u64>,
}

impl Failure {
    pub(super) fn format(section: Section, line: u64, message: String) -> End {
        End::Failed(Failure {
            code: "UnsupportedFileFormat".to_owned(),
            message,
            section: Some(section),
            line: Some(line),
        })
    }

    pub(super) fn refused(section: Section, line: Option<u64>, error: &ServiceError) -> End {
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
