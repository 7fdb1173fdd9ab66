//! Lossless serialization of resources.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Implements `Serialize` and `Deserialize` for a struct with a field `extra`, on top of the functions that
/// `#[serde(remote = "Self")]` derives.
///
/// * Unknown members are kept in `extra`.
/// * Members that are `null` or an empty object count as absent and are also kept in `extra`, so the struct serializes
///   to the JSON that was read. A required member that is `null` decodes as an empty string. If the whole document is
///   `null`, as an element of an array may be, every required member decodes as an empty string.
/// * Fields that are set take precedence over `extra` when the struct is serialized.
/// * Errors name the document and the member.
macro_rules! lossless {
    ($type:ident, $what:literal, required: [$($required:literal),*]) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let object = Option::deserialize(deserializer)?;
                let (object, unset) = $crate::types::lossless::set_aside(object, &[$($required),*]);
                let mut ignored = std::collections::HashSet::new();
                let read = Self::deserialize($crate::json::Object::new(&object, &mut ignored));
                let mut read = read.map_err(|error| {
                    // Decodes again, this time tracking the path, to locate the member.
                    let mut track = serde_path_to_error::Track::new();
                    let located = serde_path_to_error::Deserializer::new(&object, &mut track);
                    match Self::deserialize(located) {
                        Ok(_) => serde::de::Error::custom(format_args!("{}: {error}", $what)),
                        Err(error) => serde::de::Error::custom(format_args!(
                            "{}, member `{}`: {error}",
                            $what,
                            track.path(),
                        )),
                    }
                })?;
                read.extra = $crate::types::lossless::extra(object, &ignored, unset);
                Ok(read)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let known = Self::serialize(self, serde_json::value::Serializer)
                    .map_err(serde::ser::Error::custom)?;
                serde::Serialize::serialize(
                    &$crate::types::lossless::with_extra(known, &self.extra),
                    serializer,
                )
            }
        }
    };
}

/// Returns the members to decode, and the members that count as absent. A required `null` is decoded as an empty
/// string. `None` stands for a document that is `null`.
pub(super) fn set_aside(
    object: Option<Map<String, Value>>,
    required: &[&str],
) -> (Map<String, Value>, Map<String, Value>) {
    let object = object.unwrap_or_else(|| {
        let nulls = required.iter().map(|name| ((*name).to_owned(), Value::Null));
        nulls.collect()
    });
    let mut unset = Map::new();
    let mut set = Map::new();
    for (name, value) in object {
        let required = required.contains(&name.as_str());
        match &value {
            Value::Null if required => {
                set.insert(name, Value::from(""));
            }
            Value::Null => {
                unset.insert(name, value);
            }
            Value::Object(members) if members.is_empty() && !required => {
                unset.insert(name, value);
            }
            _ => {
                set.insert(name, value);
            }
        }
    }
    (set, unset)
}

/// Returns the members that were not decoded into a field.
pub(super) fn extra(
    object: Map<String, Value>,
    ignored: &HashSet<String>,
    unset: Map<String, Value>,
) -> Map<String, Value> {
    let mut extra: Map<String, Value> = object
        .into_iter()
        .filter(|(name, _)| ignored.contains(name))
        .collect();
    extra.extend(unset);
    extra
}

/// Adds the members of `extra` that are not in `known`.
pub(super) fn with_extra(known: Value, extra: &Map<String, Value>) -> Value {
    let Value::Object(mut known) = known else {
        return known;
    };
    for (name, value) in extra {
        if !known.contains_key(name) {
            known.insert(name.clone(), value.clone());
        }
    }
    Value::Object(known)
}
