//! The condition builder.

use super::ast::{Constant, Expression};
use super::function::Function;
use crate::filter::{RightOperand, private::BuildCondition};
use crate::literal::Literal;
use crate::name::{IntoPath, Name, NameError, Path};
use crate::operator::Comparison;
use crate::value::Value;

/// A condition under construction; see [`path`].
pub type Filter = crate::filter::Filter<Expression>;

/// A property operand of a condition under construction; see [`path`].
pub type PropertyPath = crate::filter::PropertyPath<Expression>;

/// Starts a condition on a property, such as `path("capabilities.iotEdge")`. A list of names is not split at dots:
/// `path(["tags", "a.b"])`.
///
/// Reserved words and names that are not identifiers are printed in `[[…]]`. See also [`tag`], [`desired`], and
/// [`reported`].
pub fn path(path: impl IntoPath) -> PropertyPath {
    PropertyPath::new(path)
}

/// Starts a condition on a tag: `tag("location.floor")` is `tags.location.floor`.
///
/// ```
/// use twin_query::iothub::{Query, desired, reported, tag};
///
/// let query = Query::select_all()
///     .from_devices()
///     .filter(tag("location.floor").eq(3).and(reported("firmware").ne(desired("firmware"))))
///     .build()?;
/// assert_eq!(
///     query.to_string(),
///     "SELECT * FROM devices WHERE tags.location.floor = 3 \
///      AND properties.reported.firmware != properties.desired.firmware"
/// );
/// # Ok::<(), twin_query::iothub::Error>(())
/// ```
pub fn tag(path: impl IntoPath) -> PropertyPath {
    property_under(&["tags"], path.into_path())
}

/// Starts a condition on a desired property: `desired("fan.speed")` is `properties.desired.fan.speed`.
pub fn desired(path: impl IntoPath) -> PropertyPath {
    property_under(&["properties", "desired"], path.into_path())
}

/// Starts a condition on a reported property: `reported("fan.speed")` is `properties.reported.fan.speed`.
pub fn reported(path: impl IntoPath) -> PropertyPath {
    property_under(&["properties", "reported"], path.into_path())
}

fn property_under(section: &[&str], path: Result<Path, NameError>) -> PropertyPath {
    PropertyPath::from_result(path.and_then(|path| {
        Path::from_names(
            section
                .iter()
                .copied()
                .chain(path.names().iter().map(Name::as_str)),
        )
    }))
}

impl PropertyPath {
    /// Tests with `ARRAY_CONTAINS` for an array that contains the value, such as `parentScopes` with the scope of an
    /// edge device.
    pub fn array_contains(self, value: impl Into<Value>) -> Filter {
        let value = value.into().into_literal();
        crate::filter::Filter(self.path.and_then(|path| {
            Ok(Expression::Call {
                function: Function::ArrayContains,
                arguments: vec![Expression::Path(path), Expression::Constant(value?.into())],
            })
        }))
    }
}

impl BuildCondition for Expression {
    fn conjunction(parts: Vec<Self>) -> Self {
        Self::And(parts)
    }

    fn disjunction(parts: Vec<Self>) -> Self {
        Self::Or(parts)
    }

    fn negation(self) -> Self {
        Self::Not(Box::new(self))
    }

    fn into_conjuncts(self) -> Vec<Self> {
        match self {
            Self::And(parts) => parts,
            other => vec![other],
        }
    }

    fn into_disjuncts(self) -> Vec<Self> {
        match self {
            Self::Or(parts) => parts,
            other => vec![other],
        }
    }

    fn compare(left: Path, operator: Comparison, right: RightOperand) -> Self {
        let right = match right {
            RightOperand::Path(path) => Self::Path(path),
            RightOperand::Literal(literal) => Self::Constant(literal.into()),
        };
        Self::Compare {
            left: Box::new(Self::Path(left)),
            operator,
            right: Box::new(right),
        }
    }

    fn is_in(path: Path, negated: bool, values: Vec<Literal>) -> Self {
        let values = values.into_iter().map(Constant::from).collect();
        Self::In {
            operand: Box::new(Self::Path(path)),
            negated,
            values,
        }
    }

    fn is_defined(path: Path) -> Self {
        Self::Call {
            function: Function::IsDefined,
            arguments: vec![Self::Path(path)],
        }
    }

    fn starts_with(path: Path, prefix: String) -> Self {
        let prefix = Self::Constant(Literal::String(prefix).into());
        Self::Call {
            function: Function::StartsWith,
            arguments: vec![Self::Path(path), prefix],
        }
    }
}
