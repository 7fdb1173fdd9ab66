//! Values for `@name` placeholders.

use crate::literal::Literal;
use crate::value::{Value, ValueError};

/// The value of an `@name` placeholder: one value, or a list for `IN`.
///
/// ```
/// use twin_query::digitaltwins::bind;
///
/// let query = bind(
///     "SELECT * FROM DIGITALTWINS T WHERE T.floor IN @floors AND T.name = @name",
///     [("floors", vec![1, 2].into()), ("name", "Lobby".into())],
/// )?;
/// assert_eq!(
///     query.to_string(),
///     "SELECT * FROM DIGITALTWINS T WHERE T.floor IN [1, 2] AND T.name = 'Lobby'"
/// );
/// # Ok::<(), twin_query::digitaltwins::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter(Result<BoundValue, ValueError>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BoundValue {
    Scalar(Literal),
    List(Vec<Literal>),
}

impl<V: Into<Value>> From<V> for Parameter {
    fn from(value: V) -> Self {
        Self(value.into().into_literal().map(BoundValue::Scalar))
    }
}

impl<V: Into<Value>> From<Vec<V>> for Parameter {
    fn from(values: Vec<V>) -> Self {
        Self(
            values
                .into_iter()
                .map(|value| value.into().into_literal())
                .collect::<Result<_, _>>()
                .map(BoundValue::List),
        )
    }
}

/// Checks the values and strips the optional `@` from their names.
pub(crate) fn check_parameters<'a>(
    parameters: impl IntoIterator<Item = (&'a str, Parameter)>,
) -> Result<Vec<(String, BoundValue)>, ValueError> {
    parameters
        .into_iter()
        .map(|(name, parameter)| Ok((name.strip_prefix('@').unwrap_or(name).to_owned(), parameter.0?)))
        .collect()
}
