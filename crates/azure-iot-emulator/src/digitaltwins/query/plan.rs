//! A query made ready: the variables of a row, where to begin, which relationships to walk in which order, and
//! which tests can be made after each step.

use std::collections::HashSet;
use std::sync::Arc;

use twin_query::digitaltwins::{Collection, Direction, Hops, Query, Scope, Select, VariableKind};
use twin_query::{Name, Path};

use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::query::candidates::Candidates;
use crate::digitaltwins::query::condition::Test;
use crate::digitaltwins::store::graph::{Generation, Graph, IndexName};
use crate::digitaltwins::store::property_index::Pin;
use crate::digitaltwins::store::slab::Slot;
use crate::digitaltwins::store::twin::Twin;
use crate::digitaltwins::store::value::{Found, in_relationship, in_twin};

/// The documentation explains `*3..5` as four or five hops. Nobody has recorded what the service does; this is the
/// one place to change should it count the lower bound in.
const RANGE_EXCLUDES_LOWER_BOUND: bool = true;

/// Everything needed to find the rows of a query.
#[derive(Debug)]
pub(super) struct Plan<'q> {
    /// The graph that it is made for.
    pub(super) generation: Generation,
    pub(super) variables: Variables<'q>,
    /// The variable that the candidates are values of.
    pub(super) root: usize,
    /// Whether the root is a node of a `MATCH` pattern.
    pub(super) root_in_pattern: bool,
    pub(super) candidates: Candidates,
    /// Keeps the index of the candidates there as long as the plan is.
    _pin: Option<Pin>,
    /// An index that would leave fewer candidates, were it there.
    pub(super) missing_index: Option<IndexName>,
    pub(super) hops: Vec<Hop<'q>>,
    /// The tests to make after so many hops.
    pub(super) tests: Vec<Vec<Test<'q>>>,
    pub(super) columns: Columns<'q>,
    /// The most rows that the whole query returns.
    pub(super) limit: Option<u64>,
}

/// What the rows of a query hold.
#[derive(Debug)]
pub(super) enum Columns<'q> {
    Count,
    /// The twin or relationship itself.
    Bare(usize),
    Named(Vec<(&'q str, PathInRow)>),
}

/// Relationships to follow from a twin that is known to one that is not, or must be the one that it is.
#[derive(Debug, Clone)]
pub(super) struct Hop<'q> {
    pub(super) from: usize,
    pub(super) to: usize,
    /// As walked from `from` to `to`.
    pub(super) direction: Direction,
    /// Any of these; empty means all.
    pub(super) names: Vec<&'q str>,
    pub(super) least: u32,
    pub(super) most: u32,
    pub(super) relationship: Option<usize>,
    /// Whether `to` is known already.
    pub(super) closes: bool,
    /// Whether it comes from `MATCH`, which visits no twin twice.
    pub(super) in_pattern: bool,
}

/// A property of one variable of the row; the variable itself if there are no names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PathInRow {
    pub(super) variable: usize,
    pub(super) names: Vec<String>,
}

/// The variables of a query, named and not.
#[derive(Debug)]
pub(super) struct Variables<'q> {
    scope: Scope<'q>,
    list: Vec<(Option<&'q Name>, VariableKind)>,
}

impl<'q> Variables<'q> {
    fn add(&mut self, name: Option<&'q Name>, kind: VariableKind) -> usize {
        let known = name.and_then(|name| self.find(name));
        known.unwrap_or_else(|| {
            self.list.push((name, kind));
            self.list.len() - 1
        })
    }

    fn find(&self, name: &Name) -> Option<usize> {
        self.list.iter().position(|(other, _)| *other == Some(name))
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// A path with its variable resolved.
    pub(super) fn path(&self, path: &Path) -> Answer<PathInRow> {
        let unknown = || errors::query_invalid(&format!("{} is not an alias of the query.", path.first()));
        let resolved = self.scope.resolve(path).ok_or_else(unknown)?;
        let variable = match resolved.variable {
            Some(name) => self.find(name).ok_or_else(unknown)?,
            None => 0,
        };
        Ok(PathInRow {
            variable,
            names: resolved.property.iter().map(ToString::to_string).collect(),
        })
    }

    /// A twin variable by its name; without one the query's only collection.
    pub(super) fn twin(&self, name: Option<&Name>) -> Answer<usize> {
        let variable = match name {
            Some(name) => self.find(name),
            None => self.scope.is_single().then_some(0),
        };
        variable
            .filter(|at| matches!(self.list.get(*at), Some((_, VariableKind::Twin))))
            .ok_or_else(|| {
                errors::query_invalid(
                    "IS_OF_MODEL needs the alias of a twin collection as its first argument.",
                )
            })
    }
}

/// One relationship, or chain of relationships, that the query asks for between two twins.
struct Edge<'q> {
    left: usize,
    right: usize,
    hop: Hop<'q>,
}

