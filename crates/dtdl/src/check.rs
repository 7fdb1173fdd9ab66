//! Rules that concern several elements, checked when all of them are known.

mod constraints;
mod graph;
mod hierarchy;
mod siblings;
mod unique;

pub(crate) use hierarchy::Ancestors;

use crate::parser::session::Session;

/// Checks everything, and works out who extends whom.
pub(crate) fn run(session: &mut Session<'_>) -> Ancestors {
    let walk = graph::walk(session);
    let ancestors = hierarchy::check(session, &walk);
    unique::check(session, &ancestors);
    constraints::check(session);
    siblings::check(session, &ancestors);
    ancestors
}
