//! Queries over twins and jobs.

use std::fmt::Display;

use async_trait::async_trait;
use azure_core::http::RawResponse;
use azure_core::http::headers::Headers;
use azure_core::http::pager::Page;
use azure_service_core::{Pager, decode};
use iothub_protocol::types;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::IotHubRegistryManager;
use crate::devices::count_parameter;
use crate::error::{Error, Result};
use crate::jobs::DeviceJob;
use crate::model::to_json;
use crate::twin::Twin;

/// The longest query, in characters.
const MAX_QUERY_LENGTH: usize = 8192;

/// Options of [`IotHubRegistryManager::query_iot_hub`] and
/// [`query_iot_hub_rows`](IotHubRegistryManager::query_iot_hub_rows).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryIotHubOptions {
    /// How many rows a page has at most. The service's default is 100, and it gives not many more in any case.
    pub page_size: Option<u32>,
    /// Where to go on: [`continuation_token`](Pager::continuation_token) of an earlier pager of the same query.
    pub continuation_token: Option<String>,
}

/// The rows of a query, as a stream; [`into_pages`](Pager::into_pages) gives them page by page.
///
/// Pages are read one at a time, when their rows are asked for. A page without rows is not the end.
pub type QueryPager<T = QueryRow> = Pager<QueryPage<T>, Error>;

/// One page of the rows of a query.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QueryPage<T = QueryRow> {
    /// The kind of the rows.
    pub row_type: RowType,
    /// The rows. A page may have none and still not be the last.
    pub rows: Vec<T>,
    /// The headers of the response.
    pub headers: Headers,
}

azure_service_core::open_enum! {
    /// The kind of the rows of a query, from the header `x-ms-item-type`.
    pub enum RowType {
        /// Twins: `SELECT * FROM devices` or `devices.modules`.
        Twin = "Twin",
        /// Outcomes of a job on single devices: `SELECT * FROM devices.jobs`.
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
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum QueryRow {
    /// A twin.
    Twin(Box<Twin>),
    /// The outcome of a job on one device.
    DeviceJob(Box<DeviceJob>),
    /// Anything else, as the service wrote it.
    Raw(Value),
}

impl QueryRow {
    fn read(row_type: &RowType, row: Value) -> serde_json::Result<Self> {
        Ok(match row_type {
            RowType::Twin => Self::Twin(Box::new(serde_json::from_value(row)?)),
            RowType::DeviceJob => Self::DeviceJob(Box::new(serde_json::from_value(row)?)),
            RowType::Raw | RowType::UnknownValue(_) => Self::Raw(row),
        })
    }

    /// The row if it is a twin.
    #[must_use]
    pub fn into_twin(self) -> Option<Twin> {
        match self {
            Self::Twin(twin) => Some(*twin),
            _ => None,
        }
    }

    /// The row as JSON, whatever its kind.
    #[must_use]
    pub fn as_json(&self) -> Value {
        match self {
            Self::Raw(row) => row.clone(),
            Self::Twin(twin) => to_json(twin),
            Self::DeviceJob(job) => to_json(job),
        }
    }

    /// The row as a type of the caller's.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse), with the member, if the row does not have the
    /// shape of `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        decode::from_value("row", &self.as_json()).map_err(|error| Error::invalid_response(error.to_string()))
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

/// Queries.
impl IotHubRegistryManager {
    /// Queries twins of devices or modules, or the outcomes of jobs on devices.
    ///
    /// `query` is a text, or a [`Query`](crate::query::Query) whose values cannot change its meaning. `T` is the type of a
    /// row: a [`Twin`] for `SELECT *`, a [`DeviceJob`] for `devices.jobs`, a struct with a field for each column, or
    /// `serde_json::Value` for anything. New and deleted devices show up after seconds; a deleted one may stay for half an
    /// hour.
    ///
    /// REST: `POST /devices/query`, once per page.
    ///
    /// # Errors
    ///
    /// At once if the query has more than 8192 characters, the page size is 0 or the continuation token is not valid. The
    /// pager yields all others.
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
        let read = |response: &RawResponse, _: &RowType| decode::from_slice("page", response.body());
        self.query_pages("query_iot_hub", query, options, read)
    }

    /// Queries as [`query_iot_hub`](Self::query_iot_hub), with rows of the kind that the service names.
    ///
    /// For queries that are not known in advance.
    ///
    /// REST: `POST /devices/query`, once per page.
    ///
    /// # Errors
    ///
    /// As [`query_iot_hub`](Self::query_iot_hub).
    pub fn query_iot_hub_rows(
        &self,
        query: impl Display,
        options: Option<QueryIotHubOptions>,
    ) -> Result<QueryPager> {
        let read = |response: &RawResponse, row_type: &RowType| {
            let rows: Vec<Value> = decode::from_slice("page", response.body())?;
            let read = |row| QueryRow::read(row_type, row);
            let rows = rows.into_iter().map(read).collect::<serde_json::Result<_>>();
            rows.map_err(|error| azure_core::Error::from(error).into())
        };
        self.query_pages("query_iot_hub_rows", query, options, read)
    }

    fn query_pages<T: Send + 'static>(
        &self,
        method: &'static str,
        query: impl Display,
        options: Option<QueryIotHubOptions>,
        read: impl Fn(&RawResponse, &RowType) -> azure_service_core::Result<Vec<T>> + Send + Sync + 'static,
    ) -> Result<QueryPager<T>> {
        let query = query.to_string();
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
        let page = move |response: RawResponse| {
            let row_type = response
                .headers()
                .get_optional_string(&"x-ms-item-type".into())
                .map_or(RowType::Raw, |text| RowType::from(text.as_str()));
            let rows = read(&response, &row_type)?;
            let (_, headers, _) = response.deconstruct();
            Ok(QueryPage {
                row_type,
                rows,
                headers,
            })
        };
        let call = self.core.call(method);
        call.list_pages(first, options.continuation_token, page)
    }
}
