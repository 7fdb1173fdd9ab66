//! `POST /devices/query`: the query language over device and module twins, page by page.

mod condition;
mod functions;
pub(super) mod paging;
mod property;
mod select;
mod token;
mod value;

use std::ops::Bound;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use twin_query::iothub::{self as language, Expression, Query, Select, Source};

pub(super) use self::condition::Row;
use self::token::Position;
pub(super) use self::value::Operand;
use super::IotHub;
use super::errors::{HubError, Result};
use super::input;
use super::jobs;
use super::render::TwinView;
use super::store::Store;
use crate::service::{ServiceRequest, ServiceResponse};

/// Rows of a page unless the caller wants fewer; more are not given.
const PAGE_SIZE: usize = 100;

const MAX_ITEM_COUNT: &str = "x-ms-max-item-count";
const CONTINUATION: &str = "x-ms-continuation";
pub(super) const ITEM_TYPE: &str = "x-ms-item-type";

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    query: Option<String>,
}

impl IotHub {
    pub(crate) fn query(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let body: Body = input::parse(&request.body)?;
        let text = body.query.ok_or_else(|| HubError::argument("BadRequest"))?;
        let query = language::parse_and_validate(&text).map_err(|error| {
            // The service does not say what is wrong; whoever runs the emulator may know.
            tracing::info!(id = request.request_id, %error, query = text, "bad query");
            HubError::argument("BadRequest")
        })?;
        let page_size = page_size(request.header(MAX_ITEM_COUNT))?;
        let start = match request.header(CONTINUATION).filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => Some(token::read(&text, token).ok_or_else(invalid_token)?),
        };
        let (position, rows) = start.map_or((None, 0), |(position, rows)| (Some(position), rows));
        let left = query.top.map_or(u64::MAX, |top| top.saturating_sub(rows));
        let page = Page {
            size: page_size.min(usize::try_from(left).unwrap_or(usize::MAX)),
            position,
        };

        let store = self.store.read();
        let answer = match (&query.select, query.source) {
            (_, Source::Jobs) => {
                let (rows, next) = page.groups(matching_jobs(&store, &query))?;
                let rows: Vec<_> = rows.into_iter().map(jobs::JobRow::into_value).collect();
                Answer::new("DeviceJob", &rows, next)
            }
            (Select::All, _) => {
                let (twins, next) = page.twins(&store, &query)?;
                Answer::new("Twin", &twins, next)
            }
            (Select::Items(items), _) if select::is_grouped(&query, items) => {
                let mut groups = select::Groups::new(&query, items);
                matching(&store, &query, None).for_each(|row| groups.add(row));
                let (rows, next) = page.groups(groups.rows())?;
                Answer::new("Raw", &rows, next)
            }
            (Select::Items(items), source) => {
                let (twins, next) = page.twins(&store, &query)?;
                let rows: Vec<_> = twins
                    .into_iter()
                    .map(|row| select::project(items, source, row))
                    .collect();
                Answer::new("Raw", &rows, next)
            }
        };
        drop(store);

        let rows = rows.saturating_add(u64::try_from(answer.rows).unwrap_or(u64::MAX));
        let response = answer.response.with_header(ITEM_TYPE, answer.item_type);
        // On the last page the header is missing altogether: some clients go on for ever on an empty one.
        Ok(match answer.next {
            Some(position) if query.top.is_none_or(|top| rows < top) => {
                response.with_header(CONTINUATION, &token::write(&text, position, rows))
            }
            _ => response,
        })
    }
}

struct Answer {
    item_type: &'static str,
    response: ServiceResponse,
    rows: usize,
    next: Option<Position>,
}

impl Answer {
    fn new<T: Serialize>(item_type: &'static str, rows: &[T], next: Option<Position>) -> Self {
        Self {
            item_type,
            response: ServiceResponse::json(StatusCode::OK, &rows),
            rows: rows.len(),
            next,
        }
    }
}

fn page_size(header: Option<&str>) -> Result<usize> {
    match header.map(str::parse) {
        None => Ok(PAGE_SIZE),
        Some(Ok(size)) if size > 0 => Ok(PAGE_SIZE.min(size)),
        Some(_) => Err(HubError::argument(format!(
            "The header {MAX_ITEM_COUNT} must be a positive number."
        ))),
    }
}

