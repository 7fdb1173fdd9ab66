//! The plan of a query: the starting points, the order of the hops, and the tests that are decidable after each hop.

use std::collections::HashSet;

use twin_query::Name;
use twin_query::digitaltwins::{
    Collection, Condition, Direction, Hops, Join, Pattern, Projection, Query, Select, VariableKind,
};

use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::query::candidates::Candidates;
use crate::digitaltwins::query::condition::Test;
use crate::digitaltwins::query::row::{PathInRow, Variables};
use crate::digitaltwins::store::graph::indexes::IndexName;
use crate::digitaltwins::store::graph::{Generation, Graph};
use crate::digitaltwins::store::property_index::Pin;

/// The documentation explains `*3..5` as four or five hops. No recording of the service confirms it; if the service
/// turns out to include the lower bound, only this constant changes.
const RANGE_EXCLUDES_LOWER_BOUND: bool = true;

/// An executable query.
#[derive(Debug)]
pub(super) struct Plan<'q> {
    /// The graph that the plan was made for.
    pub(super) generation: Generation,
    pub(super) variables: Variables<'q>,
    /// The variable of the candidates.
    pub(super) root: usize,
    /// Whether the root is a node of a `MATCH` pattern.
    pub(super) root_in_pattern: bool,
    pub(super) candidates: Candidates,
    /// Pins the index of the candidates while the plan is in use.
    _pin: Option<Pin>,
    /// An index that does not exist and would yield fewer candidates.
    pub(super) missing_index: Option<IndexName>,
    pub(super) hops: Vec<Hop<'q>>,
    /// Tests by the number of hops after which they are decidable.
    pub(super) tests: Vec<Vec<Test<'q>>>,
    pub(super) columns: Columns<'q>,
    /// Maximum number of rows over all pages.
    pub(super) limit: Option<u64>,
}

/// The columns of the rows.
#[derive(Debug)]
pub(super) enum Columns<'q> {
    Count,
    /// The twin or relationship itself.
    Bare(usize),
    Named(Vec<(&'q str, PathInRow)>),
}

/// A step over relationships from a bound twin variable to another one, bound or not.
#[derive(Debug, Clone)]
pub(super) struct Hop<'q> {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The direction as seen from `from`.
    pub(super) direction: Direction,
    /// Accepted relationship names; empty accepts all.
    pub(super) names: Vec<&'q str>,
    pub(super) least: u32,
    pub(super) most: u32,
    pub(super) relationship: Option<usize>,
    /// Whether `to` is already bound.
    pub(super) closes: bool,
    /// Whether the hop belongs to `MATCH`, which visits no twin twice.
    pub(super) in_pattern: bool,
}

/// A relationship, or chain of relationships, that the query requires between two twins.
struct Edge<'q> {
    left: usize,
    right: usize,
    hop: Hop<'q>,
}

impl<'q> Plan<'q> {
    pub(super) fn new(query: &'q Query, graph: &Graph) -> ServiceResult<Self> {
        let mut variables = Variables::new(query);
        let edges = edges(query, &mut variables)?;
        let mut open = match &query.filter {
            Some(Condition::And(parts)) => parts
                .iter()
                .map(|part| Test::new(part, &variables, graph))
                .collect::<ServiceResult<Vec<_>>>()?,
            Some(filter) => vec![Test::new(filter, &variables, graph)?],
            None => Vec::new(),
        };
        let (root, candidates) = start(query.collection, &variables, &open, graph);
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

/// Adds a variable for every collection of the query, and returns the edges between them.
fn edges<'q>(query: &'q Query, variables: &mut Variables<'q>) -> ServiceResult<Vec<Edge<'q>>> {
    let walks = !query.joins.is_empty() || query.pattern.is_some();
    if walks && query.collection == Collection::Relationships {
        return Err(errors::query_invalid(
            "JOIN and MATCH are for the collection DIGITALTWINS.",
        ));
    }
    if !walks || query.alias.is_some() {
        variables.add(query.alias.as_ref(), query.collection.kind());
    }
    let mut edges: Vec<_> = query
        .joins
        .iter()
        .map(|join| join_edge(join, variables))
        .collect();
    if let Some(pattern) = &query.pattern {
        add_pattern_edges(pattern, variables, &mut edges);
    }
    Ok(edges)
}

fn join_edge<'q>(join: &'q Join, variables: &mut Variables<'q>) -> Edge<'q> {
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
    Edge { left, right, hop }
}

fn add_pattern_edges<'q>(pattern: &'q Pattern, variables: &mut Variables<'q>, edges: &mut Vec<Edge<'q>>) {
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
}

fn bounds(hops: Option<Hops>) -> (u32, u32) {
    match hops {
        None => (1, 1),
        Some(Hops::Exact(hops)) => (hops, hops),
        Some(Hops::Range { from: None, to }) => (1, to),
        Some(Hops::Range { from: Some(from), to }) => (from + u32::from(RANGE_EXCLUDES_LOWER_BOUND), to),
    }
}

/// Returns the variable with the most selective candidates, and these candidates. Ties go to the first variable.
fn start(
    collection: Collection,
    variables: &Variables<'_>,
    tests: &[Test<'_>],
    graph: &Graph,
) -> (usize, Candidates) {
    if collection == Collection::Relationships {
        return (0, Candidates::of_relationship(0, tests, graph));
    }
    let twins = variables
        .iter()
        .enumerate()
        .filter(|(_, (_, kind))| *kind == VariableKind::Twin);
    twins
        .map(|(variable, _)| (variable, Candidates::of_twin(variable, tests, graph)))
        .min_by_key(|(variable, candidates)| candidates.rank_with_indexes(*variable, tests))
        .unwrap_or((0, Candidates::AllTwins))
}

/// Orders the edges as hops, each starting at a variable that an earlier hop binds.
fn in_order<'q>(mut edges: Vec<Edge<'q>>, root: usize) -> ServiceResult<Vec<Hop<'q>>> {
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

/// Removes and returns the tests that read only known variables.
fn take_decidable<'q>(open: &mut Vec<Test<'q>>, known: &HashSet<usize>) -> Vec<Test<'q>> {
    let (decidable, rest) = std::mem::take(open).into_iter().partition(|test| {
        let mut reads = HashSet::new();
        test.reads(&mut reads);
        reads.is_subset(known)
    });
    *open = rest;
    decidable
}

fn columns<'q>(select: &'q Select, variables: &Variables<'q>) -> ServiceResult<(Columns<'q>, Option<u64>)> {
    let named = |projections: &'q [Projection]| {
        let columns = projections
            .iter()
            .map(|projection| Ok((projection.key().as_str(), variables.path(&projection.path)?)))
            .collect::<ServiceResult<Vec<_>>>()?;
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

/// Returns the columns of `SELECT *`: the bare value of a single variable, or one named column per variable.
fn all<'q>(variables: &Variables<'q>) -> Columns<'q> {
    if variables.len() == 1 {
        return Columns::Bare(0);
    }
    let named = variables.iter().enumerate().filter_map(|(variable, (name, _))| {
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
