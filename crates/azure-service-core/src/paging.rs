//! Lists that come in pages.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use async_trait::async_trait;
use azure_core::http::pager::{Page, PagerContinuation, PagerOptions, PagerResult, PagerState};
use azure_core::http::{DeserializeWith, JsonFormat, Pager, RawResponse, Response};
use azure_protocol_runtime::{Paging, ProtocolClient};
use progenitor_client::ResponseValue;
use serde::de::{self, DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::call::{Answer, capture};
use crate::client::ServiceClient;
use crate::error::{Error, ErrorKind, Result};
use crate::header::header;

/// The header in which a service hands out the token for the next page.
const CONTINUATION: &str = "x-ms-continuation";

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

impl<C: ProtocolClient + 'static> ServiceClient<C> {
    /// A list of which every page is one call of an operation. How it goes on, the table of operations knows:
    ///
    /// * with a link: the same request goes to the link, byte for byte, if that has the client's own origin;
    /// * with a token: `request` gets the token and puts it where the operation takes it.
    ///
    /// `request` is called once per page, with `None` for the first and for links. `options` may have a continuation
    /// of an earlier pager to go on from.
    ///
    /// # Errors
    ///
    /// The pager yields azure_core's errors; ours is inside, and `Error::from` gets it out. A link to somewhere else
    /// is an [`ErrorKind::InvalidResponse`], and an [`ErrorKind::InvalidInput`] if it came from the caller.
    pub fn list<T, A, E, Fut>(
        &self,
        options: Option<PagerOptions<'static>>,
        request: impl Fn(C, Option<String>) -> Fut + Send + Sync + 'static,
    ) -> Pager<ItemPage<T>>
    where
        T: DeserializeOwned + Send + 'static,
        A: Send + 'static,
        E: Send + 'static,
        Fut: Future<Output = Result<ResponseValue<A>, progenitor_client::Error<E>>> + Send + 'static,
        ItemPage<T>: DeserializeWith<JsonFormat>,
    {
        let client = self.clone();
        // The pager cannot tell a continuation of the caller's from one that it was given by a page.
        let given = options.as_ref().and_then(|options| options.continuation.clone());
        let request = std::sync::Arc::new(request);
        Pager::new(
            move |state, options| {
                let (client, request, given) = (client.clone(), request.clone(), given.clone());
                Box::pin(async move {
                    let (link, token) = match state {
                        PagerState::Initial => (None, None),
                        PagerState::More(continuation) => {
                            let from_caller = given.as_ref() == Some(&continuation);
                            client.split(continuation, from_caller)?
                        }
                    };
                    let (linked, with_token) = (link.is_some(), token.is_some());
                    let send = |protocol| request(protocol, token);
                    let answer = capture(&client.protocol, client.pipeline(), link, options.context, send)
                        .await
                        .map_err(Error::from)?;
                    // Only the answer shows the operation. One that ignores the continuation starts anew.
                    let fits = match answer.operation.paging {
                        Paging::NextLink => !with_token,
                        Paging::BodyToken | Paging::HeaderToken => !linked,
                        Paging::None => !with_token && !linked,
                    };
                    if !fits {
                        return Err(Error::invalid_input("continuation", "is that of another list").into());
                    }
                    let next = client.next(&answer)?;
                    let response: Response<ItemPage<T>> = answer.response.into();
                    Ok(match next {
                        Some(continuation) => PagerResult::More {
                            response,
                            continuation,
                        },
                        None => PagerResult::Done { response },
                    })
                })
            },
            options,
        )
    }

    fn split(
        &self,
        continuation: PagerContinuation,
        from_caller: bool,
    ) -> Result<(Option<Url>, Option<String>)> {
        match continuation {
            PagerContinuation::Link(link) if self.is_own(&link) => Ok((Some(link), None)),
            PagerContinuation::Link(_) if from_caller => Err(Error::invalid_input(
                "continuation",
                "leads away from the service",
            )),
            PagerContinuation::Link(link) => Err(foreign(&link)),
            PagerContinuation::Token(token) => Ok((None, Some(token))),
            other => Err(Error::invalid_input(
                "continuation",
                format!("is of an unknown kind: {other}"),
            )),
        }
    }

    fn next(&self, answer: &Answer) -> Result<Option<PagerContinuation>> {
        let body = || tail(&answer.response);
        let token = |token: String| (!token.is_empty()).then_some(PagerContinuation::Token(token));
        Ok(match answer.operation.paging {
            Paging::None => None,
            Paging::HeaderToken => header(answer.response.headers(), CONTINUATION)
                .map(str::to_owned)
                .and_then(token),
            Paging::BodyToken => body()?.continuation_token.and_then(token),
            Paging::NextLink => match body()?.next_link.filter(|link| !link.is_empty()) {
                Some(link) => Some(PagerContinuation::Link(self.own_link(&answer.url, &link)?)),
                None => None,
            },
        })
    }

    /// The link in an answer to a request to `base`, if it leads to the service itself.
    pub(crate) fn own_link(&self, base: &Url, link: &str) -> Result<Url> {
        let url = base.join(link).map_err(|error| {
            Error::with_message(ErrorKind::InvalidResponse, "a link is no URL").with_source(error)
        })?;
        if self.is_own(&url) {
            Ok(url)
        } else {
            Err(foreign(&url))
        }
    }

    /// Whether credentials may be sent there.
    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.endpoint().origin()
    }
}

fn tail(response: &RawResponse) -> Result<Tail> {
    serde_json::from_slice(response.body()).map_err(|error| Error::invalid_response(&error))
}

fn foreign(link: &Url) -> Error {
    let origin = link.origin().ascii_serialization();
    Error::with_message(
        ErrorKind::InvalidResponse,
        format!("a link leads away from the service, to {origin}"),
    )
}
