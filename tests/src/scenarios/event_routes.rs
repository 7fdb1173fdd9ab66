//! Event routes.

use digitaltwins_convenience::{EventRoute, ListEventRoutesOptions};
use futures::TryStreamExt as _;

use super::{ensure, ensure_equal, expect_error};
use crate::{Failure, environment::Environment};

/// Checks that a route to an existing endpoint is created, read, listed and deleted.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn event_route_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let (client, id) = (&environment.twins, &environment.event_route_id("route"));
    // No event has this type, so nothing is delivered.
    let route = EventRoute::new(environment.route_endpoint()?, "type = 'scenario'");
    client.upsert_event_route(id, &route).await?;
    let read = client.get_event_route(id).await?.into_model()?;
    ensure_equal("the endpoint", &read.endpoint_name, &route.endpoint_name)?;
    ensure_equal("the filter", &read.filter, &route.filter)?;
    let options = ListEventRoutesOptions {
        page_size: Some(10),
        ..Default::default()
    };
    let listed: Vec<_> = client.list_event_routes(Some(options))?.try_collect().await?;
    ensure(
        "it is listed",
        listed.iter().any(|route| route.id.as_ref() == Some(id)),
    )?;
    client.delete_event_route(id).await?;
    let gone = client.get_event_route(id).await;
    ensure(
        "it is deleted",
        expect_error("a deleted route", gone)?.is_not_found(),
    )
}

/// Checks that a route to a missing endpoint is refused.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn unknown_endpoints(environment: &Environment) -> Result<(), Failure> {
    let route = EventRoute::new(environment.id("missing"), "true");
    let id = &environment.event_route_id("refused-route");
    let result = environment.twins.upsert_event_route(id, &route).await;
    ensure_equal(
        "the status",
        expect_error("an unknown endpoint", result)?.status(),
        Some(400),
    )
}
