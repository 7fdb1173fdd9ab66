//! Device and module twins, patches and replacements.

mod collection;
mod limits;
mod merge;
mod model;
mod patch;
mod replacement;
mod sections;
#[cfg(test)]
mod testing;
mod violation;

pub use collection::TwinCollection;
pub use model::{ConfigurationInfo, ConfigurationInfoStatus, Twin, TwinProperties};
pub use patch::TwinPatch;
pub use replacement::TwinReplacement;
pub use violation::{InvalidTwin, Rule, Violation};

pub(crate) use model::read_only_changes;
