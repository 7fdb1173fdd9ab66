//! Paged lists.

mod pager;

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::http::pager::{Page, PagerContinuation, PagerOptions, PagerResult, PagerState};
use azure_core::http::{Context, ItemIterator, RawResponse};
use azure_protocol_runtime::{Paging, TypedRequest};
use http::HeaderValue;
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::header::header;
use crate::pipeline::ServicePipeline;

pub use pager::{PageStream, Pager};

/// The header with the token of the next page.
const CONTINUATION: &str = "x-ms-continuation";
/// The member of a body with the token of the next page.
const CONTINUATION_TOKEN: &str = "continuationToken";

/// The name of the continuation token option in errors.
pub(crate) const CONTINUATION_PARAMETER: &str = "continuation_token";

/// The reason given if a continuation token does not have the form of the list's tokens.
const OTHER_LIST: &str = "belongs to another list; pass a token from a pager of the same method";

/// One page of a list: a bare JSON array, or an object with an array in `value` or `items`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ItemPage<T> {
    /// The items, in the service's order. An empty page is not necessarily the last.
    pub items: Vec<T>,
}

#[async_trait]
impl<T: Send> Page for ItemPage<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    async fn into_items(self) -> azure_core::Result<Self::IntoIter> {
        Ok(self.items.into_iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ItemPage<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct PageVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for PageVisitor<T> {
            type Value = ItemPage<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a page: an array, or an object with an array in `value` or `items`")
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut array: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let mut items = Vec::with_capacity(array.size_hint().unwrap_or_default());
                while let Some(item) = array.next_element()? {
                    items.push(item);
                }
                Ok(ItemPage { items })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                let mut items: Option<Vec<T>> = None;
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        // Some services write `null` for an empty list.
                        "value" | "items" => {
                            items = Some(map.next_value::<Option<Vec<T>>>()?.unwrap_or_default())
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                let items = items.ok_or_else(|| de::Error::missing_field("value"))?;
                Ok(ItemPage { items })
            }
        }

        deserializer.deserialize_any(PageVisitor(PhantomData))
    }
}

/// The members of a page's body that refer to the next page.
#[derive(Deserialize)]
struct Tail {
    #[serde(rename = "nextLink")]
    next_link: Option<String>,
    #[serde(rename = "continuationToken")]
    continuation_token: Option<String>,
}

/// The requests for the pages of a list, one after the other.
struct Pages {
    pipeline: ServicePipeline,
    method: &'static str,
    first: TypedRequest<()>,
    cycle: Mutex<CycleDetector>,
}

/// Detects a list that would never end because the continuations of empty pages form a cycle.
///
/// Implements Brent's algorithm: it keeps one continuation, and replaces it after 1, 2, 4, … pages. A cycle of `n`
/// pages is detected after at most `3n` requests, in constant memory.
#[derive(Default)]
struct CycleDetector {
    kept: Option<String>,
    pages: u64,
    replace_after: u64,
}

impl CycleDetector {
    /// Creates a detector that begins with the continuation of the first request, if there is one.
    fn new(first: Option<&str>) -> Self {
        Self {
            kept: first.map(str::to_owned),
            ..Self::default()
        }
    }

    /// Returns whether `next` equals the kept continuation.
    fn repeats(&mut self, next: &str) -> bool {
        if self.kept.as_deref() == Some(next) {
            return true;
        }
        if self.pages >= self.replace_after {
            self.kept = Some(next.to_owned());
            self.replace_after = (self.replace_after * 2).max(1);
            self.pages = 0;
        }
        self.pages += 1;
        false
    }
}

impl Pages {
    /// Requests the page at `state`. Returns it with the continuation of the next page.
    async fn read(
        &self,
        state: PagerState,
        context: Context<'static>,
    ) -> Result<(RawResponse, Option<PagerContinuation>)> {
        let mut request = self.first.clone();
        if let PagerState::More(continuation) = state {
            apply_continuation(&mut request, continuation)?;
        }
        let (operation, url) = (request.operation, request.url.clone());
        let response = self.pipeline.send_as(self.method, request, context).await?;
        let next = next(operation.paging, &url, &response)?;
        if let Some(next) = &next {
            let mut cycle = self.cycle.lock().unwrap_or_else(PoisonError::into_inner);
            if cycle.repeats(next.as_ref()) && is_empty(&response) {
                let reason = "an empty page repeats a continuation, so the list would never end";
                let error = Error::with_message(ErrorKind::InvalidResponse, reason);
                return Err(error.with_call(self.method, 1, false));
            }
        }
        Ok((response, next))
    }
}

