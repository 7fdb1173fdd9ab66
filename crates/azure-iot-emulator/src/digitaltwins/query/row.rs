//! The variables of a query, and rows of their values.

use std::sync::Arc;

use twin_query::digitaltwins::{Query, Scope, VariableKind};
use twin_query::{Name, Path};

use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::slab::Slot;
use crate::digitaltwins::store::twin::Twin;
use crate::digitaltwins::store::value::{Found, in_relationship, in_twin};

/// A path into the value of a variable; an empty path is the value itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PathInRow {
    pub(super) variable: usize,
    pub(super) names: Vec<String>,
}

/// The numbered variables of a query, some of them anonymous.
#[derive(Debug)]
pub(super) struct Variables<'q> {
    scope: Scope<'q>,
    list: Vec<(Option<&'q Name>, VariableKind)>,
}

impl<'q> Variables<'q> {
    pub(super) fn new(query: &'q Query) -> Self {
        Variables {
            scope: query.scope(),
            list: Vec::new(),
        }
    }

    /// Returns the number of the variable with this name, and adds it if needed.
    pub(super) fn add(&mut self, name: Option<&'q Name>, kind: VariableKind) -> usize {
        let known = name.and_then(|name| self.find(name));
        known.unwrap_or_else(|| {
            self.list.push((name, kind));
            self.list.len() - 1
        })
    }

    fn find(&self, name: &Name) -> Option<usize> {
        self.list.iter().position(|(other, _)| *other == Some(name))
    }

    /// Returns the names and kinds of the variables, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Option<&'q Name>, VariableKind)> {
        self.list.iter().copied()
    }

    /// Returns the kind of a variable. Never panics, because paths are resolved only to variables
    /// in this list.
    fn kind(&self, variable: usize) -> VariableKind {
        self.list[variable].1
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Resolves the variable of a path.
    pub(super) fn path(&self, path: &Path) -> ServiceResult<PathInRow> {
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

    /// Returns a twin variable by name; without a name, the query's only collection.
    pub(super) fn twin(&self, name: Option<&Name>) -> ServiceResult<usize> {
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

/// The values of the variables bound so far.
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
        match self.variables.kind(path.variable) {
            VariableKind::Twin => in_twin(self.twin(path.variable)?, &path.names, self.with_update_times),
            VariableKind::Relationship => in_relationship(
                self.graph.relationship(*self.slots.get(path.variable)?)?,
                &path.names,
            ),
        }
    }
}
