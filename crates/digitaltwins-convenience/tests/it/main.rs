//! Everything that can be tested without a service: what is sent, and what becomes of the answers.

mod bulk;
mod faults;
mod fixtures;
mod graph;
mod import_file;
mod jobs;
mod modify;
mod pages;
mod patches;
mod requests;
mod store;
mod support;
