//! Event routes: create or replace, get, list, delete.

use http::StatusCode;
use serde_json::{Value, json};

use crate::digitaltwins::call::{self, Call};
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::events::filter::Filter;
use crate::digitaltwins::events::route::Route;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::paging::{self, Page};
use crate::service::ServiceResponse;

const PAGE: usize = 100;
const MAX_ID_LENGTH: usize = 128;

pub(super) fn put(instance: &Instance, call: &Call<'_>, id: &str) -> ServiceResult<ServiceResponse> {
    let valid = (1..=MAX_ID_LENGTH).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !valid {
        return Err(errors::route_id_invalid(id));
    }
    let Ok(Value::Object(body)) = call.limited_json_body(&instance.limits)? else {
        return Err(errors::invalid_payload());
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let endpoint = text("endpointName").ok_or_else(errors::route_endpoint_invalid)?;
    let filter_text = text("filter").ok_or_else(errors::route_filter_missing)?;
    let filter = Filter::parse(filter_text)
        .map_err(|error| errors::route_filter_invalid(error.line, error.position, &error.input))?;
    let route = Route {
        endpoint: endpoint.to_owned(),
        filter_text: filter_text.to_owned(),
        filter,
    };
    instance.events.put_route(id, route)?;
    Ok(call::no_content())
}

pub(super) fn get(instance: &Instance, id: &str) -> ServiceResult<ServiceResponse> {
    let route = instance.events.route(id).ok_or_else(errors::route_not_found)?;
    Ok(ServiceResponse::json(StatusCode::OK, &route_json(id, &route)))
}

pub(super) fn list(instance: &Instance, call: &Call<'_>) -> ServiceResult<ServiceResponse> {
    let size = call.page_size(PAGE, PAGE)?;
    let after = call
        .query_value("continuationToken")
        .map(paging::read_token)
        .transpose()?;
    let (routes, more) = instance.events.routes(after, size);
    let next_link = routes.last().filter(|_| more).map(|(id, _)| {
        let token = paging::write_token(id.as_str());
        call.link("/eventroutes", &[("continuationToken", &token)])
    });
    let value = routes.iter().map(|(id, route)| route_json(id, route)).collect();
    Ok(ServiceResponse::json(StatusCode::OK, &Page { next_link, value }))
}

pub(super) fn delete(instance: &Instance, id: &str) -> ServiceResult<ServiceResponse> {
    let removed = instance.events.remove_route(id);
    removed.ok_or_else(errors::route_not_found)?;
    Ok(call::no_content())
}

fn route_json(id: &str, route: &Route) -> Value {
    json!({"id": id, "endpointName": route.endpoint, "filter": route.filter_text})
}
