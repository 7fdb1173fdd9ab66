//! Pages of lists that are there as a whole, with the headers of query results.

use super::token::{self, Position};
use super::{CONTINUATION, invalid_token, page_size};
use crate::iothub::errors::Result;
use crate::service::{ServiceRequest, ServiceResponse};

/// Which page a request asks for.
pub(crate) struct Request<'t> {
    text: &'t str,
    size: usize,
    start: usize,
}

impl<'t> Request<'t> {
    /// `text` says which list it is, so that tokens of others are refused.
    pub(crate) fn of(request: &ServiceRequest, text: &'t str) -> Result<Self> {
        let size = page_size(request.header(super::MAX_ITEM_COUNT))?;
        let start = match request.header(CONTINUATION).filter(|token| !token.is_empty()) {
            None => 0,
            Some(token) => match token::read(text, token) {
                Some((Position::Groups(start), _)) => start,
                _ => return Err(invalid_token()),
            },
        };
        Ok(Self { text, size, start })
    }

    /// The page's part of a list, and where the next one starts if there is one.
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
