//! Queries over twins and jobs.

use std::fmt::Display;

use async_trait::async_trait;
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::pager::Page;
use azure_core::http::{RawResponse, Response};
use azure_service_core::{Pager, decode};
use iothub_protocol::types;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::client::IotHubRegistryManager;
use crate::devices::count_parameter;
use crate::error::{Error, Result};
use crate::jobs::DeviceJob;
use crate::model::to_json;
use crate::twin::Twin;

/// The maximum length of a query, in characters.
const MAX_QUERY_LENGTH: usize = 8192;

const ITEM_TYPE: HeaderName = HeaderName::from_static("x-ms-item-type");
const CONTINUATION: HeaderName = HeaderName::from_static("x-ms-continuation");

/// Options of [`IotHubRegistryManager::query_iot_hub`] and
/// [`query_iot_hub_rows`](IotHubRegistryManager::query_iot_hub_rows).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryIotHubOptions {
    /// The maximum number of rows per page. Default: 100, which is approximately the service's maximum.
    pub page_size: Option<u32>,
    /// The [`continuation_token`](Pager::continuation_token) of an earlier pager of the same query, to resume it.
    pub continuation_token: Option<String>,
}

/// A stream of the rows of a query; [`into_pages`](Pager::into_pages) returns a stream of pages.
///
/// Pages are requested one at a time, when their rows are needed. An empty page is not necessarily the last.
pub type QueryPager<T = QueryRow> = Pager<Response<QueryPage<T>>, Error>;

/// One page of the rows of a query.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct QueryPage<T = QueryRow> {
    /// The rows. An empty page is not necessarily the last.
    pub rows: Vec<T>,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for QueryPage<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = decode::rows(deserializer)?;
        Ok(Self { rows })
    }
}

/// Access to the headers of a page of query results.
pub trait QueryPageHeaders {
    /// Returns the kind of the rows.
    fn row_type(&self) -> RowType;

    /// Returns the token of the next page, or `None` on the last page.
    fn continuation_token(&self) -> Option<&str>;
}

impl<T> QueryPageHeaders for Response<QueryPage<T>> {
    fn row_type(&self) -> RowType {
        row_type(self.headers())
    }

    fn continuation_token(&self) -> Option<&str> {
        let token = self.headers().get_optional_str(&CONTINUATION)?;
        Some(token).filter(|token| !token.is_empty())
    }
}

fn row_type(headers: &Headers) -> RowType {
    headers
        .get_optional_str(&ITEM_TYPE)
        .map_or(RowType::Raw, RowType::from)
}

azure_service_core::open_enum! {
    /// The kind of the rows of a query, from the header `x-ms-item-type`.
    pub enum RowType {
        /// Twins: `SELECT * FROM devices` or `devices.modules`.
        Twin = "Twin",
        /// Outcomes of jobs on devices: `SELECT * FROM devices.jobs`.
        DeviceJob = "DeviceJob",
        /// Objects with the columns of the query: projections and aggregates.
        Raw = "Raw",
    }
}

/// One row of a query.
///
/// # Example
///
/// ```
/// use futures::TryStreamExt;
/// use iothub_convenience::QueryRow;
///
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
/// let mut rows = hub.query_iot_hub_rows("SELECT COUNT() AS n FROM devices GROUP BY status", None)?;
/// while let Some(row) = rows.try_next().await? {
///     match row {
///         QueryRow::Twin(twin) => println!("{:?}", twin.device_id),
///         other => println!("{}", other.as_json()),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub enum QueryRow {
    /// A twin.
    Twin(Box<Twin>),
    /// The outcome of a job on one device.
    DeviceJob(Box<DeviceJob>),
    /// Any other row, unchanged.
    Raw(Value),
}

impl QueryRow {
    /// Returns the row if it is a twin.
    #[must_use]
    pub fn into_twin(self) -> Option<Twin> {
        match self {
            Self::Twin(twin) => Some(*twin),
            _ => None,
        }
    }

    /// Returns the row as JSON.
    #[must_use]
    pub fn as_json(&self) -> Value {
        match self {
            Self::Raw(row) => row.clone(),
            Self::Twin(twin) => to_json(twin),
            Self::DeviceJob(job) => to_json(job),
        }
    }

    /// Decodes the row.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse), naming the member, if the row does not
    /// decode as `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        decode::from_value("row", &self.as_json()).map_err(|error| Error::undecodable(&error))
    }
}

