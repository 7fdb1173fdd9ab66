//! Queries.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::http::headers::HeaderName;
use azure_core::http::pager::{Page, PagerContinuation, PagerOptions, PagerResult, PagerState};
use azure_core::http::{Pager, RawResponse, Response};
use digitaltwins_protocol::types::QuerySpecification;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::DigitalTwinsClient;
use crate::client::{page_size, retype};
use crate::error::{Error, Result};

const QUERY_CHARGE: HeaderName = HeaderName::from_static("query-charge");

/// Options of [`DigitalTwinsClient::query_twins`].
#[derive(Debug, Clone, Default)]
pub struct QueryTwinsOptions {
    /// How many rows a page has at most; the service decides if not given.
    pub max_items_per_page: Option<u32>,
    /// Whether a row is left out that came before, on this page or an earlier one. Rows are compared by the `$dtId` and
    /// `$relationshipId` in them; rows without stay. While the graph changes, the service may give a twin twice.
    pub deduplicate: bool,
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
/// ```
/// # use digitaltwins_convenience::{BasicDigitalTwin, DigitalTwinsClient, Error};
/// use digitaltwins_convenience::{QueryCharge, QueryTwinsOptions};
/// use futures::TryStreamExt;
///
/// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// # let (_emulator, client) = common::building().await?;
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
    /// `query` is a text, or a [`Query`](crate::query::Query) whose values cannot change its meaning. `T` is
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
    /// ```
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
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let text = "SELECT floor, room FROM DIGITALTWINS floor JOIN room RELATED floor.contains WHERE floor.$dtId = 'floor-1'";
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
            deduplicate,
            charge,
            method_options,
        } = options.unwrap_or_default();
        let size = page_size(max_items_per_page)?;
        let (core, text) = (self.core.clone(), query.to_string());
        let seen = deduplicate.then(Seen::default);
        Ok(Pager::new(
            move |state, options: PagerOptions<'static>| {
                let (core, query, charge) = (core.clone(), Some(text.clone()), charge.clone());
                let seen = seen.clone();
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
                    let request = core.protocol().query_query_twins_request(size, None, None, &body);
                    let response: Response<QueryPage<T>> =
                        core.send(request, options.context).await.map(retype)?;
                    if let Some(charge) = charge {
                        charge.add(response.query_charge().unwrap_or_default());
                    }
                    let Tail { continuation_token } = serde_json::from_slice(response.body())?;
                    let response = match &seen {
                        Some(seen) => seen.filter(response)?,
                        None => response,
                    };
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

/// The rows that came already.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<HashSet<String>>>);

impl Seen {
    /// The page without the rows that came already.
    fn filter<T>(&self, response: Response<QueryPage<T>>) -> azure_core::Result<Response<QueryPage<T>>> {
        let (status, headers, body) = response.deconstruct();
        let mut page: Value = serde_json::from_slice(&body)?;
        if let Some(Value::Array(rows)) = page.get_mut("value") {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            rows.retain(|row| identity(row).is_none_or(|identity| seen.insert(identity)));
        }
        Ok(RawResponse::from_bytes(status, headers, serde_json::to_vec(&page)?).into())
    }
}

/// Which twins and relationships a row is about: itself, or its members. `None` if it is about none.
fn identity(row: &Value) -> Option<String> {
    const IDS: [&str; 3] = ["$dtId", "$sourceId", "$relationshipId"];
    let ids = |value: &Value| IDS.map(|name| value.get(name).and_then(Value::as_str).map(str::to_owned));
    let own = ids(row);
    let all: Vec<(&str, [Option<String>; 3])> = if own.iter().any(Option::is_some) {
        vec![("", own)]
    } else {
        row.as_object()?
            .iter()
            .map(|(name, value)| (name.as_str(), ids(value)))
            .collect()
    };
    let known = |ids: &[Option<String>; 3]| ids.iter().any(Option::is_some);
    // A row that also has values of its own, such as `SELECT T, R.length`, is not told apart by its ids alone.
    if all.is_empty() || !all.iter().all(|(_, ids)| known(ids)) {
        return None;
    }
    serde_json::to_string(&all).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_is_known_by_its_twins_and_relationships() {
        let same = |a: Value, b: Value| identity(&a).is_some() && identity(&a) == identity(&b);
        assert!(same(json!({"$dtId": "a", "x": 1}), json!({"$dtId": "a", "x": 2})));
        assert!(!same(json!({"$dtId": "a"}), json!({"$dtId": "A"})));
        assert!(same(
            json!({"T": {"$dtId": "a"}}),
            json!({"T": {"$dtId": "a", "x": 2}})
        ));
        assert!(!same(
            json!({"T": {"$dtId": "a"}, "S": {"$dtId": "b"}}),
            json!({"T": {"$dtId": "a"}, "S": {"$dtId": "c"}})
        ));
        assert!(!same(
            json!({"$relationshipId": "r", "$sourceId": "a"}),
            json!({"$relationshipId": "r", "$sourceId": "b"})
        ));
        for row in [
            json!({"COUNT": 3}),
            json!({}),
            json!({"T": {"$dtId": "a"}, "length": 2}),
            json!(7),
        ] {
            assert_eq!(identity(&row), None, "{row}");
        }
    }
}
