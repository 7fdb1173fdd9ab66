//! What the names in a query refer to.

use super::ast::{Collection, Query};
use crate::name::{Name, Path};

/// The variables of a query, in order of appearance.
///
/// ```
/// use twin_query::digitaltwins::parse;
///
/// let query = parse("SELECT T.name FROM DIGITALTWINS T WHERE temperature > 70")?;
/// let scope = query.scope();
/// let resolved = scope.resolve(&"T.name".parse()?).map(|resolved| resolved.property.len());
/// assert_eq!(resolved, Some(1));
/// // With one collection a path without its alias is a property of it.
/// assert!(scope.resolve(&"temperature".parse()?).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope<'q> {
    variables: Vec<(&'q Name, VariableKind)>,
    collection: Collection,
    single: bool,
}

/// What a variable stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VariableKind {
    /// A twin.
    Twin,
    /// A relationship.
    Relationship,
}

/// A path taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved<'p> {
    /// The variable that the path starts with; `None` if it is a property of the query's only collection.
    pub variable: Option<&'p Name>,
    /// What the path leads to.
    pub kind: VariableKind,
    /// The names of the property within it; empty if the path is the variable itself.
    pub property: &'p [Name],
}

impl Query {
    /// The query's variables.
    ///
    /// A name that is bound twice, which [`validate`](Self::validate) reports, is listed by its first binding.
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

    /// Every place that binds a variable, in order; a pattern may name the same twin more than once.
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
    /// What its members are.
    #[must_use]
    pub const fn kind(self) -> VariableKind {
        match self {
            Self::Twins => VariableKind::Twin,
            Self::Relationships => VariableKind::Relationship,
        }
    }
}

impl<'q> Scope<'q> {
    /// The variables in order of appearance, each once.
    #[must_use]
    pub fn variables(&self) -> &[(&'q Name, VariableKind)] {
        &self.variables
    }

    /// Whether the query reads one collection only, without `JOIN` and `MATCH`, so that names need no alias.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.single
    }

    /// What a variable stands for, or `None` if there is no such variable.
    #[must_use]
    pub fn kind(&self, name: &Name) -> Option<VariableKind> {
        self.variables
            .iter()
            .find(|(variable, _)| *variable == name)
            .map(|(_, kind)| *kind)
    }

    /// Takes a path apart; `None` if it had to start with a variable and doesn't.
    ///
    /// A first name that is a variable is taken as that, even if there is a property of that name.
    #[must_use]
    pub fn resolve<'p>(&self, path: &'p Path) -> Option<Resolved<'p>> {
        match self.kind(path.first()) {
            Some(kind) => Some(Resolved {
                variable: Some(path.first()),
                kind,
                property: &path.names()[1..],
            }),
            None => self.single.then(|| Resolved {
                variable: None,
                kind: self.collection.kind(),
                property: path.names(),
            }),
        }
    }
}
