//! Conversion between typed values and JSON objects that keeps unknown members.

use std::collections::HashSet;

use azure_service_core::decode;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use serde_ignored::Path;
use serde_json::{Error, Map, Value};

/// Converts `value` to JSON.
///
/// Serializes to a string first, so an `f32` keeps its shortest form: `21.3`, not `21.299999237060547`.
pub(crate) fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    serde_json::from_slice(&serde_json::to_vec(value)?)
}

/// Converts `value` to a JSON object. `()` becomes an empty object.
pub(crate) fn to_object<T: Serialize + ?Sized>(value: &T) -> Result<Map<String, Value>, Error> {
    match to_value(value)? {
        Value::Object(object) => Ok(object),
        Value::Null => Ok(Map::new()),
        other => Err(Error::custom(format_args!(
            "expected a JSON object, found {}",
            type_name(&other)
        ))),
    }
}

/// Returns the name of a value's JSON type, with an article.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Removes and decodes the required member `name`; `null` decodes as the default.
pub(crate) fn take<T: DeserializeOwned + Default>(
    object: &mut Map<String, Value>,
    name: &'static str,
) -> Result<T, Error> {
    let value = object
        .shift_remove(name)
        .ok_or_else(|| Error::missing_field(name))?;
    Ok(Option::<T>::deserialize(value)
        .map_err(|error| in_member(name, &error))?
        .unwrap_or_default())
}

/// Removes and decodes the optional member `name`; `null` counts as absent.
pub(crate) fn take_optional<T: DeserializeOwned>(
    object: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Option<T>, Error> {
    object.shift_remove(name).map_or(Ok(None), |value| {
        Option::<T>::deserialize(value).map_err(|error| in_member(name, &error))
    })
}

fn in_member(name: &str, error: &Error) -> Error {
    Error::custom(format_args!("member `{name}`: {error}"))
}

/// Decodes a `T` from `object` and returns it with the members that `T` ignores. Error messages refer to the object as
/// `what`.
///
/// A derived `Deserialize` skips unknown members with `deserialize_ignored_any`, which `serde_ignored` reports. A
/// type that accepts every member, such as a map or a struct with a flattened map, ignores none.
pub(crate) fn split<T: DeserializeOwned>(
    what: impl std::fmt::Display,
    mut object: Map<String, Value>,
) -> Result<(T, Map<String, Value>), Error> {
    let mut ignored = HashSet::new();
    match T::deserialize(Object::new(&object, &mut ignored)) {
        Ok(value) => {
            object.retain(|name, _| ignored.contains(name));
            Ok((value, object))
        }
        // Decodes again to locate the member.
        Err(error) => match decode::from_value::<T>(&what.to_string(), &Value::Object(object)) {
            Err(located) => Err(located),
            Ok(_) => Err(error),
        },
    }
}

/// A deserializer of an object that also supports the unit type `()`, for which all members are ignored. `serde_json`
/// deserializes `()` only from `null`.
pub(crate) struct Object<'de, 'a> {
    members: &'de Map<String, Value>,
    ignored: &'a mut HashSet<String>,
}

impl<'de, 'a> Object<'de, 'a> {
    /// Creates a deserializer that collects the names of ignored members in `ignored`.
    pub(crate) fn new(members: &'de Map<String, Value>, ignored: &'a mut HashSet<String>) -> Self {
        Self { members, ignored }
    }
}

impl<'de> Deserializer<'de> for Object<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut record = |path: Path<'_>| {
            if let Path::Map {
                parent: Path::Root,
                key,
            } = path
            {
                self.ignored.insert(key);
            }
        };
        serde_ignored::Deserializer::new(self.members, &mut record).deserialize_any(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.ignored.extend(self.members.keys().cloned());
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.members.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        seq tuple tuple_struct map struct identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else {
            panic!("{value} is not an object")
        };
        object
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Room {
        temperature: f32,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        kind: Kind,
        #[serde(default)]
        wrapped: Wrapped,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    enum Kind {
        #[default]
        Office,
        Sized(u64),
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Wrapped(i64);

    #[test]
    fn ignored_members_are_returned_in_order() {
        let (room, rest) = split::<Room>("room", object(json!({
            "zebra": [1, {"a": null}], "temperature": 21.3, "name": null, "big": 9_007_199_254_740_993_u64,
            "kind": {"Sized": 3}, "wrapped": -7, "alpha": null,
        })))
        .unwrap();
        assert_eq!(
            room,
            Room {
                temperature: 21.3,
                name: None,
                kind: Kind::Sized(3),
                wrapped: Wrapped(-7)
            }
        );
        assert_eq!(
            Value::Object(rest).to_string(),
            r#"{"zebra":[1,{"a":null}],"big":9007199254740993,"alpha":null}"#
        );
    }

    #[test]
    fn a_type_that_accepts_any_member_ignores_none() {
        #[derive(Deserialize)]
        struct Open {
            a: i32,
            #[serde(flatten)]
            rest: Map<String, Value>,
        }
        let (open, rest) = split::<Open>("room", object(json!({"b": 2, "a": 1}))).unwrap();
        assert_eq!(
            (open.a, open.rest, rest),
            (1, object(json!({"b": 2})), Map::new())
        );
        let (map, rest) = split::<Map<String, Value>>("room", object(json!({"b": 2, "a": 1}))).unwrap();
        assert_eq!(
            (Value::Object(map).to_string(), rest.len()),
            (r#"{"b":2,"a":1}"#.to_owned(), 0)
        );
    }

    #[test]
    fn a_unit_ignores_all_members() {
        let ((), rest) = split::<()>("room", object(json!({"a": 1}))).unwrap();
        assert_eq!(rest, object(json!({"a": 1})));
        let (none, rest) = split::<Option<()>>("room", object(json!({"a": 1}))).unwrap();
        assert_eq!((none, rest.len()), (Some(()), 1));
    }

    #[test]
    fn tagged_enums_are_decoded() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(tag = "kind")]
        enum Tagged {
            Lamp { watts: u32 },
        }
        let (lamp, rest) = split::<Tagged>("room", object(json!({"kind": "Lamp", "watts": 5}))).unwrap();
        assert_eq!((lamp, rest.len()), (Tagged::Lamp { watts: 5 }, 0));
    }

    #[test]
    fn errors_name_the_expected_type_or_the_missing_member() {
        let error = split::<Room>("room", object(json!({"temperature": "warm"}))).unwrap_err();
        assert!(error.to_string().contains("expected f32"), "{error}");
        let error = split::<Room>("room", object(json!({"x": 1}))).unwrap_err();
        assert!(error.to_string().contains("temperature"), "{error}");
    }

    #[test]
    fn f32_keeps_its_shortest_form() {
        assert_eq!(to_value(&21.3_f32).unwrap().to_string(), "21.3");
        assert_eq!(
            to_value(&9_007_199_254_740_993_u64).unwrap().to_string(),
            "9007199254740993"
        );
        assert_eq!(to_object(&()).unwrap(), Map::new());
        let error = to_object(&[1]).unwrap_err();
        assert_eq!(error.to_string(), "expected a JSON object, found an array");
    }
}
