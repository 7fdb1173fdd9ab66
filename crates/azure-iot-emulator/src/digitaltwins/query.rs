//! Queries: parsed by `twin-query`, planned and executed here.
//!
//! | where | what |
//! |---|---|
//! | [`plan`], [`condition`], [`candidates`] | a prepared query: where to start, what to follow, when to test |
//! | [`row`] | the variables of a query and their values |
//! | [`execute`] | the rows of a page, one starting point after the other |
//! | [`walk`] | the walk from a starting point |
//! | [`run`] | a page in chunks, between which the graph is released |
//! | [`token`] | where the next page starts |

mod candidates;
mod condition;
mod execute;
mod plan;
mod row;
pub(crate) mod run;
#[cfg(test)]
mod tests;
pub(crate) mod token;
mod walk;
