//! Paging of lists: bodies, continuation tokens and `nextLink`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::digitaltwins::call::Call;
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::service::ServiceResponse;

/// Page size of the lists that are paged by position.
const POSITION_PAGE: usize = 100;

/// A page of a list, as the service serializes it.
#[derive(Debug, Serialize)]
pub(crate) struct Page<T> {
    #[serde(rename = "nextLink")]
    pub(crate) next_link: Option<String>,
    pub(crate) value: Vec<T>,
}

/// Writes a continuation token.
pub(crate) fn write_token(position: impl Into<Value>) -> String {
    URL_SAFE_NO_PAD.encode(position.into().to_string())
}

/// Parses a continuation token from [`write_token`].
pub(crate) fn read_token<T: DeserializeOwned>(token: &str) -> ServiceResult<T> {
    let json = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| errors::invalid_list_token())?;
    serde_json::from_slice(&json).map_err(|_| errors::invalid_list_token())
}

/// Returns one page of a list. The token is the number of items on earlier pages.
pub(crate) fn page_by_position(
    call: &Call<'_>,
    path: &str,
    items: impl Iterator<Item = Value>,
) -> ServiceResult<ServiceResponse> {
    let size = call.page_size(POSITION_PAGE, POSITION_PAGE)?;
    let first: usize = match call.query_value("continuationToken") {
        None => 0,
        Some(token) => read_token(token)?,
    };
    let mut items = items.skip(first);
    let value: Vec<_> = items.by_ref().take(size).collect();
    let next_link = items.next().map(|_| {
        let token = write_token(first + value.len());
        call.link(path, &[("continuationToken", &token)])
    });
    Ok(ServiceResponse::json(StatusCode::OK, &Page { next_link, value }))
}
