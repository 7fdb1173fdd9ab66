//! The rows of a query.

use std::ops::Bound;

use twin_query::iothub::{self as language, Expression, Query, Select, Source};

use crate::iothub::query::condition::Row;
use crate::iothub::query::job_rows::JobRow;
use crate::iothub::query::{condition, job_rows, select};
use crate::iothub::store::Store;
use crate::iothub::store::view::TwinView;

/// Returns the matching twins in the order of the store, starting after the device or module
/// `after`.
pub(crate) fn twins<'a>(
    store: &'a Store,
    query: &'a Query,
    after: Option<(&'a str, Option<&'a str>)>,
) -> Box<dyn Iterator<Item = TwinView<'a>> + 'a> {
    let source = query.source;
    let filter = query.filter.as_ref();
    let keep = move |row: &TwinView<'a>| matches(filter, source, *row);
    let from = after.map_or(Bound::Unbounded, |(device, module)| match module {
        None => Bound::Excluded(device),
        // The device may have more modules.
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

/// Returns the matching rows of jobs.
pub(crate) fn jobs(store: &Store, query: &Query) -> Vec<JobRow> {
    job_rows::rows(store)
        .filter(|row| matches(query.filter.as_ref(), query.source, row))
        .collect()
}

/// Returns the number of rows of a metric's query; `None` if the query is invalid.
pub(crate) fn count(store: &Store, text: &str) -> Option<usize> {
    let query = language::parse_metric(text).ok()?;
    Some(match &query.select {
        _ if query.source == Source::Jobs => jobs(store, &query).len(),
        Select::Items(items) if select::is_grouped(&query, items) => {
            let mut groups = select::Groups::new(&query, items);
            twins(store, &query, None).for_each(|row| groups.add(row));
            groups.rows().len()
        }
        _ => twins(store, &query, None).count(),
    })
}

/// Returns whether a row matches the optional condition.
pub(crate) fn matches<'a>(filter: Option<&'a Expression>, source: Source, row: impl Row<'a>) -> bool {
    filter.is_none_or(|filter| condition::evaluate(filter, source, row).is_true())
}
