//! Lists that come in pages.

mod pager;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

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

/// The header in which a service hands out the token for the next page.
const CONTINUATION: &str = "x-ms-continuation";
/// The member of a body that holds the token for the next page.
const CONTINUATION_TOKEN: &str = "continuationToken";

/// The caller's name for where a list goes on.
pub(crate) const CONTINUATION_PARAMETER: &str = "continuation_token";

/// One page of a list: a bare JSON array, or an object that has one in `value` or `items`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ItemPage<T> {
    /// The items, in the service's order. A page may have none and still not be the last.
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
        struct Shape<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Shape<T> {
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
                        // `null` is what some services write for none.
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

        deserializer.deserialize_any(Shape(PhantomData))
    }
}

/// What a page's body says about the next one.
#[derive(Deserialize)]
struct Tail {
    #[serde(rename = "nextLink")]
    next_link: Option<String>,
    #[serde(rename = "continuationToken")]
    continuation_token: Option<String>,
}

/// Requests pages, one after the other.
struct Pages {
    pipeline: ServicePipeline,
    method: &'static str,
    first: TypedRequest<()>,
}

impl Pages {
    /// The page after `state`, and where the next one begins.
    async fn read(
        &self,
        state: PagerState,
        context: Context<'static>,
    ) -> Result<(RawResponse, Option<PagerContinuation>)> {
        let mut request = self.first.clone();
        if let PagerState::More(continuation) = state {
            go_on(&mut request, continuation)?;
        }
        let (operation, url) = (request.operation, request.url.clone());
        let response = self.pipeline.send_as(self.method, request, context).await?;
        let next = next(operation.paging, &url, &response)?;
        Ok((response, next))
    }
}

/// An azure_core pager over `pages`, of which `page` makes pages.
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

/// Makes of the request for the first page the one for the page that begins at `continuation`.
fn go_on(request: &mut TypedRequest<()>, continuation: PagerContinuation) -> Result<()> {
    let invalid = |reason: &str| Error::invalid_input(CONTINUATION_PARAMETER, reason);
    match (request.operation.paging, continuation) {
        (Paging::NextLink, PagerContinuation::Link(link)) if is_own(&request.url, &link) => {
            request.url = link;
        }
        (Paging::NextLink, PagerContinuation::Link(_)) => return Err(invalid("leads away from the service")),
        (Paging::HeaderToken, PagerContinuation::Token(token)) => {
            let token = HeaderValue::try_from(token)
                .map_err(|error| invalid("cannot be a header").with_source(error))?;
            request.headers.insert(CONTINUATION, token);
        }
        (Paging::BodyToken, PagerContinuation::Token(token)) => {
            let body = request.body.as_deref().unwrap_or(b"{}");
            let mut body: Map<String, Value> = serde_json::from_slice(body)
                .map_err(|error| Error::invalid_input("body", "must be an object").with_source(error))?;
            match body.get_mut(CONTINUATION_TOKEN) {
                Some(member) => *member = token.into(),
                // First, in the order of the generated type.
                None => {
                    body.shift_insert(0, CONTINUATION_TOKEN.to_owned(), token.into());
                }
            }
            request.body = Some(Value::from(body).to_string().into());
        }
        // The service would ignore it and give the first page again.
        _ => return Err(invalid("is that of another list")),
    }
    Ok(())
}

/// Where the page after this one begins.
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

/// The link in the response to a request to `base`, if it leads to the same service.
pub(crate) fn own_link(base: &Url, link: &str) -> Result<Url> {
    let url = base.join(link).map_err(|error| {
        Error::with_message(ErrorKind::InvalidResponse, "a link is no URL").with_source(error)
    })?;
    if is_own(base, &url) {
        Ok(url)
    } else {
        Err(foreign(&url))
    }
}

/// Whether the credential of requests to `base` may be sent to `url`.
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
        format!("a link leads away from the service, to {origin}"),
    )
}
