//! Building conditions.

use super::ast::{Constant, Expression};
use super::function::Function;
use crate::filter::{Side, private::Build};
use crate::literal::Literal;
use crate::name::{IntoPath, Name, NameError, Path};
use crate::operator::Comparison;

/// A condition being built; see [`path`].
pub type Filter = crate::filter::Filter<Expression>;

/// A property in a condition being built; see [`path`].
pub type PropertyPath = crate::filter::PropertyPath<Expression>;

/// A property in a condition: `path("capabilities.iotEdge")`, or names as they are, `path(["tags", "a.b"])`.
///
/// Names that are reserved or odd are put in `[[…]]`. [`tag`], [`desired`] and [`reported`] are shorter where they
/// fit.
pub fn path(path: impl IntoPath) -> PropertyPath {
    PropertyPath::new(path)
}

/// A tag: `tag("location.floor")` is `tags.location.floor`.
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
    below(&["tags"], path.into_path())
}

/// A desired property: `desired("fan.speed")` is `properties.desired.fan.speed`.
pub fn desired(path: impl IntoPath) -> PropertyPath {
    below(&["properties", "desired"], path.into_path())
}

/// A reported property: `reported("fan.speed")` is `properties.reported.fan.speed`.
pub fn reported(path: impl IntoPath) -> PropertyPath {
    below(&["properties", "reported"], path.into_path())
}

fn below(section: &[&str], path: Result<Path, NameError>) -> PropertyPath {
    PropertyPath::of(path.and_then(|path| {
        Path::from_names(
            section
                .iter()
                .copied()
                .chain(path.names().iter().map(Name::as_str)),
        )
    }))
}

impl Build for Expression {
    fn all(parts: Vec<Self>) -> Self {
        Self::And(parts)
    }

    fn any(parts: Vec<Self>) -> Self {
        Self::Or(parts)
    }

    fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    fn into_all(self) -> Vec<Self> {
        match self {
            Self::And(parts) => parts,
            other => vec![other],
        }
    }

    fn into_any(self) -> Vec<Self> {
        match self {
            Self::Or(parts) => parts,
            other => vec![other],
        }
    }

    fn compare(left: Path, operator: Comparison, right: Side) -> Self {
        let right = match right {
            Side::Path(path) => Self::Path(path),
            Side::Literal(literal) => Self::Constant(literal.into()),
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

    fn starts_with(path: Path, text: String) -> Self {
        let text = Self::Constant(Literal::String(text).into());
        Self::Call {
            function: Function::StartsWith,
            arguments: vec![Self::Path(path), text],
        }
    }
}