/// Returns an azure_core pager over `pages`; `page` converts each response.
fn item_iterator<P: Page + Send + 'static>(
    pages: Pages,
    options: PagerOptions<'static>,
    page: impl Fn(RawResponse) -> Result<P> + Send + Sync + 'static,
) -> ItemIterator<P> {
    let pages = Arc::new((pages, page));
    ItemIterator::new(
        move |state, options: PagerOptions<'static>| {
            let pages = pages.clone();
            Box::pin(async move {
                let (pages, page) = &*pages;
                let (response, next) = pages.read(state, options.context).await?;
                let response = page(response)?;
                Ok(match next {
                    Some(continuation) => PagerResult::More {
                        response,
                        continuation,
                    },
                    None => PagerResult::Done { response },
                })
            })
        },
        Some(options),
    )
}

fn is_empty(page: &RawResponse) -> bool {
    let page: Result<ItemPage<IgnoredAny>, _> = serde_json::from_slice(page.body());
    page.is_ok_and(|page| page.items.is_empty())
}

/// Changes the request for the first page into the request for the page at `continuation`.
fn apply_continuation(request: &mut TypedRequest<()>, continuation: PagerContinuation) -> Result<()> {
    let invalid = |reason: &str| Error::invalid_input(CONTINUATION_PARAMETER, reason);
    match (request.operation.paging, continuation) {
        (Paging::NextLink, PagerContinuation::Link(link)) if is_own(&request.url, &link) => {
            request.url = link;
        }
        (Paging::NextLink, PagerContinuation::Link(_)) => {
            return Err(invalid("has a different origin from the service"));
        }
        (Paging::HeaderToken, PagerContinuation::Token(token)) => {
            let token = HeaderValue::try_from(token)
                .map_err(|error| invalid("is not a valid header value").with_source(error))?;
            request.headers.insert(CONTINUATION, token);
        }
        (Paging::BodyToken, PagerContinuation::Token(token)) => {
            let body = request.body.as_deref().unwrap_or(b"{}");
            let mut body: Map<String, Value> = serde_json::from_slice(body)
                .map_err(|error| Error::invalid_input("body", "must be an object").with_source(error))?;
            match body.get_mut(CONTINUATION_TOKEN) {
                Some(member) => *member = token.into(),
                // The member comes first, as in the generated type.
                None => {
                    body.shift_insert(0, CONTINUATION_TOKEN.to_owned(), token.into());
                }
            }
            request.body = Some(Value::from(body).to_string().into());
        }
        // The service would ignore such a token and return the first page again.
        _ => return Err(invalid(OTHER_LIST)),
    }
    Ok(())
}

/// Returns the continuation of the page after `response`.
fn next(paging: Paging, url: &Url, response: &RawResponse) -> Result<Option<PagerContinuation>> {
    let token = |token: String| (!token.is_empty()).then_some(PagerContinuation::Token(token));
    Ok(match paging {
        Paging::None => None,
        Paging::HeaderToken => header(response.headers(), CONTINUATION)
            .map(str::to_owned)
            .and_then(token),
        Paging::BodyToken => tail(response)?.continuation_token.and_then(token),
        Paging::NextLink => match tail(response)?.next_link.filter(|link| !link.is_empty()) {
            Some(link) => Some(PagerContinuation::Link(own_link(url, &link)?)),
            None => None,
        },
    })
}

/// Resolves a link in the response to a request that was sent to `base`. Refuses a link to a different origin.
pub(crate) fn own_link(base: &Url, link: &str) -> Result<Url> {
    let url = base.join(link).map_err(|error| {
        Error::with_message(ErrorKind::InvalidResponse, "a link is not a valid URL").with_source(error)
    })?;
    if is_own(base, &url) {
        Ok(url)
    } else {
        Err(foreign(&url))
    }
}

/// Returns whether the credential for `base` may be sent to `url`.
pub(crate) fn is_own(base: &Url, url: &Url) -> bool {
    base.origin() == url.origin()
}

fn tail(response: &RawResponse) -> Result<Tail> {
    serde_json::from_slice(response.body()).map_err(|error| Error::invalid_response(&error))
}

pub(crate) fn foreign(link: &Url) -> Error {
    let origin = link.origin().ascii_serialization();
    Error::with_message(
        ErrorKind::InvalidResponse,
        format!("a link leads to another origin, {origin}"),
    )
}
