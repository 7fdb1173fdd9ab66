//! Rules that concern several elements, checked when all of them are known.

mod constraints;
mod graph;
mod hierarchy;
mod siblings;
mod unique;

use std::collections::HashMap;

use crate::model::ElementIndex;
use crate::parser::Session;

/// The Interfaces that each Interface extends, directly or not.
pub(crate) type Ancestors = HashMap<ElementIndex, Vec<ElementIndex>>;

/// Checks everything, and works out who extends whom.
pub(crate) fn run(session: &mut Session<'_>) -> Ancestors {
    let walk = graph::walk(session);
    let ancestors = hierarchy::check(session, &walk);
    unique::check(session, &ancestors);
    constraints::check(session);
    siblings::check(session, &ancestors);
    ancestors
}
