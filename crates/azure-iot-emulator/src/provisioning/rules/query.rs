//! Queries and their pages. The grammar of the service is not published; the emulator supports the queries that clients send.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::provisioning::errors::{ProvisioningError, Result};
use crate::service::ServiceRequest;

pub(crate) const CONTINUATION: &str = "x-ms-continuation";
pub(crate) const ITEM_TYPE: &str = "x-ms-item-type";
const PAGE_SIZE: &str = "x-ms-max-item-count";
/// The page size of requests without one, and the maximum.
const DEFAULT_PAGE_SIZE: usize = 100;
const MAX_PAGE_SIZE: usize = 1000;

/// Checks a query, which must select all records: `SELECT * FROM <from>`, `SELECT *`, `*`, or nothing.
pub(crate) fn check(query: Option<&str>, from: &str) -> Result<()> {
    let query = query.unwrap_or("*");
    let words: Vec<String> = query.split_whitespace().map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["*"] | ["select", "*"] => Ok(()),
        ["select", "*", "from", source] if source.eq_ignore_ascii_case(from) => Ok(()),
        _ => Err(ProvisioningError::not_implemented(format!(
            "The emulator has no query \"{query}\"; it has SELECT * and SELECT * FROM {from}."
        ))),
    }
}

/// The requested page: its size, and the key after which it begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) size: usize,
    pub(crate) after: Option<String>,
}

impl Page {
    pub(crate) fn of(request: &ServiceRequest) -> Result<Self> {
        let size = match request.header(PAGE_SIZE) {
            None | Some("" | "0") => DEFAULT_PAGE_SIZE,
            Some(text) => text
                .parse::<usize>()
                .map(|size| size.min(MAX_PAGE_SIZE))
                .map_err(|_| {
                    ProvisioningError::argument(format!("{PAGE_SIZE} \"{text}\" is not a whole number."))
                })?,
        };
        let after = request.header(CONTINUATION).filter(|token| !token.is_empty());
        Ok(Self {
            size,
            after: after.map(read_token).transpose()?,
        })
    }
}

/// Returns the continuation token of the page after `key`.
pub(crate) fn token(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("after:{key}"))
}

fn read_token(token: &str) -> Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let key = text.as_deref().and_then(|text| text.strip_prefix("after:"));
    key.map(str::to_owned).ok_or_else(|| {
        ProvisioningError::argument(format!("The continuation token \"{token}\" is not valid."))
    })
}
