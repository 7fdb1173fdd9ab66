//! JSON decoding whose errors name the member.
//!
//! Tracking the path costs time, so it happens only after decoding has failed, by decoding the document again.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::{Error, Result};

/// Decodes `body`. Errors call the document `what`, such as `page`.
///
/// # Errors
///
/// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse), with a message that contains `what` and the
/// member.
pub fn from_slice<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(located) => Error::invalid_response(&locate(what, &located)),
            // The value is valid; the text after it is not.
            Ok(_) => Error::invalid_response(&error),
        }
    })
}

/// Decodes `value`. Errors call the document `what`, such as `job`. For use in implementations of `Deserialize`.
///
/// # Errors
///
/// An error with a message that contains `what` and the member.
pub fn from_value<'de, T: Deserialize<'de>>(what: &str, value: &'de Value) -> Result<T, serde_json::Error> {
    T::deserialize(value)
        .or_else(|_| serde_path_to_error::deserialize(value).map_err(|located| locate(what, &located)))
}

/// Decodes an array of rows one by one, so that an error names the row and the member. `null` counts as no rows. For
/// use in implementations of `Deserialize`.
///
/// # Errors
///
/// An error with a message that contains `row`, the row's position and the member.
pub fn rows<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct Rows<T>(PhantomData<T>);

    impl<'de, T: DeserializeOwned> Visitor<'de> for Rows<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array of rows")
        }

        fn visit_unit<E>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Vec<T>, A::Error> {
            let mut rows = Vec::with_capacity(array.size_hint().unwrap_or_default());
            while let Some(row) = array.next_element::<Value>()? {
                let row = from_value(&format!("row {}", rows.len()), &row);
                rows.push(row.map_err(A::Error::custom)?);
            }
            Ok(rows)
        }
    }

    deserializer.deserialize_any(Rows(PhantomData))
}

fn locate(what: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> serde_json::Error {
    let (path, inner) = (error.path(), error.inner());
    match path.iter().next() {
        Some(_) => serde_json::Error::custom(format_args!("{what}, member `{path}`: {inner}")),
        None => serde_json::Error::custom(format_args!("{what}: {inner}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    struct Room {
        #[allow(dead_code, reason = "only the decoder uses it")]
        sensors: Vec<Sensor>,
    }

    #[derive(Debug, Deserialize)]
    struct Sensor {
        #[allow(dead_code, reason = "only the decoder uses it")]
        name: String,
    }

    #[test]
    fn error_names_document_and_member() {
        let room = json!({"sensors": [{"name": "a"}, {"name": 7}]});
        let error = from_value::<Room>("room", &room).unwrap_err();
        assert_eq!(
            error.to_string(),
            "room, member `sensors[1].name`: invalid type: integer `7`, expected a string"
        );
        let error = from_slice::<Room>("room", room.to_string().as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid response: room, member `sensors[1].name`: \
             invalid type: integer `7`, expected a string at line 1 column 34"
        );
    }

    #[test]
    fn error_quotes_no_string_of_the_body() {
        let error = from_slice::<Room>("room", br#"{"sensors":"s3cret"}"#).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert!(error.to_string().contains("member `sensors`"), "{error}");
    }

    #[test]
    fn incomplete_document_and_trailing_text_are_errors() {
        for body in ["", "{", r#"{"sensors":[]} 7"#] {
            let error = from_slice::<Room>("room", body.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidResponse, "{body:?}");
        }
    }
}