fn invalid_token() -> HubError {
    HubError::argument(format!(
        "The header {CONTINUATION} does not belong to this query."
    ))
}

struct Page {
    size: usize,
    position: Option<Position>,
}

impl Page {
    /// The twins of the page, and where the next one starts if there is one.
    fn twins<'a>(
        &'a self,
        store: &'a Store,
        query: &'a Query,
    ) -> Result<(Vec<TwinView<'a>>, Option<Position>)> {
        let after = match &self.position {
            None => None,
            Some(Position::After(device, module)) => Some((device.as_str(), module.as_deref())),
            Some(Position::Groups(_)) => return Err(invalid_token()),
        };
        let mut rows = matching(store, query, after);
        let twins: Vec<TwinView<'a>> = rows.by_ref().take(self.size).collect();
        let next = match (twins.last(), rows.next()) {
            (Some(last), Some(_)) => {
                let module = last.module.map(|module| module.id.clone());
                Some(Position::After(last.device.id.clone(), module))
            }
            _ => None,
        };
        Ok((twins, next))
    }

    /// The same of groups, which are all there.
    fn groups<T>(&self, mut groups: Vec<T>) -> Result<(Vec<T>, Option<Position>)> {
        let start = match self.position {
            None => 0,
            Some(Position::Groups(count)) => count,
            Some(Position::After(..)) => return Err(invalid_token()),
        };
        let end = start.saturating_add(self.size);
        let next = (end < groups.len()).then_some(Position::Groups(end));
        groups.truncate(end);
        Ok((groups.split_off(start.min(groups.len())), next))
    }
}

/// The twins that match, in the store's order, behind the one that `after` names.
fn matching<'a>(
    store: &'a Store,
    query: &'a Query,
    after: Option<(&'a str, Option<&'a str>)>,
) -> Box<dyn Iterator<Item = TwinView<'a>> + 'a> {
    let source = query.source;
    let filter = query.filter.as_ref();
    let keep = move |row: &TwinView<'a>| holds(filter, source, *row);
    let from = after.map_or(Bound::Unbounded, |(device, module)| match module {
        None => Bound::Excluded(device),
        // The rest of its modules is still to come.
        Some(_) => Bound::Included(device),
    });
    let devices = store
        .devices
        .range::<str, _>((from, Bound::Unbounded))
        .map(|(_, device)| device);
    if source != Source::Modules {
        return Box::new(
            devices
                .map(|device| TwinView { device, module: None })
                .filter(keep),
        );
    }
    let rows = devices.flat_map(move |device| {
        let from = match after {
            Some((id, Some(module))) if id == device.id => Bound::Excluded(module),
            _ => Bound::Unbounded,
        };
        let modules = device.modules.range::<str, _>((from, Bound::Unbounded));
        modules.map(move |(_, module)| TwinView {
            device,
            module: Some(module),
        })
    });
    Box::new(rows.filter(keep))
}

/// The parts of jobs that match.
fn matching_jobs(store: &Store, query: &Query) -> Vec<jobs::JobRow> {
    jobs::rows(store)
        .filter(|row| holds(query.filter.as_ref(), query.source, row))
        .collect()
}

/// How many rows a query gives; `None` if it is none.
pub(super) fn count(store: &Store, text: &str) -> Option<usize> {
    let query = language::parse_and_validate(text).ok()?;
    Some(match &query.select {
        _ if query.source == Source::Jobs => matching_jobs(store, &query).len(),
        Select::Items(items) if select::is_grouped(&query, items) => {
            let mut groups = select::Groups::new(&query, items);
            matching(store, &query, None).for_each(|row| groups.add(row));
            groups.rows().len()
        }
        _ => matching(store, &query, None).count(),
    })
}

/// Whether a condition, if there is one, holds for a twin.
pub(super) fn holds<'a>(filter: Option<&'a Expression>, source: Source, row: impl Row<'a>) -> bool {
    filter.is_none_or(|filter| condition::evaluate(filter, source, row).is_true())
}
