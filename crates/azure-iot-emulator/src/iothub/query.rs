//! `POST /devices/query`: the query language over device twins, module twins and jobs, in pages.

pub(super) mod condition;
pub(super) mod functions;
pub(super) mod job_rows;
pub(super) mod paging;
pub(super) mod property;
pub(super) mod rows;
pub(super) mod select;
pub(super) mod token;
pub(super) mod value;

use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use twin_query::iothub::{self as language, Query, Select, Source};

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::query::job_rows::JobRow;
use crate::iothub::query::token::Position;
use crate::iothub::rules::body;
use crate::iothub::store::Store;
use crate::iothub::store::api_version::ApiVersion;
use crate::iothub::store::view::{TwinBody, TwinView};
use crate::service::{ServiceRequest, ServiceResponse};

/// The body of a query. An explicit `null` has its own error.
#[derive(Deserialize)]
struct QueryInput {
    #[serde(default, deserialize_with = "present")]
    query: Option<Option<String>>,
}

/// Deserializes a member that is present, so that `null` differs from an absent member.
fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl QueryInput {
    fn text(self) -> Result<String> {
        match self.query {
            Some(Some(text)) => Ok(text),
            Some(None) => Err(HubError::new(
                Code::ARGUMENT_NULL,
                "Value cannot be null. Parameter name: query",
            )),
            None => Err(HubError::argument("BadRequest")),
        }
    }
}

impl IotHub {
    pub(super) fn query(&self, request: &ServiceRequest, version: ApiVersion) -> Result<ServiceResponse> {
        let input: QueryInput = body::parse(&request.body)?;
        let text = input.text()?;
        let query = language::parse_and_validate(&text).map_err(|error| {
            // The service's message has no details, so they are logged.
            tracing::info!(id = request.request_id, %error, query = text, "invalid query");
            HubError::argument("BadRequest")
        })?;
        let page_size = paging::page_size(request)?;
        let start = match paging::continuation(request) {
            None => None,
            Some(token) => Some(token::read(&text, token).ok_or_else(paging::invalid_token)?),
        };
        let (position, earlier) = start.map_or((None, 0), |(position, rows)| (Some(position), rows));
        let left = query.top.map_or(u64::MAX, |top| top.saturating_sub(earlier));
        let page = QueryPage {
            size: page_size.min(usize::try_from(left).unwrap_or(usize::MAX)),
            position,
        };
        let result = self.read(|store| execute(store, &query, &page, version))?;

        let total = earlier.saturating_add(u64::try_from(result.rows).unwrap_or(u64::MAX));
        let response = result.response.with_header(paging::ITEM_TYPE, result.item_type);
        // The last page has no continuation header at all, because some clients do not stop on an
        // empty header.
        Ok(match result.next {
            Some(position) if query.top.is_none_or(|top| total < top) => {
                response.with_header(paging::CONTINUATION, &token::write(&text, position, total))
            }
            _ => response,
        })
    }
}

fn execute(store: &Store, query: &Query, page: &QueryPage, version: ApiVersion) -> Result<ResultPage> {
    match (&query.select, query.source) {
        (_, Source::Jobs) => {
            let (rows, next) = page.groups(rows::jobs(store, query))?;
            let rows: Vec<_> = rows.into_iter().map(JobRow::into_value).collect();
            Ok(ResultPage::new("DeviceJob", &rows, next))
        }
        (Select::All, _) => {
            let (twins, next) = page.twins(store, query)?;
            let twins: Vec<_> = twins.into_iter().map(|view| TwinBody { view, version }).collect();
            Ok(ResultPage::new("Twin", &twins, next))
        }
        (Select::Items(items), _) if select::is_grouped(query, items) => {
            let mut groups = select::Groups::new(query, items);
            rows::twins(store, query, None).for_each(|row| groups.add(row));
            let (rows, next) = page.groups(groups.rows())?;
            Ok(ResultPage::new("Raw", &rows, next))
        }
        (Select::Items(items), source) => {
            let (twins, next) = page.twins(store, query)?;
            let rows: Vec<_> = twins
                .into_iter()
                .map(|row| select::project(items, source, row))
                .collect();
            Ok(ResultPage::new("Raw", &rows, next))
        }
    }
}

/// A page of results as a response, without paging headers.
struct ResultPage {
    item_type: &'static str,
    response: ServiceResponse,
    rows: usize,
    next: Option<Position>,
}

impl ResultPage {
    fn new<T: Serialize>(item_type: &'static str, rows: &[T], next: Option<Position>) -> Self {
        Self {
            item_type,
            response: ServiceResponse::json(StatusCode::OK, &rows),
            rows: rows.len(),
            next,
        }
    }
}

/// The requested page.
struct QueryPage {
    size: usize,
    position: Option<Position>,
}

impl QueryPage {
    /// Returns the twins of the page, and the position of the next page.
    fn twins<'a>(
        &'a self,
        store: &'a Store,
        query: &'a Query,
    ) -> Result<(Vec<TwinView<'a>>, Option<Position>)> {
        let after = match &self.position {
            None => None,
            Some(Position::After(device, module)) => Some((device.as_str(), module.as_deref())),
            Some(Position::Groups(_)) => return Err(paging::invalid_token()),
        };
        let mut matching = rows::twins(store, query, after);
        let twins: Vec<TwinView<'a>> = matching.by_ref().take(self.size).collect();
        let next = match (twins.last(), matching.next()) {
            (Some(last), Some(_)) => {
                let module = last.module.map(|module| module.id.clone());
                Some(Position::After(last.device.id.clone(), module))
            }
            _ => None,
        };
        Ok((twins, next))
    }

    /// Returns the part of a complete list of groups that is on this page, and the position of the
    /// next page.
    fn groups<T>(&self, mut groups: Vec<T>) -> Result<(Vec<T>, Option<Position>)> {
        let start = match self.position {
            None => 0,
            Some(Position::Groups(count)) => count,
            Some(Position::After(..)) => return Err(paging::invalid_token()),
        };
        let end = start.saturating_add(self.size);
        let next = (end < groups.len()).then_some(Position::Groups(end));
        groups.truncate(end);
        Ok((groups.split_off(start.min(groups.len())), next))
    }
}
