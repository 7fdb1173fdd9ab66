//! Parses JSON and refuses duplicate keys. An ordinary parser would silently keep only the last one.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Error, Fault, Located, Pointer};

/// Parses the text of a file. Skips a byte order mark, which some published files have.
///
/// # Errors
/// If the text is not JSON, or an object has a key twice.
pub fn parse(text: &str, file: &Path) -> Result<Value, Error> {
    let duplicate = RefCell::new(None);
    let node = Node {
        at: &At::Root,
        duplicate: &duplicate,
    };
    let mut parser = serde_json::Deserializer::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let parsed = node
        .deserialize(&mut parser)
        .and_then(|value| parser.end().map(|()| value));
    parsed.map_err(|source| match duplicate.take() {
        Some(located) => Located::in_file(located, file),
        None => Error::Json {
            file: file.to_owned(),
            source,
        },
    })
}

/// The location of a value, as a list from the value to the root.
enum At<'a> {
    Root,
    Key(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl At<'_> {
    fn pointer(&self) -> Pointer {
        match self {
            At::Root => Pointer::root(),
            At::Key(parent, key) => parent.pointer().at(key),
            At::Index(parent, index) => parent.pointer().at(index),
        }
    }
}

struct Node<'a> {
    at: &'a At<'a>,
    /// The first duplicate key, which serde's error type cannot carry.
    duplicate: &'a RefCell<Option<Located>>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        loop {
            let node = Node {
                at: &At::Index(self.at, out.len()),
                duplicate: self.duplicate,
            };
            match items.next_element_seed(node)? {
                Some(value) => out.push(value),
                None => return Ok(Value::Array(out)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let at = At::Key(self.at, &key);
            if out.contains_key(&key) {
                let located = Located::new(&at.pointer(), Fault::DuplicateKey(key.clone()));
                self.duplicate.replace(Some(located));
                return Err(A::Error::custom("duplicate key"));
            }
            let node = Node {
                at: &at,
                duplicate: self.duplicate,
            };
            let value = members.next_value_seed(node)?;
            out.insert(key, value);
        }
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_key_is_refused_with_its_pointer() {
        let text = r#"{"paths": [{}, {"/a/b": {"get": 1, "put": {}, "get": 2}}]}"#;
        let error = parse(text, Path::new("x.json")).unwrap_err().to_string();
        assert!(
            error.starts_with("x.json#/paths/1/~1a~1b/get: key `get` is used twice"),
            "{error}"
        );
    }

    #[test]
    fn every_kind_of_value_is_kept_in_order() {
        let text = r#"{"b":[null,true,-1,18446744073709551615,1.5,"\u0041"],"a":{}}"#;
        let value = parse(&format!("\u{feff}{text}"), Path::new("x.json")).unwrap();
        assert_eq!(value.to_string(), text.replace("\\u0041", "A"));
        for text in ["{} {}", "[1,]", "{\"a\":}", ""] {
            assert!(matches!(
                parse(text, Path::new("x.json")),
                Err(Error::Json { .. })
            ));
        }
    }
}
