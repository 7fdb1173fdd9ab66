//! Stored event routes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::digitaltwins::events::filter::Filter;

/// A stored route. Its derived JSON is the format of dumped state.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Route {
    #[serde(rename = "endpointName")]
    pub(crate) endpoint: String,
    /// The source text of the filter.
    #[serde(rename = "filter")]
    pub(crate) filter_text: String,
    #[serde(skip)]
    pub(crate) filter: Filter,
}

/// Parses dumped routes, by id.
pub(crate) fn routes_from_state<'a>(
    state: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Result<BTreeMap<String, Route>, String> {
    state
        .map(|(id, value)| match route_from_state(value) {
            Some(route) => Ok((id.clone(), route)),
            None => Err(format!("the event route \"{id}\" is not valid: {value}")),
        })
        .collect()
}

fn route_from_state(value: &Value) -> Option<Route> {
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    let filter_text = text("filter")?;
    Some(Route {
        endpoint: text("endpointName")?,
        filter: Filter::parse(&filter_text).ok()?,
        filter_text,
    })
}