impl<'q> Plan<'q> {
    pub(super) fn new(query: &'q Query, graph: &Graph) -> Answer<Self> {
        let mut variables = Variables {
            scope: query.scope(),
            list: Vec::new(),
        };
        let edges = edges(query, &mut variables)?;
        let mut open = match &query.filter {
            Some(twin_query::digitaltwins::Condition::And(parts)) => parts
                .iter()
                .map(|part| Test::new(part, &variables, graph))
                .collect::<Answer<Vec<_>>>()?,
            Some(filter) => vec![Test::new(filter, &variables, graph)?],
            None => Vec::new(),
        };
        let (root, candidates) = begin(query.collection, &variables, &open, graph);
        let missing_index = candidates.missing_index(query.collection, root, &open, graph);
        let root_in_pattern = query.pattern.is_some()
            && (edges.is_empty()
                || edges
                    .iter()
                    .any(|edge| edge.hop.in_pattern && (edge.left == root || edge.right == root)));

        let mut known = HashSet::from([root]);
        let mut tests = vec![take_decidable(&mut open, &known)];
        let mut hops = Vec::with_capacity(edges.len());
        for hop in in_order(edges, root)? {
            known.extend([Some(hop.to), hop.relationship].into_iter().flatten());
            hops.push(hop);
            tests.push(take_decidable(&mut open, &known));
        }
        if known.len() < variables.len() {
            return Err(errors::query_invalid(
                "Every collection of a query must be connected with the others.",
            ));
        }
        let (columns, limit) = columns(&query.select, &variables)?;
        Ok(Plan {
            generation: graph.generation(),
            variables,
            root,
            root_in_pattern,
            _pin: candidates.pin(graph),
            candidates,
            missing_index,
            hops,
            tests,
            columns,
            limit,
        })
    }
}

/// Gives every collection of the query a variable, and tells what connects them.
fn edges<'q>(query: &'q Query, variables: &mut Variables<'q>) -> Answer<Vec<Edge<'q>>> {
    let walks = !query.joins.is_empty() || query.pattern.is_some();
    if walks && query.collection == Collection::Relationships {
        return Err(errors::query_invalid(
            "JOIN and MATCH are for the collection DIGITALTWINS.",
        ));
    }
    if !walks || query.alias.is_some() {
        variables.add(query.alias.as_ref(), query.collection.kind());
    }
    let mut edges = Vec::new();
    for join in &query.joins {
        let left = variables.add(Some(&join.source), VariableKind::Twin);
        let right = variables.add(Some(&join.target), VariableKind::Twin);
        let relationship = join
            .variable
            .as_ref()
            .map(|name| variables.add(Some(name), VariableKind::Relationship));
        let hop = Hop {
            from: left,
            to: right,
            direction: Direction::Outgoing,
            names: vec![join.relationship.as_str()],
            least: 1,
            most: 1,
            relationship,
            closes: false,
            in_pattern: false,
        };
        edges.push(Edge { left, right, hop });
    }
    let Some(pattern) = &query.pattern else {
        return Ok(edges);
    };
    let mut left = variables.add(pattern.start.as_ref(), VariableKind::Twin);
    for step in &pattern.steps {
        let edge = &step.edge;
        let relationship = edge
            .variable
            .as_ref()
            .map(|name| variables.add(Some(name), VariableKind::Relationship));
        let right = variables.add(step.node.as_ref(), VariableKind::Twin);
        let (least, most) = bounds(edge.hops);
        let hop = Hop {
            from: left,
            to: right,
            direction: edge.direction,
            names: edge.names.iter().map(Name::as_str).collect(),
            least,
            most,
            relationship,
            closes: false,
            in_pattern: true,
        };
        edges.push(Edge { left, right, hop });
        left = right;
    }
    Ok(edges)
}

fn bounds(hops: Option<Hops>) -> (u32, u32) {
    match hops {
        None => (1, 1),
        Some(Hops::Exact(hops)) => (hops, hops),
        Some(Hops::Range { from: None, to }) => (1, to),
        Some(Hops::Range { from: Some(from), to }) => (from + u32::from(RANGE_EXCLUDES_LOWER_BOUND), to),
    }
}

