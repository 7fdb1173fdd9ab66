//! Paging headers, and paging of complete lists.

use crate::iothub::errors::{HubError, Result};
use crate::iothub::query::token;
use crate::iothub::query::token::Position;
use crate::service::{ServiceRequest, ServiceResponse};

/// Maximum, and default, number of rows of a page.
const PAGE_SIZE: usize = 100;

const MAX_ITEM_COUNT: &str = "x-ms-max-item-count";
pub(crate) const CONTINUATION: &str = "x-ms-continuation";
pub(crate) const ITEM_TYPE: &str = "x-ms-item-type";

/// Returns the requested page size.
pub(crate) fn page_size(request: &ServiceRequest) -> Result<usize> {
    match request.header(MAX_ITEM_COUNT).map(str::parse) {
        None => Ok(PAGE_SIZE),
        Some(Ok(size)) if size > 0 => Ok(PAGE_SIZE.min(size)),
        Some(_) => Err(HubError::argument(format!(
            "The header {MAX_ITEM_COUNT} must be a positive number."
        ))),
    }
}

/// Returns the continuation token of a request. An empty header is treated as absent.
pub(crate) fn continuation(request: &ServiceRequest) -> Option<&str> {
    request.header(CONTINUATION).filter(|token| !token.is_empty())
}

pub(crate) fn invalid_token() -> HubError {
    HubError::argument(format!(
        "The header {CONTINUATION} does not belong to this query."
    ))
}

/// A page of a list that is computed completely.
pub(crate) struct ListPage<'t> {
    text: &'t str,
    size: usize,
    start: usize,
}

impl<'t> ListPage<'t> {
    /// Parses the paging headers. `text` identifies the list, so that tokens of other lists are
    /// invalid.
    pub(crate) fn of(request: &ServiceRequest, text: &'t str) -> Result<Self> {
        let size = page_size(request)?;
        let start = match continuation(request) {
            None => 0,
            Some(token) => match token::read(text, token) {
                Some((Position::Groups(start), _)) => start,
                _ => return Err(invalid_token()),
            },
        };
        Ok(Self { text, size, start })
    }

    /// Returns the part of a list that is on this page, and the start of the next page.
    pub(crate) fn slice<T>(&self, mut all: Vec<T>) -> (Vec<T>, Option<usize>) {
        let end = self.start.saturating_add(self.size);
        let next = (end < all.len()).then_some(end);
        all.truncate(end);
        (all.split_off(self.start.min(all.len())), next)
    }

    pub(crate) fn with_next(
        &self,
        response: ServiceResponse,
        next: Option<usize>,
        rows: usize,
    ) -> ServiceResponse {
        let Some(next) = next else { return response };
        let rows = u64::try_from(self.start.saturating_add(rows)).unwrap_or(u64::MAX);
        response.with_header(
            CONTINUATION,
            &token::write(self.text, Position::Groups(next), rows),
        )
    }
}
