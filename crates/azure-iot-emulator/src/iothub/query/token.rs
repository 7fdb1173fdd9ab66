//! Continuation tokens, which contain the query and the position of the next page.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Start of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Position {
    /// After the twin of this device, or of this module if modules are queried.
    After(String, Option<String>),
    /// After this number of groups.
    Groups(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    query: String,
    position: Position,
    /// Rows of earlier pages, which count towards `TOP`.
    rows: u64,
}

/// Returns an opaque token that is valid only for the same query.
#[expect(clippy::expect_used, reason = "strings and numbers always serialize")]
pub(crate) fn write(query: &str, position: Position, rows: u64) -> String {
    let token = Token {
        query: fingerprint(query),
        position,
        rows,
    };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).expect("the token consists of strings and numbers"))
}

/// Decodes a token; returns `None` if it is invalid or belongs to another query.
pub(crate) fn read(query: &str, token: &str) -> Option<(Position, u64)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let token: Token = serde_json::from_slice(&bytes).ok()?;
    (token.query == fingerprint(query)).then_some((token.position, token.rows))
}

fn fingerprint(query: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(query.as_bytes())[..12])
}
