//! Rules that concern several elements, checked after all references are resolved.

mod constraints;
mod graph;
mod hierarchy;
mod siblings;
mod unique;

pub(crate) use hierarchy::Ancestors;

use crate::parser::session::Session;

/// Runs all checks. Returns the ancestors of each Interface.
pub(crate) fn run(session: &mut Session<'_>) -> Ancestors {
    let walk = graph::walk(session);
    let ancestors = hierarchy::check(session, &walk);
    unique::check(session, &ancestors);
    constraints::check(session);
    siblings::check(session, &ancestors);
    ancestors
}