#[async_trait]
impl<T: Send> Page for QueryPage<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    async fn into_items(self) -> azure_core::Result<Self::IntoIter> {
        Ok(self.rows.into_iter())
    }
}

/// Wraps each row of a page in an object with the name of its [`QueryRow`] variant. The type of the rows is in a
/// header, but only the body is decoded.
fn name_variants(response: RawResponse) -> azure_service_core::Result<RawResponse> {
    let rows: Vec<Value> = decode::from_slice("page", response.body())?;
    let (status, headers, _) = response.deconstruct();
    let variant = match row_type(&headers) {
        RowType::Twin => "Twin",
        RowType::DeviceJob => "DeviceJob",
        RowType::Raw | RowType::UnknownValue(_) => "Raw",
    };
    let rows: Vec<_> = rows.into_iter().map(|row| json!({ variant: row })).collect();
    Ok(RawResponse::from_bytes(
        status,
        headers,
        Value::from(rows).to_string(),
    ))
}

/// Queries.
impl IotHubRegistryManager {
    /// Queries twins of devices or modules, or the outcomes of jobs on devices.
    ///
    /// `query` is a string, or a [`Query`](crate::query::Query) with bound values. `T` is the type of a row: a [`Twin`]
    /// for `SELECT *`, a [`DeviceJob`] for `devices.jobs`, a struct with a field for each column, or
    /// `serde_json::Value` for any row. Results lag by seconds; a deleted device may be returned for half an hour.
    ///
    /// REST: `POST /devices/query`, once per page.
    ///
    /// # Errors
    ///
    /// Fails at once if the query is empty or has more than 8192 characters, the page size is 0 or the continuation
    /// token is invalid. The pager yields all other errors.
    ///
    /// # Example
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use iothub_convenience::Twin;
    /// use iothub_convenience::query::{Query, tag};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let query = Query::select_all().from_devices().filter(tag("site").eq("oslo")).build()?;
    /// let mut twins = hub.query_iot_hub::<Twin>(query, None)?;
    /// while let Some(twin) = twins.try_next().await? {
    ///     println!("{:?} reports {:?}", twin.device_id, twin.properties.reported.get("climate.actual"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query_iot_hub<T: DeserializeOwned + Send + 'static>(
        &self,
        query: impl Display,
        options: Option<QueryIotHubOptions>,
    ) -> Result<QueryPager<T>> {
        self.query_pages("query_iot_hub", query, options, Ok)
    }

    /// Queries like [`query_iot_hub`](Self::query_iot_hub), but returns rows of the type that the service reports.
    ///
    /// For queries that are not known at compile time. In the body of a page, each row is wrapped in an object with
    /// the name of its [`QueryRow`] variant.
    ///
    /// REST: `POST /devices/query`, once per page.
    ///
    /// # Errors
    ///
    /// Same as [`query_iot_hub`](Self::query_iot_hub).
    ///
    /// # Example
    ///
    /// ```
    /// use futures::TryStreamExt;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let mut rows = hub.query_iot_hub_rows("SELECT deviceId FROM devices", None)?;
    /// while let Some(row) = rows.try_next().await? {
    ///     println!("{}", row.as_json());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query_iot_hub_rows(
        &self,
        query: impl Display,
        options: Option<QueryIotHubOptions>,
    ) -> Result<QueryPager> {
        self.query_pages("query_iot_hub_rows", query, options, name_variants)
    }

    fn query_pages<T: DeserializeOwned + Send + 'static>(
        &self,
        method: &'static str,
        query: impl Display,
        options: Option<QueryIotHubOptions>,
        prepare: fn(RawResponse) -> azure_service_core::Result<RawResponse>,
    ) -> Result<QueryPager<T>> {
        let query = query.to_string();
        if query.trim().is_empty() {
            return Err(Error::invalid_input("query", "must not be empty"));
        }
        let length = query.chars().count();
        if length > MAX_QUERY_LENGTH {
            let reason = format!("has {length} characters; at most {MAX_QUERY_LENGTH} are allowed");
            return Err(Error::invalid_input("query", reason));
        }
        let options = options.unwrap_or_default();
        let page_size = count_parameter("page_size", options.page_size)?.map(|count| count.to_string());
        let body = &types::QuerySpecification { query: Some(query) };
        let api = self.core.protocol();
        let first = api.query_get_twins_request(None, page_size.as_deref(), body);
        let page = move |response| Ok(Response::from(prepare(response)?));
        let call = self.core.call(method);
        call.list_pages(first, options.continuation_token, page)
    }
}
