//! Where a query begins: the fewest twins or relationships that its condition leaves, found by an index.

use std::sync::Arc;

use twin_query::Comparison;

use super::condition::{Term, Test};
use super::plan::PathInRow;
use super::value::{Scalar, constant};
use crate::digitaltwins::graph::Graph;
use crate::digitaltwins::slab::Slot;

/// Starting points, in the order of their places.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Candidates {
    AllTwins,
    /// Twins of any of these models.
    TwinsOf(Vec<Arc<str>>),
    AllRelationships,
    /// Relationships of any of these names.
    RelationshipsNamed(Vec<String>),
    /// Just these, in ascending order.
    Slots(Vec<Slot>),
}

impl Candidates {
    /// The first starting point from a place on.
    pub(super) fn next(&self, graph: &Graph, from: Slot) -> Option<Slot> {
        match self {
            Candidates::AllTwins => (from..graph.twin_end()).find(|slot| graph.twin(*slot).is_some()),
            Candidates::AllRelationships => {
                (from..graph.relationship_end()).find(|slot| graph.relationship(*slot).is_some())
            }
            Candidates::TwinsOf(models) => models
                .iter()
                .filter_map(|model| graph.twins_of_model(model)?.range(from..).next().copied())
                .min(),
            Candidates::RelationshipsNamed(names) => names
                .iter()
                .filter_map(|name| graph.relationships_named(name)?.range(from..).next().copied())
                .min(),
            Candidates::Slots(slots) => slots.get(slots.partition_point(|slot| *slot < from)).copied(),
        }
    }

    /// How promising it is to begin here; less is better.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Candidates::Slots(_) => 0,
            Candidates::TwinsOf(_) | Candidates::RelationshipsNamed(_) => 1,
            Candidates::AllTwins | Candidates::AllRelationships => 2,
        }
    }

    /// The twins that a variable can stand for, as far as an index tells from conditions that must all hold.
    pub(super) fn of_twin(variable: usize, tests: &[Test<'_>], graph: &Graph) -> Self {
        let mut best = Candidates::AllTwins;
        for test in tests {
            let found = match test {
                Test::Model {
                    variable: other,
                    models,
                } if *other == variable => {
                    let mut models: Vec<_> = models.iter().map(Arc::clone).collect();
                    models.sort_unstable();
                    Candidates::TwinsOf(models)
                }
                test => match equals(test, variable) {
                    Some((path, ids)) if is(path, &["$dtId"]) => {
                        Candidates::slots(ids.iter().filter_map(|id| graph.find(id)).collect())
                    }
                    Some((path, models)) if is(path, &["$metadata", "$model"]) => {
                        Candidates::TwinsOf(models.into_iter().map(Arc::from).collect())
                    }
                    _ => continue,
                },
            };
            if found.rank() < best.rank() {
                best = found;
            }
        }
        best
    }

    /// The relationships that can be rows of a query over them.
    pub(super) fn of_relationship(variable: usize, tests: &[Test<'_>], graph: &Graph) -> Self {
        let mut best = Candidates::AllRelationships;
        for test in tests {
            let found = match equals(test, variable) {
                Some((path, ids)) if is(path, &["$sourceId"]) => Candidates::slots(
                    ids.iter()
                        .filter_map(|id| graph.node(graph.find(id)?))
                        .flat_map(|node| node.outgoing.iter().copied())
                        .collect(),
                ),
                Some((path, ids)) if is(path, &["$targetId"]) => Candidates::slots(
                    ids.iter()
                        .filter_map(|id| graph.node(graph.find(id)?))
                        .flat_map(|node| node.incoming.iter().copied())
                        .collect(),
                ),
                Some((path, names)) if is(path, &["$relationshipName"]) => {
                    Candidates::RelationshipsNamed(names.into_iter().map(str::to_owned).collect())
                }
                _ => continue,
            };
            if found.rank() < best.rank() {
                best = found;
            }
        }
        best
    }

    fn slots(mut slots: Vec<Slot>) -> Self {
        slots.sort_unstable();
        slots.dedup();
        Candidates::Slots(slots)
    }
}

/// Reads a test as "this path of the variable is one of these texts".
fn equals<'t>(test: &'t Test<'_>, variable: usize) -> Option<(&'t [String], Vec<&'t str>)> {
    let (path, texts) = match test {
        Test::Compare {
            left,
            operator: Comparison::Equal,
            right,
        } => match (left, right) {
            (Term::Path(path), Term::Literal(literal)) | (Term::Literal(literal), Term::Path(path)) => {
                (path, vec![constant(literal)])
            }
            _ => return None,
        },
        Test::In {
            operand: Term::Path(path),
            negated: false,
            values,
        } => (path, values.iter().map(constant).collect()),
        _ => return None,
    };
    let PathInRow {
        variable: other,
        names,
    } = path;
    // A value that is no text equals no identifier, so leaving it out loses nothing.
    let texts = texts.into_iter().filter_map(|value| match value {
        Scalar::Text(text) => Some(text),
        _ => None,
    });
    (*other == variable).then(|| (names.as_slice(), texts.collect()))
}

/// Whether a path consists of these names.
fn is(path: &[String], names: &[&str]) -> bool {
    path.iter().eq(names)
}
