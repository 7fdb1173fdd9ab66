//! Member types of models.

use std::collections::BTreeMap;

use azure_core::credentials::Secret;
use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{ReadError, Style};

/// The replacement of keys in serialized models.
const REDACTED: &str = "REDACTED";

/// The type of a member. A missing or `null` member has the type's default.
pub(crate) trait Member: Sized {
    /// Whether deserialization drops elements or entries that are `null`.
    const IGNORES_NULLS: bool = false;

    /// Converts from a value that is not `null`.
    fn read(value: Value) -> Result<Self, ReadError>;

    /// Returns whether the member is omitted when written.
    fn is_unset(&self) -> bool;

    /// Returns the JSON value to write.
    fn write(&self, style: Style) -> Value;
}

impl<T: Member> Member for Option<T> {
    const IGNORES_NULLS: bool = T::IGNORES_NULLS;

    fn read(value: Value) -> Result<Self, ReadError> {
        T::read(value).map(Some)
    }

    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn write(&self, style: Style) -> Value {
        self.as_ref().map_or(Value::Null, |value| value.write(style))
    }
}

/// Drops elements that are `null`.
impl<T: Member> Member for Vec<T> {
    const IGNORES_NULLS: bool = true;

    fn read(value: Value) -> Result<Self, ReadError> {
        let elements = match value {
            Value::Array(elements) => elements,
            other => Vec::<Value>::deserialize(other)?,
        };
        let elements = elements.into_iter().filter(|value| !value.is_null());
        elements.map(T::read).collect()
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, style: Style) -> Value {
        self.iter().map(|element| element.write(style)).collect()
    }
}

/// Drops entries that are `null`.
impl<T: Member> Member for BTreeMap<String, T> {
    const IGNORES_NULLS: bool = true;

    fn read(value: Value) -> Result<Self, ReadError> {
        object(value)?
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| match T::read(value) {
                Ok(value) => Ok((name, value)),
                Err(error) => Err(error.within(&name)),
            })
            .collect()
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, style: Style) -> Value {
        self.iter()
            .map(|(name, value)| (name.clone(), value.write(style)))
            .collect()
    }
}

impl Member for Map<String, Value> {
    fn read(value: Value) -> Result<Self, ReadError> {
        object(value)
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, _: Style) -> Value {
        Value::Object(self.clone())
    }
}

impl Member for Value {
    fn read(value: Value) -> Result<Self, ReadError> {
        Ok(value)
    }

    fn is_unset(&self) -> bool {
        self.is_null()
    }

    fn write(&self, _: Style) -> Value {
        self.clone()
    }
}

impl Member for String {
    fn read(value: Value) -> Result<Self, ReadError> {
        Ok(Self::deserialize(value)?)
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, _: Style) -> Value {
        self.as_str().into()
    }
}

/// Writes the secret or `REDACTED`, depending on the style.
impl Member for Option<Secret> {
    fn read(value: Value) -> Result<Self, ReadError> {
        Ok(Some(Secret::new(String::deserialize(value)?)))
    }

    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn write(&self, style: Style) -> Value {
        match self {
            None => Value::Null,
            Some(secret) if style.keys => secret.secret().into(),
            Some(_) => REDACTED.into(),
        }
    }
}

impl Member for bool {
    fn read(value: Value) -> Result<Self, ReadError> {
        Ok(Self::deserialize(value)?)
    }

    fn is_unset(&self) -> bool {
        !self
    }

    fn write(&self, _: Style) -> Value {
        (*self).into()
    }
}

/// Returns the members of an object. Avoids the copy that deserialization of a `Value` would make.
pub(crate) fn object(value: Value) -> Result<Map<String, Value>, ReadError> {
    match value {
        Value::Object(members) => Ok(members),
        other => Ok(Map::deserialize(other)?),
    }
}

/// Converts a model to JSON.
#[expect(
    clippy::expect_used,
    reason = "our models have string keys and can always be serialized"
)]
pub(crate) fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("models have string keys")
}

/// Implements [`Member`] for types whose values are always written, as opposed to `Option` and collections.
macro_rules! plain_members {
    ($( $member:ty ),+ $(,)?) => {
        $( impl $crate::model::Member for $member {
            fn read(value: ::serde_json::Value) -> Result<Self, $crate::model::ReadError> {
                Ok(<$member as ::serde::Deserialize>::deserialize(value)?)
            }

            fn is_unset(&self) -> bool {
                false
            }

            fn write(&self, _: $crate::model::Style) -> ::serde_json::Value {
                $crate::model::to_json(self)
            }
        } )+
    };
}

pub(crate) use plain_members;

plain_members!(i32, i64, u64, Etag, DateTime);
