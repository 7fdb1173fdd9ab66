//! The file that an import job reads: one JSON object per line, in sections.

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
