//! What members of models can be.

use std::collections::BTreeMap;

use azure_core::credentials::Secret;
use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ReadError, Style};

/// Replaces a key in serialized models.
const REDACTED: &str = "REDACTED";

/// A type of members. A member that is missing or `null` is the type's default.
pub(crate) trait Member: Sized {
    /// Reads a value that is not `null`.
    fn read(value: Value) -> Result<Self, ReadError>;

    /// Returns whether there is nothing to write.
    fn is_unset(&self) -> bool;

    /// The value to write.
    fn write(&self, style: Style) -> Value;
}

impl<T: Member> Member for Option<T> {
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

impl<T: Member> Member for Vec<T> {
    fn read(value: Value) -> Result<Self, ReadError> {
        let elements = Vec::<Value>::deserialize(value)?;
        elements.into_iter().map(T::read).collect()
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, style: Style) -> Value {
        self.iter().map(|element| element.write(style)).collect()
    }
}

/// Entries that are `null` are left out.
impl<T: Member> Member for BTreeMap<String, T> {
    fn read(value: Value) -> Result<Self, ReadError> {
        let entries = Map::<String, Value>::deserialize(value)?;
        entries
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
        Ok(Self::deserialize(value)?)
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

/// A secret is written as the style says.
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

/// Converts a value to JSON that always can be.
#[expect(
    clippy::expect_used,
    reason = "types of our own with string keys can always be serialized"
)]
pub(crate) fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("it has string keys")
}

/// Members that are there whenever they have a value.
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
