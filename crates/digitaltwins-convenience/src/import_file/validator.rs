//! The validator of import files.

use std::io::BufRead;

use serde_json::Value;

use super::check::Check;
use super::problem::ImportFileProblem;
use crate::error::{Error, Result};

/// A validator of files for [import jobs](crate::DigitalTwinsClient::create_import_job). Validate a file before
/// uploading it, because a failed job does not remove the resources that it has already imported.
///
/// It checks the order of the sections, the syntax of each line and the limits of a job, validates the models as DTDL,
/// validates twins and relationships against their models, and reports duplicate ids. Memory use grows with the number
/// of ids, not with the size of the file.
///
/// # Example
///
/// ```
/// use digitaltwins_convenience::ImportFileValidator;
///
/// let file = r#"{"Section":"Header"}
/// {"fileVersion":"1.0.0","author":"building team","organization":"Contoso"}
/// {"Section":"Twins"}
/// {"$dtId":"room-1","$metadata":{}}
/// "#;
/// let report = ImportFileValidator::new().check(file.as_bytes())?;
/// assert_eq!(report.problems[0].to_string(), "line 4 (Twins): the string $metadata.$model is missing");
/// # Ok::<(), digitaltwins_convenience::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ImportFileValidator {
    pub(super) models: Vec<Value>,
    pub(super) self_contained: bool,
    max_problems: usize,
}

impl Default for ImportFileValidator {
    fn default() -> Self {
        Self {
            models: Vec::new(),
            self_contained: false,
            max_problems: 1000,
        }
    }
}

/// The result of validating an import file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportFileReport {
    /// The number of models.
    pub models: u64,
    /// The number of twins.
    pub twins: u64,
    /// The number of relationships.
    pub relationships: u64,
    /// The problems, in line order.
    pub problems: Vec<ImportFileProblem>,
}

impl ImportFileReport {
    /// Returns whether there are no problems.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

impl ImportFileValidator {
    /// Creates a validator for a file that may refer to existing models and twins. Such references are not checked.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds definitions of models that already exist on the instance.
    #[must_use]
    pub fn with_models(mut self, models: impl IntoIterator<Item = Value>) -> Self {
        self.models.extend(models);
        self
    }

    /// Reports each reference to a twin that is not in the file, or to a model that is neither in the file nor given by
    /// [`with_models`](Self::with_models).
    #[must_use]
    pub fn with_self_contained(mut self) -> Self {
        self.self_contained = true;
        self
    }

    /// Sets the number of problems after which validation stops. Default: 1000.
    #[must_use]
    pub fn with_max_problems(mut self, problems: usize) -> Self {
        self.max_problems = problems.max(1);
        self
    }

    /// Validates a file.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read. Problems in its content are in the report.
    pub fn check(&self, mut file: impl BufRead) -> Result<ImportFileReport> {
        let mut check = Check::new(self);
        let mut line = Vec::new();
        while check.report.problems.len() < self.max_problems {
            line.clear();
            if file.read_until(b'\n', &mut line).map_err(Error::read_file)? == 0 {
                break;
            }
            check.line(line.trim_ascii_end());
        }
        check.end();
        let mut report = check.report;
        // Models are parsed at the end of their section, so their problems are found after those of all its lines.
        report.problems.sort_by_key(|problem| problem.line);
        report.problems.truncate(self.max_problems);
        Ok(report)
    }
}
