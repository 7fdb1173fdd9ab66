//! The operations on event routes.

use std::collections::BTreeMap;
use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::digitaltwins::call::{self, Call, Page};
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::events::filter::Filter;
use crate::digitaltwins::events::routing::{Route, Routing};
use crate::digitaltwins::instance::Instance;
use crate::durable::{StateChange, Tracked};
use crate::service::ServiceResponse;

/// Routes of one instance, as the service documents.
const MAXIMUM_ROUTES: usize = 6;
const PAGE: usize = 100;
const LONGEST_ID: usize = 128;

pub(crate) fn put(service: &Instance, call: &Call<'_>, id: &str) -> Answer<ServiceResponse> {
    let valid = (1..=LONGEST_ID).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !valid {
        return Err(errors::route_id_invalid(id));
    }
    let Ok(Value::Object(body)) = call.limited_json_body(&service.limits)? else {
        return Err(errors::invalid_payload());
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let endpoint = text("endpointName").ok_or_else(errors::route_endpoint_invalid)?;
    let filter = text("filter").ok_or_else(errors::route_filter_missing)?;
    let parsed =
        Filter::parse(filter).map_err(|fault| errors::route_filter_invalid(fault.line, fault.position))?;
    let mut routing = service.routing.lock();
    if !routing.has_endpoint(endpoint) {
        return Err(errors::route_endpoint_invalid());
    }
    if !routing.routes.contains_key(id) && routing.routes.len() >= MAXIMUM_ROUTES {
        return Err(errors::route_limit_exceeded(MAXIMUM_ROUTES));
    }
    let route = Route {
        endpoint: endpoint.to_owned(),
        text: filter.to_owned(),
        filter: parsed,
    };
    routing.routes.insert(id.to_owned(), route);
    Ok(call::no_content())
}

pub(crate) fn get(service: &Instance, id: &str) -> Answer<ServiceResponse> {
    let routing = service.routing.lock();
    let route = routing.routes.get(id).ok_or_else(errors::route_not_found)?;
    Ok(ServiceResponse::json(StatusCode::OK, &route_json(id, route)))
}

pub(crate) fn list(service: &Instance, call: &Call<'_>) -> Answer<ServiceResponse> {
    let size = call.page_size(PAGE, PAGE)?;
    let after = match call.query_value("continuationToken") {
        None => None,
        Some(token) => {
            let id = URL_SAFE_NO_PAD.decode(token).map(String::from_utf8);
            let Ok(Ok(id)) = id else {
                return Err(errors::invalid_list_token());
            };
            Some(id)
        }
    };
    let routing = service.routing.lock();
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut routes = routing.routes.range((from, Bound::Unbounded));
    let page: Vec<_> = routes.by_ref().take(size).collect();
    let next_link = page.last().filter(|_| routes.next().is_some()).map(|(id, _)| {
        let token = URL_SAFE_NO_PAD.encode(id);
        call.link("/eventroutes", &[("continuationToken", &token)])
    });
    let value = page.iter().map(|(id, route)| route_json(id, route)).collect();
    Ok(ServiceResponse::json(StatusCode::OK, &Page { next_link, value }))
}

pub(crate) fn delete(service: &Instance, id: &str) -> Answer<ServiceResponse> {
    let removed = service.routing.lock().routes.remove(id);
    removed.ok_or_else(errors::route_not_found)?;
    Ok(call::no_content())
}

fn route_json(id: &str, route: &Route) -> Value {
    json!({"id": id, "endpointName": route.endpoint, "filter": route.text})
}

impl Routing {
    /// The routes as dumped state has them.
    pub(crate) fn dump(&self) -> Value {
        // Texts always serialize.
        serde_json::to_value(&self.routes).unwrap_or_default()
    }

    /// Takes routes in place of the current ones. Endpoints are set up when a process starts, so one that is missing
    /// holds nothing up: its events go nowhere.
    pub(crate) fn set(&mut self, routes: Routes) {
        let is_recorded = self.routes.is_recorded();
        self.routes = Tracked::from(routes.0);
        if is_recorded {
            self.record_changes();
        }
    }

    pub(crate) fn record_changes(&mut self) {
        self.routes.record();
    }

    pub(crate) fn take_changes(&mut self) -> Vec<StateChange> {
        self.routes.take_changes(&["eventRoutes"])
    }
}

/// Routes by id.
#[derive(Debug)]
pub(crate) struct Routes(BTreeMap<String, Route>);

impl Routes {
    /// Reads dumped routes.
    pub(crate) fn from_state<'a>(
        state: impl Iterator<Item = (&'a String, &'a Value)>,
    ) -> Result<Self, String> {
        let read = |(id, value): (&String, &Value)| {
            let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
            let route = || {
                let filter = text("filter")?;
                Some(Route {
                    endpoint: text("endpointName")?,
                    filter: Filter::parse(&filter).ok()?,
                    text: filter,
                })
            };
            match route() {
                Some(route) => Ok((id.clone(), route)),
                None => Err(format!("the event route {id:?} is none: {value}")),
            }
        };
        state.map(read).collect::<Result<_, _>>().map(Routes)
    }
}
