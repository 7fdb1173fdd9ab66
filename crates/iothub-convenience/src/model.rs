//! Models that serialize to the JSON that was read.
//!
//! The service varies the case of member names between operations, and writes `null` for members that other
//! operations omit. A model declared with [`model!`] accepts all forms, records spelling and nulls, and keeps unknown
//! members in `extra`.

mod member;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

pub(crate) use member::{Member, object, plain_members, to_json};

/// Options for writing a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether keys are written in clear text instead of `REDACTED`.
    pub(crate) keys: bool,
    /// Whether members that were `null` are written as `null` instead of omitted.
    pub(crate) nulls: bool,
}

impl Style {
    /// The JSON that was read, without keys.
    pub(crate) const READ: Self = Self {
        keys: false,
        nulls: true,
    };
    /// The JSON that was read, with keys.
    pub(crate) const READ_WITH_KEYS: Self = Self {
        keys: true,
        nulls: true,
    };
    /// The JSON that is sent to the service.
    pub(crate) const SENT: Self = Self {
        keys: true,
        nulls: false,
    };
}

/// The spelling and nulls of a document's known members. All layouts compare equal, so models compare by value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout(Vec<ReadMember>);

impl PartialEq for Layout {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Layout {}

#[derive(Debug, Clone)]
struct ReadMember {
    name: &'static str,
    spelling: Cow<'static, str>,
    null: bool,
    /// The value as it was read, if deserializing it dropped elements or entries that were `null`.
    with_nulls: Option<Value>,
}

impl Layout {
    fn find(&self, name: &'static str) -> Option<&ReadMember> {
        self.0.iter().find(|member| member.name == name)
    }
}

/// An invalid member and its path.
#[derive(Debug)]
pub(crate) struct ReadError {
    path: String,
    reason: serde_json::Error,
}

impl ReadError {
    fn within(mut self, name: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{name}.{path}"),
        };
        self
    }

    /// Converts this into a deserialization error that calls the document `what`.
    pub(crate) fn of<E: serde::de::Error>(self, what: &str) -> E {
        match self.path.as_str() {
            "" => E::custom(format_args!("{what}: {}", self.reason)),
            path => E::custom(format_args!("{what}, member `{path}`: {}", self.reason)),
        }
    }
}

impl From<serde_json::Error> for ReadError {
    fn from(reason: serde_json::Error) -> Self {
        Self {
            path: String::new(),
            reason,
        }
    }
}

/// The members of a document during deserialization.
#[derive(Debug)]
pub(crate) struct Members {
    members: Vec<(String, Option<Value>)>,
    layout: Layout,
}

impl Members {
    pub(crate) fn new(document: Value) -> Result<Self, ReadError> {
        let members = object(document)?;
        Ok(Self {
            layout: Layout(Vec::with_capacity(members.len())),
            members: members
                .into_iter()
                .map(|(name, value)| (name, Some(value)))
                .collect(),
        })
    }

    /// Removes and decodes the member `name`. Ignores ASCII case if no member has exactly this name.
    pub(crate) fn take<T: Member + Default>(&mut self, name: &'static str) -> Result<T, ReadError> {
        let is_left = |(_, value): &&mut (String, Option<Value>)| value.is_some();
        let mut found = self
            .members
            .iter_mut()
            .filter(is_left)
            .find(|(known, _)| known == name);
        if found.is_none() {
            found = self
                .members
                .iter_mut()
                .filter(is_left)
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
        }
        let Some((spelling, value)) = found else {
            return Ok(T::default());
        };
        let value = value.take().unwrap_or_default();
        self.layout.0.push(ReadMember {
            name,
            spelling: match spelling == name {
                true => Cow::Borrowed(name),
                false => Cow::Owned(spelling.clone()),
            },
            null: value.is_null(),
            with_nulls: (T::IGNORES_NULLS && has_null(&value)).then(|| value.clone()),
        });
        match value {
            Value::Null => Ok(T::default()),
            value => T::read(value).map_err(|error| error.within(name)),
        }
    }

    /// Returns the remaining members, and the layout of the members that were taken.
    pub(crate) fn finish(self) -> (Map<String, Value>, Layout) {
        let rest = self
            .members
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        (rest, self.layout)
    }
}

/// Adds the member `name` to `document`, with the spelling and nulls recorded in `layout`.
pub(crate) fn put<T: Member>(
    document: &mut Map<String, Value>,
    layout: &Layout,
    name: &'static str,
    value: &T,
    style: Style,
) {
    let read = layout.find(name);
    let spelling = read.map_or(name, |member| member.spelling.as_ref());
    let original = read
        .and_then(|member| member.with_nulls.as_ref())
        .filter(|original| style.nulls && without_nulls(original) == value.write(style));
    if let Some(original) = original {
        document.insert(spelling.to_owned(), original.clone());
        return;
    }
    if !value.is_unset() {
        document.insert(spelling.to_owned(), value.write(style));
        return;
    }
    match read {
        Some(member) if member.null && style.nulls => {
            document.insert(spelling.to_owned(), Value::Null);
        }
        Some(member) if !member.null => match value.write(style) {
            // The caller has removed the member since it was read.
            Value::Null => {}
            empty => {
                document.insert(spelling.to_owned(), empty);
            }
        },
        _ => {}
    }
}

/// Returns whether an array or object has an element or entry that is `null`.
fn has_null(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(Value::is_null),
        Value::Object(entries) => entries.values().any(Value::is_null),
        _ => false,
    }
}

