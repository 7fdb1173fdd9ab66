//! Values bound by the builders.

use crate::literal::{Literal, Number};
use crate::name::NameError;

/// A value to bind: a string, a number, a boolean, or `None` for `null`.
///
/// A value that the languages cannot represent, such as infinity, is stored as an error that `build` or `bind`
/// returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(Result<Literal, ValueError>);

impl Value {
    pub(crate) fn into_literal(self) -> Result<Literal, ValueError> {
        self.0
    }
}

/// A name or value that a query cannot contain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// An invalid name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Infinity or NaN.
    #[error("number is infinite or NaN; a query can contain only finite numbers")]
    NotFinite,
    /// An unsigned integer that exceeds `i64::MAX`.
    #[error(
        "integer {0} exceeds the maximum of {max}; pass it as `f64` if rounding is acceptable",
        max = i64::MAX
    )]
    TooLarge(u64),
    /// An empty list of values for `IN` or `NIN`.
    #[error("value list is empty; IN and NIN need at least one value")]
    EmptyList,
    /// A value for a placeholder that does not occur in the query.
    #[error("query has no placeholder for the value `@{0}`; check the spelling or remove the value")]
    UnusedParameter(String),
}

impl From<Literal> for Value {
    fn from(literal: Literal) -> Self {
        Self(Ok(literal))
    }
}

impl From<&str> for Value {
    fn from(string: &str) -> Self {
        Literal::from(string).into()
    }
}

impl From<&String> for Value {
    fn from(string: &String) -> Self {
        string.as_str().into()
    }
}

impl From<String> for Value {
    fn from(string: String) -> Self {
        Literal::String(string).into()
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Literal::Bool(value).into()
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        match i64::try_from(value) {
            Ok(value) => value.into(),
            Err(_) => Self(Err(ValueError::TooLarge(value))),
        }
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        #[expect(clippy::expect_used, reason = "invariant")]
        let value = u64::try_from(value).expect("Rust supports no platform with a wider `usize`");
        value.into()
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value {
            fn from(value: $integer) -> Self {
                Literal::Number(Number::from(i64::from(value))).into()
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32);

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self(
            Number::from_f64(value)
                .map(Literal::Number)
                .ok_or(ValueError::NotFinite),
        )
    }
}

impl From<f32> for Value {
    fn from(value: f32) -> Self {
        // `f64::from` would turn `0.1` into `0.10000000149011612`; the shortest decimal form keeps `0.1`.
        #[expect(clippy::expect_used, reason = "invariant")]
        let double: f64 = value.to_string().parse().expect("a printed float parses back");
        double.into()
    }
}

/// `None` is `null`.
impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self(Ok(Literal::Null)), Into::into)
    }
}
