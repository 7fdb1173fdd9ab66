//! Errors of connection strings.

use super::parts::KEY_NAME;

/// The reason that a connection string is invalid. The message identifies the invalid part, but never contains the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionStringError {
    /// A part is missing.
    #[error("{part} is missing{}", hint(.part))]
    Missing {
        /// The name of the part.
        part: &'static str,
    },
    /// A part is missing, and the string has an unknown part with a similar name.
    #[error("part {position} has an unknown name; did you mean {suggestion}?")]
    UnknownName {
        /// The position of the part, from 1.
        position: usize,
        /// The name of the missing part.
        suggestion: &'static str,
    },
    /// A part is repeated.
    #[error("{part} is given more than once")]
    Duplicate {
        /// The name of the part.
        part: &'static str,
    },
    /// A part has no value.
    #[error("{part} has no value")]
    Empty {
        /// The name of the part.
        part: &'static str,
    },
    /// A part is not of the form `name=value`.
    #[error("part {position} is not of the form name=value")]
    Malformed {
        /// The position of the part, from 1.
        position: usize,
    },
    /// Only the host is present.
    #[error(
        "ends after HostName; in a shell, put it in single quotes, because an unquoted ; ends the command"
    )]
    Truncated,
    /// Commas separate the parts.
    #[error("has commas between its parts; separate them with semicolons")]
    Commas,
    /// The string or a value is in quotes.
    #[error("has quotes around it or a value; leave them out")]
    Quotes,
    /// The host is not a host name with an optional port.
    #[error("HostName is not a host name with an optional port; leave out the scheme and path")]
    InvalidHostName,
    /// The key is not base64.
    #[error("SharedAccessKey is not base64; copy the whole key, with any = at its end")]
    InvalidKey,
    /// The token is not a shared access signature.
    #[error("SharedAccessSignature is not a token with the fields sr, sig and se")]
    InvalidSignature,
    /// There are both a key and a token.
    #[error("has both SharedAccessKey and SharedAccessSignature; leave out one")]
    KeyAndSignature,
}

fn hint(part: &str) -> &'static str {
    match part {
        KEY_NAME => "; use the connection string of a shared access policy",
        _ => "",
    }
}