/// The variable that an index narrows down best; the first one if there is no difference.
fn begin(
    collection: Collection,
    variables: &Variables<'_>,
    tests: &[Test<'_>],
    graph: &Graph,
) -> (usize, Candidates) {
    if collection == Collection::Relationships {
        return (0, Candidates::of_relationship(0, tests, graph));
    }
    let twins = variables
        .list
        .iter()
        .enumerate()
        .filter(|(_, (_, kind))| *kind == VariableKind::Twin);
    twins
        .map(|(variable, _)| (variable, Candidates::of_twin(variable, tests, graph)))
        .min_by_key(|(variable, candidates)| candidates.rank_with_indexes(*variable, tests))
        .unwrap_or((0, Candidates::AllTwins))
}

/// The edges as hops, each from a twin that is known by then.
fn in_order<'q>(mut edges: Vec<Edge<'q>>, root: usize) -> Answer<Vec<Hop<'q>>> {
    let mut known = HashSet::from([root]);
    let mut hops = Vec::with_capacity(edges.len());
    while !edges.is_empty() {
        let Some(at) = edges
            .iter()
            .position(|edge| known.contains(&edge.left) || known.contains(&edge.right))
        else {
            return Err(errors::query_invalid(
                "Every collection of a query must be connected with the others.",
            ));
        };
        let edge = edges.remove(at);
        let mut hop = edge.hop;
        if !known.contains(&edge.left) {
            (hop.from, hop.to) = (edge.right, edge.left);
            hop.direction = match hop.direction {
                Direction::Outgoing => Direction::Incoming,
                Direction::Incoming => Direction::Outgoing,
                Direction::Either => Direction::Either,
            };
        }
        hop.closes = !known.insert(hop.to);
        hops.push(hop);
    }
    Ok(hops)
}

/// Takes out the tests that read nothing but known variables.
fn take_decidable<'q>(open: &mut Vec<Test<'q>>, known: &HashSet<usize>) -> Vec<Test<'q>> {
    let (decidable, rest) = std::mem::take(open).into_iter().partition(|test| {
        let mut reads = HashSet::new();
        test.reads(&mut reads);
        reads.is_subset(known)
    });
    *open = rest;
    decidable
}

fn columns<'q>(select: &'q Select, variables: &Variables<'q>) -> Answer<(Columns<'q>, Option<u64>)> {
    let named = |projections: &'q [twin_query::digitaltwins::Projection]| {
        let columns = projections
            .iter()
            .map(|projection| Ok((projection.key().as_str(), variables.path(&projection.path)?)))
            .collect::<Answer<Vec<_>>>()?;
        Ok(Columns::Named(columns))
    };
    Ok(match select {
        Select::Count => (Columns::Count, None),
        Select::All => (all(variables), None),
        Select::Projections(projections) => (named(projections)?, None),
        Select::Top { count, projections } if projections.is_empty() => (all(variables), Some(*count)),
        Select::Top { count, projections } => (named(projections)?, Some(*count)),
    })
}

/// The only variable by itself; several by their names.
fn all<'q>(variables: &Variables<'q>) -> Columns<'q> {
    if variables.len() == 1 {
        return Columns::Bare(0);
    }
    let named = variables
        .list
        .iter()
        .enumerate()
        .filter_map(|(variable, (name, _))| {
            name.map(|name| {
                (
                    name.as_str(),
                    PathInRow {
                        variable,
                        names: Vec::new(),
                    },
                )
            })
        });
    Columns::Named(named.collect())
}

/// The values of the variables, as far as they are known.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) graph: &'a Graph,
    pub(super) variables: &'a Variables<'a>,
    pub(super) slots: Vec<Slot>,
    pub(super) with_update_times: bool,
}

impl<'a> Row<'a> {
    pub(super) fn twin(&self, variable: usize) -> Option<&'a Arc<Twin>> {
        self.graph.twin(*self.slots.get(variable)?)
    }

    pub(super) fn value(&self, path: &PathInRow) -> Option<Found<'a>> {
        let (_, kind) = self.variables.list.get(path.variable)?;
        match kind {
            VariableKind::Twin => in_twin(self.twin(path.variable)?, &path.names, self.with_update_times),
            VariableKind::Relationship => in_relationship(
                self.graph.relationship(*self.slots.get(path.variable)?)?,
                &path.names,
            ),
        }
    }
}
