//! Queries.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::http::headers::HeaderName;
use azure_core::http::pager::{Page, PagerContinuation, PagerOptions, PagerResult, PagerState};
use azure_core::http::{Pager, Response};
use digitaltwins_protocol::types::QuerySpecification;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::DigitalTwinsClient;
use crate::client::{page_size, retype};
use crate::error::{Error, Result};

const QUERY_CHARGE: HeaderName = HeaderName::from_static("query-charge");

/// Options of [`DigitalTwinsClient::query_twins`].
#[derive(Debug, Clone, Default)]
pub struct QueryTwinsOptions {
    /// How many rows a page has at most; the service decides if not given.
    pub max_items_per_page: Option<u32>,
    /// Counts what the query costs, over all of its pages.
    pub charge: Option<QueryCharge>,
    /// Where to go on, and the context of the calls.
    pub method_options: PagerOptions<'static>,
}

/// One page of the rows of a query.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct QueryPage<T> {
    /// The rows. A page may have none and still not be the last.
    #[serde(rename = "value", default = "Vec::new")]
    pub rows: Vec<T>,
    /// Where the next page begins; `None` on the last.
    #[serde(rename = "continuationToken", default)]
    pub continuation_token: Option<String>,
}

#[async_trait]
impl<T: Send> Page for QueryPage<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    async fn into_items(self) -> azure_core::Result<Self::IntoIter> {
        Ok(self.rows.into_iter())
    }
}

/// What the headers of a page say.
pub trait QueryPageHeaders {
    /// What the page cost, in query units.
    fn query_charge(&self) -> Option<f64>;
}

impl<T> QueryPageHeaders for Response<QueryPage<T>> {
    fn query_charge(&self) -> Option<f64> {
        self.headers().get_optional_str(&QUERY_CHARGE)?.parse().ok()
    }
}

/// Counts what queries cost. Clones count together.
///
/// # Example
///
/// ```no_run
/// # use digitaltwins_convenience::{BasicDigitalTwin, DigitalTwinsClient, Error};
/// use digitaltwins_convenience::{QueryCharge, QueryTwinsOptions};
/// use futures::TryStreamExt;
///
/// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
/// let charge = QueryCharge::default();
/// let options = QueryTwinsOptions { charge: Some(charge.clone()), ..Default::default() };
/// let twins: Vec<BasicDigitalTwin> =
///     client.query_twins("SELECT * FROM DIGITALTWINS", Some(options))?.try_collect().await?;
/// println!("{} twins in {} pages cost {} query units", twins.len(), charge.pages(), charge.units());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct QueryCharge(Arc<Mutex<(f64, usize)>>);

impl QueryCharge {
    /// The query units that the pages so far cost together.
    #[must_use]
    pub fn units(&self) -> f64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// How many pages were read so far.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn add(&self, units: f64) {
        let mut sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *sum = (sum.0 + units, sum.1 + 1);
    }
}

impl DigitalTwinsClient {
    /// Runs a query. (`POST /query`)
    ///
    /// `query` is a text, or a [`Query`](twin_query::digitaltwins::Query) whose values cannot change its meaning. `T` is
    /// the type of a row: a [`DigitalTwin`](crate::DigitalTwin) for `SELECT *`, a struct with a field for each alias
    /// for a join, `HashMap<String, u64>` or a struct with `#[serde(rename = "COUNT")]` for `COUNT()`,
    /// `serde_json::Value` for anything.
    ///
    /// What was just written may be missing from the rows for some seconds;
    /// see [`wait_until_visible`](Self::wait_until_visible).
    ///
    /// # Errors
    ///
    /// If the page size is 0. The pager yields what goes wrong later, such as a text that is no query
    /// ([`is_invalid_query`](Error::is_invalid_query)).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwin, DigitalTwinsClient, Error};
    /// use futures::TryStreamExt;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Row {
    ///     floor: DigitalTwin,
    ///     room: DigitalTwin,
    /// }
    ///
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let text = "SELECT floor, room FROM DIGITALTWINS floor JOIN room RELATED floor.contains WHERE floor.$dtId = 'f1'";
    /// let mut rows = client.query_twins::<Row>(text, None)?;
    /// while let Some(row) = rows.try_next().await? {
    ///     println!("{} contains {}", row.floor.id, row.room.id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn query_twins<T: DeserializeOwned + Send + 'static>(
        &self,
        query: impl std::fmt::Display,
        options: Option<QueryTwinsOptions>,
    ) -> Result<Pager<QueryPage<T>>> {
        let QueryTwinsOptions {
            max_items_per_page,
            charge,
            method_options,
        } = options.unwrap_or_default();
        let size = page_size(max_items_per_page)?;
        let (core, text) = (self.core.clone(), query.to_string());
        Ok(Pager::new(
            move |state, options: PagerOptions<'static>| {
                let (core, query, charge) = (core.clone(), Some(text.clone()), charge.clone());
                Box::pin(async move {
                    let continuation_token = match state {
                        PagerState::Initial => None,
                        PagerState::More(PagerContinuation::Token(token)) => Some(token),
                        PagerState::More(_) => {
                            return Err(Error::invalid_input("continuation", "must be a token").into());
                        }
                    };
                    let body = QuerySpecification {
                        query,
                        continuation_token,
                    };
                    let response: Response<QueryPage<T>> = core
                        .call(options.context, |api| async move {
                            api.query_query_twins(size, None, None, &body).await
                        })
                        .await
                        .map(retype)?;
                    if let Some(charge) = charge {
                        charge.add(response.query_charge().unwrap_or_default());
                    }
                    let Tail { continuation_token } = serde_json::from_slice(response.body())?;
                    Ok(match continuation_token.filter(|token| !token.is_empty()) {
                        Some(token) => PagerResult::More {
                            response,
                            continuation: PagerContinuation::Token(token),
                        },
                        None => PagerResult::Done { response },
                    })
                })
            },
            Some(method_options),
        ))
    }
}

/// What a page says about the next one.
#[derive(Deserialize)]
struct Tail {
    #[serde(rename = "continuationToken")]
    continuation_token: Option<String>,
}
