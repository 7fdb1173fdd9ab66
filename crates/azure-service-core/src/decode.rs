//! Decoding JSON so that errors name the member.
//!
//! Keeping track of where a decoder is costs time, so it is done only for a document that could not be decoded: by
//! decoding it once more.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::Value;

use crate::error::{Error, Result};

/// Decodes `body`, which holds a `what`, such as a page.
///
/// # Errors
///
/// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse), whose text names `what` and the member.
pub fn from_slice<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(located) => Error::invalid_response(&locate(what, &located)),
            // Only what comes after the value is wrong.
            Ok(_) => Error::invalid_response(&error),
        }
    })
}

/// Decodes `value`, which is a `what`, such as a job. For implementations of `Deserialize`.
///
/// # Errors
///
/// An error whose text names `what` and the member.
pub fn from_value<'de, T: Deserialize<'de>>(what: &str, value: &'de Value) -> Result<T, serde_json::Error> {
    T::deserialize(value)
        .or_else(|_| serde_path_to_error::deserialize(value).map_err(|located| locate(what, &located)))
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
        #[allow(dead_code, reason = "only read by the decoder")]
        sensors: Vec<Sensor>,
    }

    #[derive(Debug, Deserialize)]
    struct Sensor {
        #[allow(dead_code, reason = "only read by the decoder")]
        name: String,
    }

    #[test]
    fn error_names_what_and_member() {
        let room = json!({"sensors": [{"name": "a"}, {"name": 7}]});
        let error = from_value::<Room>("room", &room).unwrap_err();
        assert_eq!(
            error.to_string(),
            "room, member `sensors[1].name`: invalid type: integer `7`, expected a string"
        );
        let error = from_slice::<Room>("room", room.to_string().as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the service's response cannot be understood: room, member `sensors[1].name`: \
             invalid type: integer `7`, expected a string at line 1 column 34"
        );
    }

    #[test]
    fn error_shows_no_string_of_the_body() {
        let error = from_slice::<Room>("room", br#"{"sensors":"s3cret"}"#).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert!(error.to_string().contains("member `sensors`"), "{error}");
    }

    #[test]
    fn error_of_a_document_that_ends_early_or_late_says_so() {
        for body in ["", "{", r#"{"sensors":[]} 7"#] {
            let error = from_slice::<Room>("room", body.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidResponse, "{body:?}");
        }
    }
}
