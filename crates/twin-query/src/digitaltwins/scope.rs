//! Name resolution in a query.

use super::ast::{Collection, Query};
use crate::name::{Name, Path};

/// The variables of a query, and the resolution of its paths.
///
/// ```
/// use twin_query::digitaltwins::parse;
///
/// let query = parse("SELECT T.name FROM DIGITALTWINS T WHERE temperature > 70")?;
/// let scope = query.scope();
/// let resolved = scope.resolve(&"T.name".parse()?).map(|resolved| resolved.property.len());
/// assert_eq!(resolved, Some(1));
/// // Without JOIN and MATCH, a path without the alias refers to a property of the collection.
/// assert!(scope.resolve(&"temperature".parse()?).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope<'q> {
    variables: Vec<(&'q Name, VariableKind)>,
    collection: Collection,
    single: bool,
}

/// The kind of entity that a variable is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VariableKind {
    /// A twin.
    Twin,
    /// A relationship.
    Relationship,
}

/// A path, resolved to a variable and a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedPath<'p> {
    /// The variable at the start of the path; `None` for a property of the collection without its alias.
    pub variable: Option<&'p Name>,
    /// The kind of entity that has the property.
    pub kind: VariableKind,
    /// The names after the variable; empty if the path is the variable itself.
    pub property: &'p [Name],
}

impl Query {
    /// Returns the scope of the query.
    ///
    /// For a name that is bound more than once, which [`validate`](Self::validate) rejects, only the first binding
    /// counts.
    #[must_use]
    pub fn scope(&self) -> Scope<'_> {
        let mut scope = Scope {
            variables: Vec::new(),
            collection: self.collection,
            single: self.joins.is_empty() && self.pattern.is_none(),
        };
        for (name, kind) in self.bindings() {
            if scope.kind(name).is_none() {
                scope.variables.push((name, kind));
            }
        }
        scope
    }

    /// Returns every binding of a variable, in order. A pattern may repeat a node, so names are not unique.
    pub(super) fn bindings(&self) -> impl Iterator<Item = (&Name, VariableKind)> {
        let collection = self.alias.iter().map(|name| (name, self.collection.kind()));
        let joins = self.joins.iter().flat_map(|join| {
            let variable = join
                .variable
                .iter()
                .map(|name| (name, VariableKind::Relationship));
            std::iter::once((&join.target, VariableKind::Twin)).chain(variable)
        });
        let pattern = self.pattern.iter().flat_map(|pattern| {
            let steps = pattern.steps.iter().flat_map(|step| {
                let variable = step
                    .edge
                    .variable
                    .iter()
                    .map(|name| (name, VariableKind::Relationship));
                variable.chain(step.node.iter().map(|name| (name, VariableKind::Twin)))
            });
            pattern
                .start
                .iter()
                .map(|name| (name, VariableKind::Twin))
                .chain(steps)
        });
        collection.chain(joins).chain(pattern)
    }
}

impl Collection {
    /// Returns the kind of entity in the collection.
    #[must_use]
    pub const fn kind(self) -> VariableKind {
        match self {
            Self::Twins => VariableKind::Twin,
            Self::Relationships => VariableKind::Relationship,
        }
    }
}

impl<'q> Scope<'q> {
    /// Returns the variables in order of appearance, without duplicates.
    #[must_use]
    pub fn variables(&self) -> &[(&'q Name, VariableKind)] {
        &self.variables
    }

    /// Returns whether the query has neither `JOIN` nor `MATCH`, so that a path need not start with a variable.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.single
    }

    /// Returns the kind of a variable, or `None` if the query binds no such variable.
    #[must_use]
    pub fn kind(&self, name: &Name) -> Option<VariableKind> {
        self.variables
            .iter()
            .find(|(variable, _)| *variable == name)
            .map(|(_, kind)| *kind)
    }

    /// Resolves a path, or returns `None` if it must start with a variable but does not.
    ///
    /// A first name that is a variable resolves to the variable, even if a property has the same name.
    #[must_use]
    pub fn resolve<'p>(&self, path: &'p Path) -> Option<ResolvedPath<'p>> {
        match self.kind(path.first()) {
            Some(kind) => Some(ResolvedPath {
                variable: Some(path.first()),
                kind,
                property: &path.names()[1..],
            }),
            None => self.single.then(|| ResolvedPath {
                variable: None,
                kind: self.collection.kind(),
                property: path.names(),
            }),
        }
    }
}