/// Returns an array or object without the elements or entries that are `null`.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements
            .iter()
            .filter(|value| !value.is_null())
            .cloned()
            .collect(),
        Value::Object(entries) => {
            let entries = entries.iter().filter(|(_, value)| !value.is_null());
            entries
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        }
        other => other.clone(),
    }
}

/// Deserializes a model. Errors call the document `what`.
pub(crate) fn deserialize<'de, T: Member, D: Deserializer<'de>>(
    what: &str,
    deserializer: D,
) -> Result<T, D::Error> {
    let document = Value::deserialize(deserializer)?;
    T::read(document).map_err(|error| error.of(what))
}

/// Declares a service model with the JSON names of its members. See the [module](self).
macro_rules! model {
    (
        $(#[$meta:meta])*
        $model_visibility:vis struct $model:ident as $what:literal {
            $( $(#[$field_meta:meta])* $visibility:vis $field:ident: $type:ty = $name:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Default)]
        #[non_exhaustive]
        $model_visibility struct $model {
            $( $(#[$field_meta])* $visibility $field: $type, )+
            /// Unknown members, unchanged.
            pub extra: ::serde_json::Map<String, ::serde_json::Value>,
            pub(crate) layout: $crate::model::Layout,
        }

        impl ::std::fmt::Debug for $model {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let mut out = f.debug_struct(stringify!($model));
                $( out.field(stringify!($field), &self.$field); )+
                out.field("extra", &self.extra).finish()
            }
        }

        impl $crate::model::Member for $model {
            fn read(document: ::serde_json::Value) -> Result<Self, $crate::model::ReadError> {
                let mut members = $crate::model::Members::new(document)?;
                $( let $field = members.take($name)?; )+
                let (extra, layout) = members.finish();
                Ok(Self { $( $field, )+ extra, layout })
            }

            fn is_unset(&self) -> bool {
                $( self.$field.is_unset() && )+ self.extra.is_empty()
            }

            fn write(&self, style: $crate::model::Style) -> ::serde_json::Value {
                let mut document = ::serde_json::Map::new();
                $( $crate::model::put(&mut document, &self.layout, $name, &self.$field, style); )+
                for (name, value) in &self.extra {
                    document.insert(name.clone(), value.clone());
                }
                ::serde_json::Value::Object(document)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $model {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::model::deserialize($what, deserializer)
            }
        }

        impl ::serde::Serialize for $model {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use $crate::model::Member as _;
                self.write($crate::model::Style::READ).serialize(serializer)
            }
        }
    };
}

pub(crate) use model;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    model! {
        /// A room.
        struct Room as "room" {
            /// Its name.
            name: String = "name",
            /// Its floor.
            floor: Option<i32> = "floorNumber",
            /// Its inventory.
            inventory: Inventory = "inventory",
            /// Its doors.
            doors: Option<Vec<String>> = "doors",
            /// Its labels.
            labels: Option<BTreeMap<String, String>> = "labels",
        }
    }

    model! {
        /// The inventory of a room.
        struct Inventory as "inventory" {
            /// The number of chairs.
            chairs: Option<i32> = "chairs",
        }
    }

    #[test]
    fn model_serializes_to_what_was_read() {
        for document in [
            json!({}),
            json!({"name": "", "inventory": {}}),
            json!({"name": null, "floorNumber": null, "inventory": null, "later": null}),
            json!({"Name": "hall", "FLOORNUMBER": 1, "inventory": {"Chairs": null, "tables": [1]}}),
            json!({"name": "hall", "Name": "other", "floornumber": null}),
            json!({"doors": [null, "north", null], "labels": {"a": null, "b": "c"}}),
            json!({"doors": [null], "labels": {"a": null}}),
        ] {
            let room: Room = serde_json::from_value(document.clone()).unwrap();
            assert_eq!(serde_json::to_value(&room).unwrap(), document);
        }
    }

    #[test]
    fn changed_members_keep_their_spelling() {
        let mut room: Room = serde_json::from_value(json!({"Name": "hall", "floorNumber": null})).unwrap();
        room.floor = Some(2);
        room.name = "kitchen".to_owned();
        room.inventory.chairs = Some(4);
        assert_eq!(
            serde_json::to_value(&room).unwrap(),
            json!({"Name": "kitchen", "floorNumber": 2, "inventory": {"chairs": 4}})
        );
        room.floor = None;
        assert_eq!(room.write(Style::SENT).get("floorNumber"), None);
    }

    #[test]
    fn null_elements_and_entries_are_ignored() {
        let document = json!({"doors": [null, "north"], "labels": {"a": null, "b": "c"}});
        let mut room: Room = serde_json::from_value(document).unwrap();
        assert_eq!(room.doors, Some(vec!["north".to_owned()]));
        assert_eq!(room.labels.as_ref().unwrap().len(), 1);
        assert_eq!(
            room.write(Style::SENT),
            json!({"doors": ["north"], "labels": {"b": "c"}})
        );
        room.doors.as_mut().unwrap().push("south".to_owned());
        room.labels = None;
        assert_eq!(
            serde_json::to_value(&room).unwrap(),
            json!({"doors": ["north", "south"]})
        );
    }

    #[test]
    fn error_names_document_and_member() {
        let error = serde_json::from_str::<Room>(r#"{"inventory": {"chairs": true}}"#).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("room, member `inventory.chairs`: invalid type"),
            "{text}"
        );
        let text = serde_json::from_str::<Room>("[]").unwrap_err().to_string();
        assert!(text.starts_with("room: invalid type: sequence"), "{text}");
    }
}
