//! The builder of `MATCH` patterns.

use super::ast::{Direction, Edge, Hops, Pattern, Step};
use crate::name::{Name, NameError};
use crate::value::ValueError;

/// A `MATCH` pattern under construction; see [`node`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a pattern does nothing until it is passed to a query"]
pub struct PatternBuilder(Result<Pattern, NameError>);

/// Starts a pattern at a node with a variable.
///
/// ```
/// use twin_query::digitaltwins::{Query, edge, node, path};
///
/// let query = Query::select(["Room", "r"])
///     .matching(
///         node("Building").outgoing(edge().named("has").hops_up_to(3), "Room").either(edge().variable("r"), None),
///     )
///     .filter(path("Building.$dtId").eq("b1"))
///     .build()?;
/// assert_eq!(
///     query.to_string(),
///     "SELECT Room, r FROM DIGITALTWINS MATCH (Building)-[:has*..3]->(Room)-[r]-() WHERE Building.$dtId = 'b1'"
/// );
/// # Ok::<(), twin_query::digitaltwins::Error>(())
/// ```
pub fn node(variable: &str) -> PatternBuilder {
    start(Some(variable))
}

/// Starts a pattern at a node without a variable.
pub fn any_node() -> PatternBuilder {
    start(None)
}

fn start(variable: Option<&str>) -> PatternBuilder {
    let start = variable.map(Name::new).transpose();
    PatternBuilder(start.map(|start| Pattern {
        start,
        steps: Vec::new(),
    }))
}

impl PatternBuilder {
    /// Adds a step from source to target, `-[…]->`, to a node with an optional variable. A relationship name is
    /// shorthand for an edge of one hop over relationships with that name.
    pub fn outgoing<'a>(self, edge: impl Into<EdgeBuilder>, node: impl Into<Option<&'a str>>) -> Self {
        self.step(Direction::Outgoing, edge.into(), node.into())
    }

    /// Adds a step from target to source, `<-[…]-`.
    pub fn incoming<'a>(self, edge: impl Into<EdgeBuilder>, node: impl Into<Option<&'a str>>) -> Self {
        self.step(Direction::Incoming, edge.into(), node.into())
    }

    /// Adds a step in either direction, `-[…]-`.
    pub fn either<'a>(self, edge: impl Into<EdgeBuilder>, node: impl Into<Option<&'a str>>) -> Self {
        self.step(Direction::Either, edge.into(), node.into())
    }

    fn step(self, direction: Direction, edge: EdgeBuilder, node: Option<&str>) -> Self {
        Self(self.0.and_then(|mut pattern| {
            let edge = Edge { direction, ..edge.0? };
            let node = node.map(Name::new).transpose()?;
            pattern.steps.push(Step { edge, node });
            Ok(pattern)
        }))
    }

    pub(super) fn build(self) -> Result<Pattern, ValueError> {
        Ok(self.0?)
    }
}

/// An edge of a pattern under construction; see [`edge`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an edge does nothing until it is part of a pattern"]
pub struct EdgeBuilder(Result<Edge, NameError>);

/// Starts an edge of one hop over relationships with any name.
pub fn edge() -> EdgeBuilder {
    EdgeBuilder(Ok(Edge {
        direction: Direction::Either,
        variable: None,
        names: Vec::new(),
        hops: None,
    }))
}

impl EdgeBuilder {
    fn with(self, change: impl FnOnce(&mut Edge) -> Result<(), NameError>) -> Self {
        Self(self.0.and_then(|mut edge| {
            change(&mut edge)?;
            Ok(edge)
        }))
    }

    /// Follows only relationships with this name. Repeated calls add alternatives.
    pub fn named(self, name: &str) -> Self {
        self.with(|edge| {
            edge.names.push(Name::new(name)?);
            Ok(())
        })
    }

    /// Binds the relationship to a variable; allowed only on an edge of one hop.
    pub fn variable(self, variable: &str) -> Self {
        self.with(|edge| {
            edge.variable = Some(Name::new(variable)?);
            Ok(())
        })
    }

    /// Follows exactly `hops` relationships, at most [`MAX_HOPS`](super::MAX_HOPS).
    pub fn hops(self, hops: u32) -> Self {
        self.with_hops(Hops::Exact(hops))
    }

    /// Follows between one and `to` relationships, at most [`MAX_HOPS`](super::MAX_HOPS).
    pub fn hops_up_to(self, to: u32) -> Self {
        self.with_hops(Hops::Range { from: None, to })
    }

    /// Follows a range of relationships, `*from..to`, at most [`MAX_HOPS`](super::MAX_HOPS).
    ///
    /// According to the service's documentation the lower bound is exclusive: `*3..5` is four or five hops. See
    /// [`Hops`].
    pub fn hops_between(self, from: u32, to: u32) -> Self {
        self.with_hops(Hops::Range { from: Some(from), to })
    }

    fn with_hops(self, hops: Hops) -> Self {
        self.with(|edge| {
            edge.hops = Some(hops);
            Ok(())
        })
    }
}

impl From<&str> for EdgeBuilder {
    fn from(name: &str) -> Self {
        edge().named(name)
    }
}
