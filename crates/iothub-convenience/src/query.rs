//! Queries over twins and jobs.

use std::fmt::Display;

use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::pager::{Page, PagerContinuation, PagerOptions, PagerResult, PagerState};
use azure_core::http::{ItemIterator, RawResponse};
use iothub_protocol::types;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::IotHubRegistryManager;
use crate::error::{Error, Result};
use crate::jobs::DeviceJob;
use crate::twin::Twin;

/// The longest query, in characters.
const QUERY_LENGTH: usize = 8192;

/// How a query is to be answered.
#[derive(Debug, Clone, Default)]
pub struct QueryOptions {
    /// How many rows a page may have. The service gives 100 unless told otherwise, and not many more in any case.
    pub max_item_count: Option<u32>,
    /// Where to begin, and the context of the calls. `continuation` is what
    /// [`into_continuation`](ItemIterator::into_continuation) of an earlier pager gave.
    pub method_options: PagerOptions<'static>,
}

/// The rows of a query, as a stream; [`into_pages`](ItemIterator::into_pages) gives them page by page.
///
/// Rows are fetched as they are asked for, one page at a time. A page without rows is not the end.
pub type QueryPager = ItemIterator<QueryPage>;

/// One page of a query's answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QueryPage {
    /// What the rows are.
    pub row_type: RowType,
    /// The rows.
    pub rows: Vec<QueryRow>,
    /// The headers of the answer.
    pub headers: Headers,
}

azure_service_core::open_enum! {
    /// What the rows of a query are, as the service says in `x-ms-item-type`.
    pub enum RowType {
        /// Twins: `SELECT * FROM devices` or `devices.modules`.
        Twin = "Twin",
        /// What became of a job on one device: `SELECT * FROM devices.jobs`.
        DeviceJob = "DeviceJob",
        /// Objects with the columns of the query: projections and aggregates.
        Raw = "Raw",
    }
}

/// One row of a query's answer.
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
/// let mut rows = hub.query_iot_hub("SELECT COUNT() AS n FROM devices GROUP BY status", None)?;
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
    /// What became of a job on one device.
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

    /// The row as JSON, whatever it is.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "types of our own with string keys can always be serialized"
    )]
    pub fn as_json(&self) -> Value {
        match self {
            Self::Raw(row) => row.clone(),
            Self::Twin(twin) => serde_json::to_value(twin).expect("it has string keys"),
            Self::DeviceJob(job) => serde_json::to_value(job).expect("it has string keys"),
        }
    }

    /// The row as one of the caller's types.
    ///
    /// # Errors
    ///
    /// Fails if the row does not have the shape of `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_value(self.as_json())
    }
}

#[async_trait]
impl Page for QueryPage {
    type Item = QueryRow;
    type IntoIter = std::vec::IntoIter<QueryRow>;

    async fn into_items(self) -> azure_core::Result<Self::IntoIter> {
        Ok(self.rows.into_iter())
    }
}

/// Queries.
impl IotHubRegistryManager {
    /// Queries twins of devices or modules, or what jobs did to devices.
    ///
    /// `query` is a text, or a query built with `twin_query::iothub`, whose values cannot break out of their places.
    /// New and deleted devices show up after seconds; a deleted one may stay for half an hour.
    ///
    /// REST: `POST /devices/query`, once per page.
    ///
    /// # Errors
    ///
    /// At once if the query has more than 8192 characters. The pager yields azure_core's errors; [`Error::from`] turns
    /// them into ours.
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
    /// let mut rows = hub.query_iot_hub("SELECT * FROM devices WHERE tags.site = 'oslo'", None)?;
    /// while let Some(row) = rows.try_next().await? {
    ///     if let Some(twin) = row.into_twin() {
    ///         println!("{:?} reports {:?}", twin.device_id, twin.properties.reported.get("climate.actual"));
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query_iot_hub(&self, query: impl Display, options: Option<QueryOptions>) -> Result<QueryPager> {
        let query = query.to_string();
        let length = query.chars().count();
        if length > QUERY_LENGTH {
            return Err(Error::invalid_input(
                "query",
                format!("has {length} characters, more than {QUERY_LENGTH}"),
            ));
        }
        let options = options.unwrap_or_default();
        let page_size = options.max_item_count.map(|count| count.to_string());
        let core = self.core.clone();
        let fetch = move |state,
                          options: PagerOptions<'static>|
              -> azure_core::http::pager::PagerResultFuture<QueryPage> {
            let (core, page_size) = (core.clone(), page_size.clone());
            let body = types::QuerySpecification {
                query: Some(query.clone()),
            };
            Box::pin(async move {
                let token = match state {
                    PagerState::Initial => None,
                    PagerState::More(continuation) => Some(String::from(continuation)),
                };
                let request =
                    core.protocol()
                        .query_get_twins_request(token.as_deref(), page_size.as_deref(), &body);
                let response = core
                    .send(request, options.context)
                    .await
                    .map_err(azure_core::Error::from)?;
                read_page(response.into())
            })
        };
        Ok(ItemIterator::new(fetch, Some(options.method_options)))
    }
}

fn read_page(response: RawResponse) -> azure_core::Result<PagerResult<QueryPage>> {
    let header = |name| {
        response
            .headers()
            .get_optional_string(&name)
            .filter(|value| !value.is_empty())
    };
    let row_type = header("x-ms-item-type".into()).map_or(RowType::Raw, |text| RowType::from(text.as_str()));
    let continuation = header("x-ms-continuation".into()).map(PagerContinuation::Token);
    let rows: Vec<Value> = serde_json::from_slice(response.body())?;
    let rows = rows
        .into_iter()
        .map(|row| QueryRow::read(&row_type, row))
        .collect::<serde_json::Result<_>>()?;
    let headers = response.headers().clone();
    let response = QueryPage {
        row_type,
        rows,
        headers,
    };
    Ok(match continuation {
        Some(continuation) => PagerResult::More {
            response,
            continuation,
        },
        None => PagerResult::Done { response },
    })
}
