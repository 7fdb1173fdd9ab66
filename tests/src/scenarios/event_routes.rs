//! Event routes: created, read, listed, deleted.

use digitaltwins_convenience::{EventRoute, ListEventRoutesOptions};
use futures::TryStreamExt as _;

use super::{equal, holds, refused};
use crate::{Failure, environment::Environment};

/// A route to an endpoint that the instance has is stored until it is deleted.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn life_of_an_event_route(environment: &Environment) -> Result<(), Failure> {
    let (client, id) = (&environment.twins, &environment.event_route_id("route"));
    // No event has this type, so nothing is delivered.
    let route = EventRoute::new(environment.route_endpoint()?, "type = 'scenario'");
    client.upsert_event_route(id, &route).await?;
    let read = client.get_event_route(id).await?.into_model()?;
    equal("the endpoint", &read.endpoint_name, &route.endpoint_name)?;
    equal("the filter", &read.filter, &route.filter)?;
    let options = ListEventRoutesOptions {
        page_size: Some(10),
        ..Default::default()
    };
    let listed: Vec<_> = client.list_event_routes(Some(options))?.try_collect().await?;
    holds(
        "it is listed",
        listed.iter().any(|route| route.id.as_ref() == Some(id)),
    )?;
    client.delete_event_route(id).await?;
    let gone = client.get_event_route(id).await;
    holds("it is gone", refused("a deleted route", gone)?.is_not_found())
}

/// A route to an endpoint that the instance does not have is refused.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn unknown_endpoints(environment: &Environment) -> Result<(), Failure> {
    let route = EventRoute::new(environment.id("nowhere"), "true");
    let id = &environment.event_route_id("lost-route");
    let result = environment.twins.upsert_event_route(id, &route).await;
    equal(
        "the status",
        refused("an unknown endpoint", result)?.status(),
        Some(400),
    )
}
