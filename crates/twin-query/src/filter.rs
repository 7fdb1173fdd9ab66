//! Conditions being built, for both languages.

use std::marker::PhantomData;
use std::ops::Not;

use crate::literal::Literal;
use crate::name::{IntoPath, NameError, Path};
use crate::operator::Comparison;
use crate::value::{Value, ValueError};

/// A language's condition, as a builder makes it: `digitaltwins::Condition` or `iothub::Expression`.
///
/// Sealed: the two languages of this crate are all there are.
pub trait Predicate: private::Build {}

impl<C: private::Build> Predicate for C {}

pub(crate) mod private {
    use super::Side;
    use crate::literal::Literal;
    use crate::name::Path;
    use crate::operator::Comparison;

    /// What [`Filter`](super::Filter) and [`PropertyPath`](super::PropertyPath) need of a language.
    pub trait Build: Sized {
        fn all(parts: Vec<Self>) -> Self;
        fn any(parts: Vec<Self>) -> Self;
        fn negated(self) -> Self;
        /// The parts if this is a conjunction, else itself.
        fn into_all(self) -> Vec<Self>;
        /// The parts if this is a disjunction, else itself.
        fn into_any(self) -> Vec<Self>;
        fn compare(left: Path, operator: Comparison, right: Side) -> Self;
        fn is_in(path: Path, negated: bool, values: Vec<Literal>) -> Self;
        fn is_defined(path: Path) -> Self;
        fn starts_with(path: Path, text: String) -> Self;
    }
}

/// A condition being built. What is wrong with it, `build` reports.
///
/// Combine conditions with [`and`](Self::and), [`or`](Self::or) and [`not`] (or the operator `!`); parentheses are
/// printed where the nesting asks for them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a condition does nothing until it is given to a query"]
pub struct Filter<C>(pub(crate) Result<C, ValueError>);

impl<C: Predicate> Filter<C> {
    /// Both conditions.
    pub fn and(self, other: Self) -> Self {
        self.combined(other, C::into_all, C::all)
    }

    /// Either condition.
    pub fn or(self, other: Self) -> Self {
        self.combined(other, C::into_any, C::any)
    }

    fn combined(self, other: Self, split: fn(C) -> Vec<C>, join: fn(Vec<C>) -> C) -> Self {
        Self(self.0.and_then(|left| {
            let mut parts = split(left);
            parts.extend(split(other.0?));
            Ok(join(parts))
        }))
    }
}

impl<C: Predicate> Not for Filter<C> {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0.map(C::negated))
    }
}

/// The opposite of a condition; the operator `!` does the same.
pub fn not<C: Predicate>(filter: Filter<C>) -> Filter<C> {
    !filter
}

/// A condition of the syntax tree, such as one that was parsed.
impl<C: Predicate> From<C> for Filter<C> {
    fn from(condition: C) -> Self {
        Self(Ok(condition))
    }
}

/// A property in a condition being built.
///
/// Comparisons take a value (string, number, boolean, `None` for `null`) or another property.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a property is not yet a condition"]
pub struct PropertyPath<C> {
    pub(crate) path: Result<Path, ValueError>,
    language: PhantomData<fn() -> C>,
}

impl<C: Predicate> PropertyPath<C> {
    pub(crate) fn new(path: impl IntoPath) -> Self {
        Self::of(path.into_path())
    }

    pub(crate) fn of(path: Result<Path, NameError>) -> Self {
        Self {
            path: path.map_err(ValueError::from),
            language: PhantomData,
        }
    }

    pub(crate) fn test(self, condition: impl FnOnce(Path) -> C) -> Filter<C> {
        Filter(self.path.map(condition))
    }

    fn compare(self, operator: Comparison, right: impl Into<Comparand>) -> Filter<C> {
        let right = right.into().0;
        Filter(self.path.and_then(|path| Ok(C::compare(path, operator, right?))))
    }

    /// `=`
    pub fn eq(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::Equal, right)
    }

    /// `!=`
    pub fn ne(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::NotEqual, right)
    }

    /// `<`
    pub fn lt(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::Less, right)
    }

    /// `<=`
    pub fn le(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::LessOrEqual, right)
    }

    /// `>`
    pub fn gt(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::Greater, right)
    }

    /// `>=`
    pub fn ge(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::GreaterOrEqual, right)
    }

    /// `IN`: equal to one of the values. There must be at least one.
    pub fn is_in<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Filter<C> {
        self.list(false, values)
    }

    /// `NIN`: equal to none of the values. There must be at least one.
    pub fn not_in<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Filter<C> {
        self.list(true, values)
    }

    fn list<V: Into<Value>>(self, negated: bool, values: impl IntoIterator<Item = V>) -> Filter<C> {
        let values = values
            .into_iter()
            .map(|value| value.into().into_literal())
            .collect::<Result<Vec<_>, _>>();
        Filter(self.path.and_then(|path| match values? {
            values if values.is_empty() => Err(ValueError::EmptyList),
            values => Ok(C::is_in(path, negated, values)),
        }))
    }

    /// `IS_DEFINED`: the property is there, with whatever value.
    pub fn is_defined(self) -> Filter<C> {
        self.test(C::is_defined)
    }

    /// `STARTSWITH`: a string that starts with the text, case-sensitive.
    pub fn starts_with(self, text: impl Into<String>) -> Filter<C> {
        let text = text.into();
        self.test(|path| C::starts_with(path, text))
    }
}

/// The right side of a comparison being built: a value or a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparand(Result<Side, ValueError>);

/// A checked right side. Public only by name, for the sealed trait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    Path(Path),
    Literal(Literal),
}

impl<V: Into<Value>> From<V> for Comparand {
    fn from(value: V) -> Self {
        Self(value.into().into_literal().map(Side::Literal))
    }
}

impl<C> From<PropertyPath<C>> for Comparand {
    fn from(property: PropertyPath<C>) -> Self {
        Self(property.path.map(Side::Path))
    }
}
