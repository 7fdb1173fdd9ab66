//! Continuation tokens: where the next page starts, and of which query.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where a page starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Position {
    /// Behind the twin of this device, and of this module if modules are queried.
    After(String, Option<String>),
    /// Behind so many groups.
    Groups(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    query: String,
    position: Position,
    /// Rows of earlier pages, which count for `TOP`.
    rows: u64,
}

/// A token that callers can't read and that only fits the same query.
pub(super) fn write(query: &str, position: Position, rows: u64) -> String {
    let token = Token {
        query: fingerprint(query),
        position,
        rows,
    };
    // A struct of strings and numbers always can be written.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
}

/// Reads a token; `None` if it is none, or another query's.
pub(super) fn read(query: &str, token: &str) -> Option<(Position, u64)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let token: Token = serde_json::from_slice(&bytes).ok()?;
    (token.query == fingerprint(query)).then_some((token.position, token.rows))
}

fn fingerprint(query: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(query.as_bytes())[..12])
}
