//! Runs all stages on a folder of published descriptions and reports which of them generate, and which compile.

mod compile;

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::description::load;
use crate::document::METHODS;
use crate::error::{Error, read};
use crate::generate::{Stages, Unsupported, stages};
use crate::workspace::Workspace;

/// The result of running all stages on a folder.
#[derive(Debug)]
pub struct Corpus {
    /// One row per description, in the order of the files.
    pub rows: Vec<Row>,
    compiled: bool,
}

/// The result for one description.
#[derive(Debug)]
pub struct Row {
    /// The file, relative to the folder.
    pub file: PathBuf,
    /// The operations that the file describes.
    pub operations: usize,
    /// The operations that were skipped, one line each.
    pub skipped: Vec<String>,
    /// The error, if nothing was generated.
    pub refused: Option<String>,
    /// The first compiler error, if the generated code does not compile.
    pub compiler_error: Option<String>,
}

impl Corpus {
    /// Counts the descriptions that generate.
    pub fn generated(&self) -> usize {
        self.rows.iter().filter(|row| row.refused.is_none()).count()
    }

    /// Counts the descriptions whose generated code compiles.
    pub fn compiled(&self) -> usize {
        let compiles = |row: &&Row| row.refused.is_none() && row.compiler_error.is_none();
        self.rows.iter().filter(compiles).count()
    }
}

/// Runs all stages on the descriptions in `folder`: those that its `files.txt` lists, or all that have operations. Compiles
/// the generated code too if `compile` is set.
///
/// # Errors
/// If the folder cannot be read or the compiler cannot be run. A description that is refused is a row, not an error.
pub fn corpus(
    workspace: &Workspace,
    folder: &Path,
    compile: bool,
    unsupported: Unsupported,
) -> Result<Corpus, Error> {
    let mut rows = Vec::new();
    let mut generated = Vec::new();
    for file in descriptions(folder)? {
        let (row, stages) = row(folder, &file, unsupported);
        generated.extend(stages.map(|stages| (rows.len(), stages.files)));
        rows.push(row);
    }
    if compile {
        for (index, error) in compile::compile(workspace, generated)? {
            rows[index].compiler_error = Some(error);
        }
    }
    Ok(Corpus {
        rows,
        compiled: compile,
    })
}

fn row(folder: &Path, file: &Path, unsupported: Unsupported) -> (Row, Option<Stages>) {
    let result = stages(file, None, "the corpus", unsupported);
    let mut row = Row {
        file: file.strip_prefix(folder).unwrap_or(file).to_owned(),
        operations: load(file).map_or(0, |(document, _)| operations(&document)),
        skipped: Vec::new(),
        refused: None,
        compiler_error: None,
    };
    match result {
        Ok(stages) => {
            row.skipped.clone_from(&stages.skipped);
            (row, Some(stages))
        }
        Err(error) => {
            row.refused = Some(error.to_string());
            (row, None)
        }
    }
}

/// Counts the operations of a description in either format.
fn operations(document: &Value) -> usize {
    ["paths", "x-ms-paths"]
        .iter()
        .filter_map(|key| document.get(key)?.as_object())
        .flat_map(|paths| paths.values())
        .map(|item| {
            METHODS
                .iter()
                .filter(|method| item.get(**method).is_some())
                .count()
        })
        .sum()
}

/// Returns the descriptions of a folder. Files that only other files refer to have no operations.
fn descriptions(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let list = folder.join("files.txt");
    if list.is_file() {
        let lines = read(&list)?;
        let names = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        return Ok(names.map(|name| folder.join(name)).collect());
    }
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    files.retain(|file| load(file).map_or(true, |(document, _)| operations(&document) > 0));
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let fail = |source| Error::Io {
        file: folder.to_owned(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.is_dir() {
            // Publishers keep example requests in these folders.
            if path.file_name().is_none_or(|name| name != "examples") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}

impl fmt::Display for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        let all: usize = self.rows.iter().map(|row| row.operations).sum();
        let skipped: usize = self.rows.iter().map(|row| row.skipped.len()).sum();
        write!(f, "{} generate, ", self.generated())?;
        if self.compiled {
            write!(f, "{} compile, ", self.compiled())?;
        }
        write!(
            f,
            "{skipped} of {all} operations skipped ({} descriptions)",
            self.rows.len()
        )
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (&self.refused, &self.compiler_error) {
            (Some(_), _) => "refused",
            (None, Some(_)) => "broken",
            (None, None) => "ok",
        };
        let (operations, skipped) = (self.operations, self.skipped.len());
        write!(f, "{state:8} {operations:5} {skipped:4}  {}", self.file.display())?;
        let reasons = self
            .refused
            .iter()
            .chain(&self.compiler_error)
            .chain(&self.skipped);
        reasons
            .into_iter()
            .try_for_each(|reason| write!(f, "\n{:21}{reason}", ""))
    }
}
