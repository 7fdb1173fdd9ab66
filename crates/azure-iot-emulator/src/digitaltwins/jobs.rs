//! Jobs that run in the background: imports of models, twins and relationships, and the deletion of everything.
//!
//! | where | what |
//! |---|---|
//! | [`record`], [`table`] | jobs as they are stored, and the table of them |
//! | [`worker`] | the threads that run jobs |
//! | [`import`], [`section`], [`import_rows`], [`import_log`], [`blobs`] | running an import: the file, its sections and rows, the log, where both files are |
//! | [`deletion`] | running a deletion |
//!
//! One job runs at a time, on a thread of its own, which releases the graph often.

pub(crate) mod blobs;
mod deletion;
mod import;
mod import_log;
mod import_rows;
pub(crate) mod record;
mod section;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod worker;
