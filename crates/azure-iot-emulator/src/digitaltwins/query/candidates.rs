//! The starting points of a query: the smallest set of twins or relationships that an index yields for its condition.

use std::collections::BTreeSet;
use std::sync::Arc;

use twin_query::digitaltwins::Collection;
use twin_query::{Comparison, Literal};

use crate::digitaltwins::query::condition::{Term, Test};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::graph::indexes::IndexName;
use crate::digitaltwins::store::property_index::{Pin, PropertyIndexes, ValueHash};
use crate::digitaltwins::store::slab::Slot;
use crate::digitaltwins::store::value::{IndexedScalar, Scalar, constant, is_indexed};

/// Starting points, in the order of their slots.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Candidates {
    AllTwins,
    /// Twins with any of these models.
    TwinsOf(Vec<Arc<str>>),
    AllRelationships,
    /// Relationships with any of these names.
    RelationshipsNamed(Vec<String>),
    /// Twins with a value of any of these hashes at a path.
    TwinsWith(Vec<String>, Vec<ValueHash>),
    RelationshipsWith(Vec<String>, Vec<ValueHash>),
    /// Exactly these, in ascending order.
    Slots(Vec<Slot>),
}

/// Maximum number of candidates that are counted to compare two indexes.
const MAX_COUNT: usize = 1024;

impl Candidates {
    /// Returns up to `limit` starting points, beginning at the slot `from`.
    pub(super) fn next(&self, graph: &Graph, from: Slot, limit: usize) -> Vec<Slot> {
        match self {
            Candidates::AllTwins => (from..graph.twin_end())
                .filter(|slot| graph.twin(*slot).is_some())
                .take(limit)
                .collect(),
            Candidates::AllRelationships => (from..graph.relationship_end())
                .filter(|slot| graph.relationship(*slot).is_some())
                .take(limit)
                .collect(),
            Candidates::TwinsOf(models) => {
                let lists = models.iter().filter_map(|model| graph.twins_of_model(model));
                merged(lists.map(|slots| slots.range(from..).copied()), limit)
            }
            Candidates::RelationshipsNamed(names) => {
                let lists = names.iter().filter_map(|name| graph.relationships_named(name));
                merged(lists.map(|slots| slots.range(from..).copied()), limit)
            }
            Candidates::TwinsWith(path, hashes) => {
                let values = graph.twin_values();
                merged(hashes.iter().map(|hash| values.slots(path, *hash, from)), limit)
            }
            Candidates::RelationshipsWith(path, hashes) => {
                let values = graph.relationship_values();
                merged(hashes.iter().map(|hash| values.slots(path, *hash, from)), limit)
            }
            Candidates::Slots(slots) => {
                let rest = slots.get(slots.partition_point(|slot| *slot < from)..);
                rest.unwrap_or_default().iter().copied().take(limit).collect()
            }
        }
    }

    /// Pins the index that yields the candidates.
    pub(super) fn pin(&self, graph: &Graph) -> Option<Pin> {
        match self {
            Candidates::TwinsWith(path, _) => graph.twin_values().pin(path),
            Candidates::RelationshipsWith(path, _) => graph.relationship_values().pin(path),
            _ => None,
        }
    }

    /// Ranks how selective the candidates are; lower is better.
    fn rank(&self) -> u8 {
        match self {
            Candidates::Slots(_) => 0,
            Candidates::TwinsOf(_)
            | Candidates::RelationshipsNamed(_)
            | Candidates::TwinsWith(..)
            | Candidates::RelationshipsWith(..) => 1,
            Candidates::AllTwins | Candidates::AllRelationships => 2,
        }
    }

