//! Import files: sections with one JSON object per line.

mod check;
mod check_graph;
mod problem;
mod section;
mod validator;
mod writer;

pub use problem::{ImportFileProblem, ImportFileProblemKind};
pub use section::ImportFileSection;
pub use validator::{ImportFileReport, ImportFileValidator};
pub use writer::ImportFileWriter;
