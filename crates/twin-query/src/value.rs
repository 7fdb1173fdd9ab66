//! Values that builders bind.

use crate::literal::{Literal, Number};
use crate::name::NameError;

/// A constant on its way into a query: a string, a number, a boolean, or `None` for `null`.
///
/// A value that the languages can't write, such as an infinite number, is kept as an error that `build` or `bind`
/// reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(Result<Literal, ValueError>);

impl Value {
    pub(crate) fn into_literal(self) -> Result<Literal, ValueError> {
        self.0
    }
}

/// Why a name or value can't stand in a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// A name that can't be written.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A number that is infinite or not a number.
    #[error("the number is not finite")]
    NotFinite,
    /// An unsigned integer beyond `i64`.
    #[error("the integer {0} is larger than {max}", max = i64::MAX)]
    TooLarge(u64),
    /// A list of values for `IN` that is empty.
    #[error("the list of values for IN is empty")]
    EmptyList,
    /// A value for a placeholder that the text doesn't have.
    #[error("the text has no placeholder `@{0}`")]
    UnusedParameter(String),
}

impl From<Literal> for Value {
    fn from(literal: Literal) -> Self {
        Self(Ok(literal))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Literal::from(text).into()
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Literal::String(text).into()
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
        // `usize` has at most 64 bits on every platform that Rust has.
        u64::try_from(value).unwrap_or(u64::MAX).into()
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
        // By way of the shortest decimal text, so that `0.1` stays `0.1`.
        value.to_string().parse::<f64>().unwrap_or(f64::NAN).into()
    }
}

/// `None` is `null`.
impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self(Ok(Literal::Null)), Into::into)
    }
}
