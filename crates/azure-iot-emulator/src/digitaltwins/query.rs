//! Plans and executes queries, which `twin-query` parses.
//!
//! | module | content |
//! |---|---|
//! | [`plan`], [`condition`], [`candidates`] | the plan of a query: starting points, hops, conditions |
//! | [`row`] | the variables of a query and their values |
//! | [`execute`] | rows of a page, one starting point at a time |
//! | [`walk`] | traversal from a starting point |
//! | [`run`] | execution in chunks, between which the graph's lock is released |
//! | [`token`] | continuation tokens |

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
