//! Event routes.

use azure_core::http::pager::PagerOptions;
use azure_core::http::{Pager, Response};
use azure_service_core::ItemPage;
use digitaltwins_protocol::types;

use crate::client::{page_size, retype};
use crate::error::Result;
use crate::{DigitalTwinsClient, EventRoute};

/// Options of [`DigitalTwinsClient::list_event_routes`].
#[derive(Debug, Clone, Default)]
pub struct ListEventRoutesOptions {
    /// How many routes a page has at most.
    pub max_items_per_page: Option<u32>,
    /// Where to go on, and the context of the calls.
    pub method_options: PagerOptions<'static>,
}

impl DigitalTwinsClient {
    /// Reads an event route. (`GET /eventroutes/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such route.
    pub async fn get_event_route(&self, id: &str) -> Result<Response<EventRoute>> {
        let request = self.api().event_routes_get_by_id_request(id, None, None);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Creates an event route or replaces the one there is. (`PUT /eventroutes/{id}`)
    ///
    /// # Errors
    ///
    /// If the instance has no such endpoint, if the filter is not valid, or if there are as many routes as there can be
    /// ([`is_limit_reached`](crate::Error::is_limit_reached)).
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
    pub async fn upsert_event_route(&self, id: &str, route: &EventRoute) -> Result<()> {
        // The id stands in the path and is not repeated in the body.
        let body = types::EventRoute {
            endpoint_name: route.endpoint_name.clone(),
            filter: route.filter.clone(),
            id: None,
            extra: route.additional.clone(),
        };
        let request = self.api().event_routes_add_request(id, None, None, &body);
        self.core.send(request, self.context()).await?;
        Ok(())
    }

    /// Deletes an event route. (`DELETE /eventroutes/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such route.
    pub async fn delete_event_route(&self, id: &str) -> Result<()> {
        let request = self.api().event_routes_delete_request(id, None, None);
        self.core.send(request, self.context()).await?;
        Ok(())
    }

    /// Lists the event routes. (`GET /eventroutes`)
    ///
    /// # Errors
    ///
    /// If the page size is 0. The pager yields what goes wrong later.
    pub fn list_event_routes(
        &self,
        options: Option<ListEventRoutesOptions>,
    ) -> Result<Pager<ItemPage<EventRoute>>> {
        let ListEventRoutesOptions {
            max_items_per_page,
            method_options,
        } = options.unwrap_or_default();
        let size = page_size(max_items_per_page)?;
        let request = self.api().event_routes_list_request(size, None, None);
        Ok(self.core.list(request, Some(method_options)))
    }
}
