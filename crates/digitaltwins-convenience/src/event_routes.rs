//! Event routes.

use azure_core::http::{NoFormat, Response};
use digitaltwins_protocol::types;

use crate::client::first_page;
use crate::error::Result;
use crate::{DigitalTwinsClient, EventRoute, Pager};

/// Options of [`DigitalTwinsClient::list_event_routes`].
#[derive(Debug, Clone, Default)]
pub struct ListEventRoutesOptions {
    /// The maximum number of routes per page.
    pub page_size: Option<u32>,
    /// Resumes the list of an earlier pager; see
    /// [`Pager::continuation_token`](azure_service_core::Pager::continuation_token).
    pub continuation_token: Option<String>,
}

/// Event routes.
impl DigitalTwinsClient {
    /// Reads an event route. (`GET /eventroutes/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the route does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let route = client.get_event_route("telemetry").await?.into_model()?;
    /// println!("{} to {}", route.filter, route.endpoint_name);
    /// # Ok(()) }
    /// ```
    pub async fn get_event_route(&self, id: &str) -> Result<Response<EventRoute>> {
        let request = self.api().event_routes_get_by_id_request(id, None, None);
        Ok(self.core.call("get_event_route").send(request).await?)
    }

    /// Creates an event route or replaces the existing one. (`PUT /eventroutes/{id}`)
    ///
    /// The service ignores the id in `route`.
    ///
    /// # Errors
    ///
    /// Fails if the instance has no such endpoint, if the filter is not valid, or if the instance has the maximum
    /// number of routes ([`is_limit_reached`](crate::Error::is_limit_reached)).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error, EventRoute};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let route = EventRoute::new("telemetry-hub", "type = 'microsoft.iot.telemetry'");
    /// client.upsert_event_route("telemetry", &route).await?;
    /// # Ok(()) }
    /// ```
    pub async fn upsert_event_route(&self, id: &str, route: &EventRoute) -> Result<Response<(), NoFormat>> {
        // The id is in the path, not in the body.
        let body = types::EventRoute {
            endpoint_name: route.endpoint_name.clone(),
            filter: route.filter.clone(),
            id: None,
            extra: route.extra.clone(),
        };
        let request = self.api().event_routes_add_request(id, None, None, &body);
        Ok(self.core.call("upsert_event_route").send(request).await?)
    }

    /// Deletes an event route. (`DELETE /eventroutes/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the route does not exist.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// client.delete_event_route("telemetry").await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete_event_route(&self, id: &str) -> Result<Response<(), NoFormat>> {
        let request = self.api().event_routes_delete_request(id, None, None);
        Ok(self.core.call("delete_event_route").send(request).await?)
    }

    /// Lists the event routes. (`GET /eventroutes`)
    ///
    /// # Errors
    ///
    /// Fails at once if the page size is 0 or the continuation token is from another list. The pager yields all other
    /// errors.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let mut routes = client.list_event_routes(None)?;
    /// while let Some(route) = routes.try_next().await? {
    ///     println!("{:?}: {}", route.id, route.filter);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_event_routes(&self, options: Option<ListEventRoutesOptions>) -> Result<Pager<EventRoute>> {
        let ListEventRoutesOptions {
            page_size,
            continuation_token,
        } = options.unwrap_or_default();
        let request = first_page(page_size, |size| {
            Ok(self.api().event_routes_list_request(size, None, None)?)
        });
        self.core
            .call("list_event_routes")
            .list(request, continuation_token)
    }
}
