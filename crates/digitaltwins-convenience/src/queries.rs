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
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::first_page;
use crate::error::{Error, Result};
use crate::{DigitalTwinsClient, QueryPager};

/// The maximum page size (ADT-QUERY-4).
const MAX_PAGE_SIZE: u32 = 1000;

const QUERY_CHARGE: HeaderName = HeaderName::from_static("query-charge");

/// Options of [`DigitalTwinsClient::query_twins`].
#[derive(Debug, Clone, Default)]
pub struct QueryTwinsOptions {
    /// The maximum number of rows per page, at most 1000. Default: chosen by the service.
    pub page_size: Option<u32>,
    /// Resumes the query of an earlier pager; see
    /// [`Pager::continuation_token`](azure_service_core::Pager::continuation_token).
    pub continuation_token: Option<String>,
    /// Whether repeated rows are dropped, within a page and across pages. The service may return a twin twice while the
    /// graph changes. Rows are compared by the `$dtId`, `$sourceId` and `$relationshipId` of the row itself or of all
    /// its members. Rows without these ids, such as the result of `COUNT()`, are kept.
    pub deduplicate: bool,
    /// A counter that accumulates the charges of all pages.
    pub charge: Option<QueryCharge>,
}

/// One page of query rows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
#[non_exhaustive]
pub struct QueryPage<T> {
    /// The rows. An empty page is not necessarily the last.
    #[serde(rename = "value", default = "Vec::new", deserialize_with = "decode::rows")]
    pub rows: Vec<T>,
    /// The token of the next page; `None` on the last.
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

/// Access to the headers of a page of query results.
pub trait QueryPageHeaders {
    /// Returns the charge of the page in query units.
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

/// A counter of query charges. Clones share the total.
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
    /// Returns the total charge so far in query units.
    #[must_use]
    pub fn units(&self) -> f64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Returns the number of pages so far.
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
    /// `query` is a string, or a [`Query`](crate::query::Query), which escapes the values in it. `T` is the type of a
    /// row: a [`DigitalTwin`](crate::DigitalTwin) for `SELECT *`, a struct with a field for each alias for a join,
    /// `HashMap<String, u64>` or a struct with `#[serde(rename = "COUNT")]` for `COUNT()`, or `serde_json::Value` for
    /// any row.
    ///
    /// Recent writes may be missing from the rows for some seconds; see
    /// [`wait_until_visible`](Self::wait_until_visible).
    ///
    /// # Errors
    ///
    /// Fails at once if `query` is empty, the page size is 0 or above 1000, or the continuation token is invalid. The
    /// pager yields all other errors, such as [`is_invalid_query`](crate::Error::is_invalid_query) if `query` is not
    /// valid, or [`is_timeout`](crate::Error::is_timeout) if it takes too long.
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
    /// let query = "SELECT floor, room FROM DIGITALTWINS floor JOIN room RELATED floor.contains WHERE floor.$dtId = 'floor-1'";
    /// let mut rows = client.query_twins::<Row>(query, None)?;
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
        let query = query.to_string();
        if query.trim().is_empty() {
            return Err(Error::invalid_input("query", "must not be empty"));
        }
        if let Some(size) = page_size.filter(|size| *size > MAX_PAGE_SIZE) {
            let reason = format!("must be at most {MAX_PAGE_SIZE} for a query, not {size}");
            return Err(Error::invalid_input("page_size", reason));
        }
        let body = QuerySpecification {
            query: Some(query),
            continuation_token: None,
        };
        let request = first_page(page_size, |size| {
            Ok(self.api().query_query_twins_request(size, None, None, &body)?)
        });
        let seen = deduplicate.then(SeenRows::default);
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

/// The identities of the rows that have been returned so far.
#[derive(Debug, Default)]
struct SeenRows(Mutex<HashSet<String>>);

impl SeenRows {
    /// Removes from a page the rows that repeat earlier rows of the query.
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

/// Returns the ids of the twins and relationships in a row. The row may be a twin or relationship itself, or have them
/// as members. Returns `None` if the row has no members, or members of another kind.
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
    // Ids do not identify a row that also has projected values, such as `SELECT T, R.length`.
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
    fn the_ids_of_twins_and_relationships_identify_a_row() {
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
    fn null_decodes_as_an_empty_page() {
        let page: QueryPage<Value> =
            serde_json::from_str(r#"{"value":null,"continuationToken":null}"#).unwrap();
        assert!(page.rows.is_empty() && page.continuation_token.is_none());
    }
}
