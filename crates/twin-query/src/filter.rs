//! The condition builder of both languages.

use std::marker::PhantomData;
use std::ops::Not;

use crate::literal::Literal;
use crate::name::{IntoPath, NameError, Path};
use crate::operator::Comparison;
use crate::value::{Value, ValueError};

/// The condition type of a language: `digitaltwins::Condition` or `iothub::Expression`. Sealed.
pub trait Predicate: private::BuildCondition {}

impl<C: private::BuildCondition> Predicate for C {}

pub(crate) mod private {
    use super::RightOperand;
    use crate::literal::Literal;
    use crate::name::Path;
    use crate::operator::Comparison;

    /// Constructors for the nodes that [`Filter`](super::Filter) and [`PropertyPath`](super::PropertyPath) add to a
    /// language's syntax tree.
    pub trait BuildCondition: Sized {
        fn conjunction(parts: Vec<Self>) -> Self;
        fn disjunction(parts: Vec<Self>) -> Self;
        fn negation(self) -> Self;
        /// Returns the operands of a conjunction, or otherwise the condition itself.
        fn into_conjuncts(self) -> Vec<Self>;
        /// Returns the operands of a disjunction, or otherwise the condition itself.
        fn into_disjuncts(self) -> Vec<Self>;
        fn compare(left: Path, operator: Comparison, right: RightOperand) -> Self;
        fn is_in(path: Path, negated: bool, values: Vec<Literal>) -> Self;
        fn is_defined(path: Path) -> Self;
        fn starts_with(path: Path, prefix: String) -> Self;
    }
}

/// A condition under construction. Invalid names and values are stored and returned by `build`.
///
/// Combine conditions with [`and`](Self::and), [`or`](Self::or), and [`not`] (or the `!` operator). Parentheses are
/// printed where precedence requires them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a condition does nothing until it is passed to a query"]
pub struct Filter<C>(pub(crate) Result<C, ValueError>);

impl<C: Predicate> Filter<C> {
    /// Requires both conditions.
    pub fn and(self, other: Self) -> Self {
        self.combine(other, C::into_conjuncts, C::conjunction)
    }

    /// Requires at least one of the conditions.
    pub fn or(self, other: Self) -> Self {
        self.combine(other, C::into_disjuncts, C::disjunction)
    }

    fn combine(self, other: Self, split: fn(C) -> Vec<C>, join: fn(Vec<C>) -> C) -> Self {
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
        Self(self.0.map(C::negation))
    }
}

/// Negates a condition, as the `!` operator does.
pub fn not<C: Predicate>(filter: Filter<C>) -> Filter<C> {
    !filter
}

/// Wraps a condition of the syntax tree, such as a parsed one.
impl<C: Predicate> From<C> for Filter<C> {
    fn from(condition: C) -> Self {
        Self(Ok(condition))
    }
}

/// A property operand of a condition under construction.
///
/// Its comparison methods take a value (string, number, boolean, or `None` for `null`) or another property.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a property is not a condition; call a comparison method"]
pub struct PropertyPath<C> {
    pub(crate) path: Result<Path, ValueError>,
    language: PhantomData<fn() -> C>,
}

impl<C: Predicate> PropertyPath<C> {
    pub(crate) fn new(path: impl IntoPath) -> Self {
        Self::from_result(path.into_path())
    }

    pub(crate) fn from_result(path: Result<Path, NameError>) -> Self {
        Self {
            path: path.map_err(ValueError::from),
            language: PhantomData,
        }
    }

    pub(crate) fn into_filter(self, condition: impl FnOnce(Path) -> C) -> Filter<C> {
        Filter(self.path.map(condition))
    }

    fn compare(self, operator: Comparison, right: impl Into<Comparand>) -> Filter<C> {
        let right = right.into().0;
        Filter(self.path.and_then(|path| Ok(C::compare(path, operator, right?))))
    }

    /// Compares with `=`.
    pub fn eq(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::Equal, right)
    }

    /// Compares with `!=`.
    pub fn ne(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::NotEqual, right)
    }

    /// Compares with `<`.
    pub fn lt(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::Less, right)
    }

    /// Compares with `<=`.
    pub fn le(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::LessOrEqual, right)
    }

    /// Compares with `>`.
    pub fn gt(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::Greater, right)
    }

    /// Compares with `>=`.
    pub fn ge(self, right: impl Into<Comparand>) -> Filter<C> {
        self.compare(Comparison::GreaterOrEqual, right)
    }

    /// Tests with `IN` for any of the values. The list must not be empty.
    pub fn is_in<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Filter<C> {
        self.membership(false, values)
    }

    /// Tests with `NIN` for none of the values. The list must not be empty.
    pub fn not_in<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Filter<C> {
        self.membership(true, values)
    }

    fn membership<V: Into<Value>>(self, negated: bool, values: impl IntoIterator<Item = V>) -> Filter<C> {
        let values = values
            .into_iter()
            .map(|value| value.into().into_literal())
            .collect::<Result<Vec<_>, _>>();
        Filter(self.path.and_then(|path| match values? {
            values if values.is_empty() => Err(ValueError::EmptyList),
            values => Ok(C::is_in(path, negated, values)),
        }))
    }

    /// Tests with `IS_DEFINED` for an existing property, even if it is null.
    pub fn is_defined(self) -> Filter<C> {
        self.into_filter(C::is_defined)
    }

    /// Tests with `STARTSWITH` for a string with the given prefix, case-sensitive.
    pub fn starts_with(self, prefix: impl Into<String>) -> Filter<C> {
        let prefix = prefix.into();
        self.into_filter(|path| C::starts_with(path, prefix))
    }
}

/// The right operand of a comparison under construction: a value or a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparand(Result<RightOperand, ValueError>);

/// A valid right operand. Public only because the sealed trait names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RightOperand {
    Path(Path),
    Literal(Literal),
}

impl<V: Into<Value>> From<V> for Comparand {
    fn from(value: V) -> Self {
        Self(value.into().into_literal().map(RightOperand::Literal))
    }
}

impl<C> From<PropertyPath<C>> for Comparand {
    fn from(property: PropertyPath<C>) -> Self {
        Self(property.path.map(RightOperand::Path))
    }
}
