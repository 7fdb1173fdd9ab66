//! Queries.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::http::headers::HeaderName;
use azure_core::http::pager::Page;
use azure_core::http::{RawResponse, Response};
use azure_service_core::{Error as CoreError, decode};
use digitaltwins_protocol::types::QuerySpecification;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::client::first_page;
use crate::error::Result;
use crate::{DigitalTwinsClient, QueryPager};

const QUERY_CHARGE: HeaderName = HeaderName::from_static("query-charge");

/// Options of [`DigitalTwinsClient::query_twins`].
#[derive(Debug, Clone, Default)]
pub struct QueryTwinsOptions {
    /// The maximum number of rows per page. Default: the service chooses.
    pub page_size: Option<u32>,
    /// Resumes the query of an earlier pager; see [`Pager::continuation_token`](azure_service_core::Pager::continuation_token).
    pub continuation_token: Option<String>,
    /// Whether rows that came before, on this page or an earlier one, are left out. Rows are compared by the `$dtId` and
    /// `$relationshipId` in them; rows without stay. While the graph changes, the service may return a twin twice.
    pub deduplicate: bool,
    /// Adds up what the query costs, over all of its pages.
    pub charge: Option<QueryCharge>,
}

/// One page of the rows of a query.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
#[non_exhaustive]
pub struct QueryPage<T> {
    /// The rows. A page may have none and still not be the last.
    #[serde(rename = "value", default = "Vec::new", deserialize_with = "null_is_empty")]
    pub rows: Vec<T>,
    /// The token of the next page; `None` on the last.
    #[serde(rename = "continuationToken", default)]
    pub continuation_token: Option<String>,
}

fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[async_trait]
impl<T: Send> Page for QueryPage<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    async fn into_items(self) -> azure_core::Result<Self::IntoIter> {
        Ok(self.rows.into_iter())
    }
}

/// The headers of a page of a query.
pub trait QueryPageHeaders {
    /// What the page cost, in query units.
    fn query_charge(&self) -> Option<f64>;
}

impl<T> QueryPageHeaders for Response<QueryPage<T>> {
    fn query_charge(&self) -> Option<f64> {
        charge_of(self.headers())
    }
}

fn charge_of(headers: &azure_core::http::headers::Headers) -> Option<f64> {
    headers.get_optional_str(&QUERY_CHARGE)?.parse().ok()
}

/// Adds up what queries cost. Clones share the sum.
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
    /// The query units that all pages so far have cost.
    #[must_use]
    pub fn units(&self) -> f64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// The number of pages read so far.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn add(&self, units: f64) {
        let mut sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *sum = (sum.0 + units, sum.1 + 1);
    }
}

/// Queries.
impl DigitalTwinsClient {
    /// Runs a query. (`POST /query`)
    ///
    /// `query` is a string, or a [`Query`](crate::query::Query), whose values cannot change its meaning. `T` is the type
    /// of a row: a [`DigitalTwin`](crate::DigitalTwin) for `SELECT *`, a struct with a field for each alias for a join,
    /// `HashMap<String, u64>` or a struct with `#[serde(rename = "COUNT")]` for `COUNT()`, `serde_json::Value` for
    /// anything.
    ///
    /// Recent writes may be missing from the rows for some seconds; see
    /// [`wait_until_visible`](Self::wait_until_visible).
    ///
    /// # Errors
    ///
    /// At once if the page size is 0 or the continuation token is not valid. The pager yields all others:
    /// [`is_invalid_query`](crate::Error::is_invalid_query) if `query` is not valid,
    /// [`is_timeout`](crate::Error::is_timeout) if it took the service too long.
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
        query: impl fmt::Display,
        options: Option<QueryTwinsOptions>,
    ) -> Result<QueryPager<T>> {
        let QueryTwinsOptions {
            page_size,
            continuation_token,
            deduplicate,
            charge,
        } = options.unwrap_or_default();
        let body = QuerySpecification {
            query: Some(query.to_string()),
            continuation_token: None,
        };
        let request = first_page(page_size, |size| {
            Ok(self.api().query_query_twins_request(size, None, None, &body)?)
        });
        let seen = deduplicate.then(Seen::default);
        let page = move |response: RawResponse| {
            if let Some(charge) = &charge {
                charge.add(charge_of(response.headers()).unwrap_or_default());
            }
            match &seen {
                Some(seen) => seen.filter(response),
                None => Ok(response.into()),
            }
        };
        self.core
            .call("query_twins")
            .list_pages(request, continuation_token, page)
    }
}

/// The rows that came before.
#[derive(Debug, Default)]
struct Seen(Mutex<HashSet<String>>);

impl Seen {
    /// Returns the page without the rows that came before.
    fn filter<T>(&self, response: RawResponse) -> Result<Response<QueryPage<T>>, CoreError> {
        let (status, headers, body) = response.deconstruct();
        let mut page: Value = decode::from_slice("page", &body)?;
        if let Some(Value::Array(rows)) = page.get_mut("value") {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            rows.retain(|row| identity(row).is_none_or(|identity| seen.insert(identity)));
        }
        Ok(RawResponse::from_bytes(status, headers, page.to_string()).into())
    }
}

/// Returns the twins and relationships that a row is about: itself, or its members. `None` if it is about none.
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
    // The ids alone do not identify a row that also has values of its own, such as `SELECT T, R.length`.
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

    #[test]
    fn null_rows_are_no_rows() {
        let page: QueryPage<Value> =
            serde_json::from_str(r#"{"value":null,"continuationToken":null}"#).unwrap();
        assert!(page.rows.is_empty() && page.continuation_token.is_none());
    }
}
