//! Background jobs: imports of models, twins and relationships, and deletions of everything.
//!
//! | module | content |
//! |---|---|
//! | [`record`], [`table`] | records of jobs, and their table |
//! | [`worker`] | the threads that run jobs |
//! | [`import`], [`import_file`], [`section`], [`import_rows`], [`import_log`], [`blobs`], [`blob_reader`] | execution of an import: the input file, its sections, storage of its rows, the log, blob storage |
//! | [`deletion`] | execution of a deletion |
//!
//! Only one job can run at a time. Its thread releases the graph's lock between batches.

mod blob_reader;
pub(crate) mod blobs;
mod deletion;
mod import;
mod import_file;
mod import_log;
mod import_rows;
pub(crate) mod record;
mod section;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod worker;
