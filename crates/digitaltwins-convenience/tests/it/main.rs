//! Everything that can be tested without a service: what is sent, and what becomes of the answers.

mod fixtures;
mod patches;
mod requests;
mod support;