    /// Returns the rank that the candidates of a variable have once every index exists. It depends only on the source of
    /// the query, because every page must start with the same variable.
    pub(super) fn rank_with_indexes(&self, variable: usize, tests: &[Test<'_>]) -> u8 {
        let indexed = tests
            .iter()
            .filter_map(|test| equals(test, variable))
            .any(|(path, _)| is_indexed(path));
        self.rank().min(if indexed { 1 } else { 2 })
    }

    /// Returns an estimate of the number of candidates.
    fn estimate(&self, graph: &Graph) -> usize {
        match self {
            Candidates::AllTwins | Candidates::AllRelationships => usize::MAX,
            Candidates::TwinsOf(models) => models
                .iter()
                .filter_map(|model| graph.twins_of_model(model))
                .map(BTreeSet::len)
                .sum(),
            Candidates::RelationshipsNamed(names) => names
                .iter()
                .filter_map(|name| graph.relationships_named(name))
                .map(BTreeSet::len)
                .sum(),
            Candidates::TwinsWith(path, hashes) => hashes
                .iter()
                .map(|hash| graph.twin_values().count(path, *hash, MAX_COUNT))
                .sum(),
            Candidates::RelationshipsWith(path, hashes) => hashes
                .iter()
                .map(|hash| graph.relationship_values().count(path, *hash, MAX_COUNT))
                .sum(),
            Candidates::Slots(slots) => slots.len(),
        }
    }

    fn better(self, other: Self, graph: &Graph) -> Self {
        let key = |candidates: &Self| (candidates.rank(), candidates.estimate(graph));
        if key(&other) < key(&self) { other } else { self }
    }

    /// Returns an index that does not exist and would serve the condition of a variable.
    pub(super) fn missing_index(
        &self,
        collection: Collection,
        variable: usize,
        tests: &[Test<'_>],
        graph: &Graph,
    ) -> Option<IndexName> {
        if self.rank() == 0 {
            return None;
        }
        let name = |path: &[String]| match collection {
            Collection::Twins => IndexName::Twins(path.to_vec()),
            Collection::Relationships => IndexName::Relationships(path.to_vec()),
        };
        let mut paths = tests.iter().filter_map(|test| equals(test, variable));
        paths
            .find_map(|(path, _)| is_indexed(path).then(|| name(path)))
            .filter(|name| !graph.has_index(name))
    }

    /// Returns the candidates for a twin variable whose tests must all hold.
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
                        Candidates::slots(strings(&ids).filter_map(|id| graph.find(id)).collect())
                    }
                    Some((path, models)) if is(path, &["$metadata", "$model"]) => {
                        Candidates::TwinsOf(strings(&models).map(Arc::from).collect())
                    }
                    Some((path, values))
                        if is_indexed(path) && graph.has_index(&IndexName::Twins(path.to_vec())) =>
                    {
                        let hashes = hashes(&values, graph.twin_values());
                        Candidates::TwinsWith(path.to_vec(), hashes)
                    }
                    _ => continue,
                },
            };
            best = best.better(found, graph);
        }
        best
    }

    /// Returns the candidates for a query over relationships.
    pub(super) fn of_relationship(variable: usize, tests: &[Test<'_>], graph: &Graph) -> Self {
        let mut best = Candidates::AllRelationships;
        for test in tests {
            let found = match equals(test, variable) {
                Some((path, ids)) if is(path, &["$sourceId"]) => Candidates::slots(
                    strings(&ids)
                        .filter_map(|id| graph.node(graph.find(id)?))
                        .flat_map(|node| node.outgoing.iter().copied())
                        .collect(),
                ),
                Some((path, ids)) if is(path, &["$targetId"]) => Candidates::slots(
                    strings(&ids)
                        .filter_map(|id| graph.node(graph.find(id)?))
                        .flat_map(|node| node.incoming.iter().copied())
                        .collect(),
                ),
                Some((path, names)) if is(path, &["$relationshipName"]) => {
                    Candidates::RelationshipsNamed(strings(&names).map(str::to_owned).collect())
                }
                Some((path, values))
                    if is_indexed(path) && graph.has_index(&IndexName::Relationships(path.to_vec())) =>
                {
                    let hashes = hashes(&values, graph.relationship_values());
                    Candidates::RelationshipsWith(path.to_vec(), hashes)
                }
                _ => continue,
            };
            best = best.better(found, graph);
        }
        best
    }

    fn slots(mut slots: Vec<Slot>) -> Self {
        slots.sort_unstable();
        slots.dedup();
        Candidates::Slots(slots)
    }
}

/// Merges ascending lists and returns the first `limit` slots.
fn merged(lists: impl Iterator<Item = impl Iterator<Item = Slot>>, limit: usize) -> Vec<Slot> {
    let mut slots: Vec<_> = lists.flat_map(|list| list.take(limit)).collect();
    slots.sort_unstable();
    slots.dedup();
    slots.truncate(limit);
    slots
}

/// Returns path and values if the test is an equality, or an `IN`, on a property of the variable.
fn equals<'t>(test: &'t Test<'_>, variable: usize) -> Option<(&'t [String], Vec<&'t Literal>)> {
    let (path, values) = match test {
        Test::Compare {
            left,
            operator: Comparison::Equal,
            right,
        } => match (left, right) {
            (Term::Path(path), Term::Literal(literal)) | (Term::Literal(literal), Term::Path(path)) => {
                (path, vec![*literal])
            }
            _ => return None,
        },
        Test::In {
            operand: Term::Path(path),
            negated: false,
            values,
        } => (path, values.iter().collect()),
        _ => return None,
    };
    (path.variable == variable).then_some((path.names.as_slice(), values))
}

/// Returns the strings among `values`. Other values never equal an id.
fn strings<'t>(values: &[&'t Literal]) -> impl Iterator<Item = &'t str> {
    values.iter().filter_map(|value| match constant(value) {
        Scalar::Text(text) => Some(text),
        _ => None,
    })
}

fn hashes(values: &[&Literal], indexes: &PropertyIndexes) -> Vec<ValueHash> {
    let scalars = values.iter().filter_map(|value| IndexedScalar::constant(value));
    scalars.map(|scalar| indexes.hash(&scalar)).collect()
}

/// Returns whether a path consists of exactly these names.
fn is(path: &[String], names: &[&str]) -> bool {
    path.iter().eq(names)
}
