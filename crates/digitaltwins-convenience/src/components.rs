//! Components of twins.

use azure_core::http::{Etag, Response};

use crate::client::retype;
use crate::digital_twins::patch_body;
use crate::error::Result;
use crate::{ComponentPatch, DigitalTwinsClient, Precondition};

impl DigitalTwinsClient {
    /// Reads a component of a twin. (`GET /digitaltwins/{id}/components/{component}`)
    ///
    /// `T` is a [`Component`](crate::Component) around a type of your own, a
    /// [`BasicComponent`](crate::BasicComponent), or anything that serde reads. The ETag is the twin's.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such twin, or if it has no such component.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{BasicComponent, DigitalTwinsClient, Error};
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let thermostat: BasicComponent = client.get_component("room-1", "thermostat").await?.into_model()?;
    /// println!("{:?}", thermostat.contents.get("target"));
    /// # Ok(()) }
    /// ```
    pub async fn get_component<T>(&self, twin_id: &str, component: &str) -> Result<Response<T>> {
        let request = self
            .api()
            .digital_twins_get_component_request(twin_id, component, None, None);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Changes a component of a twin, and returns the twin's new ETag.
    /// (`PATCH /digitaltwins/{id}/components/{component}`)
    ///
    /// Several components, or properties next to a component, are changed at once with
    /// [`update_digital_twin`](Self::update_digital_twin) and [`DigitalTwinPatch::component`](crate::Patch::component).
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if there is no such twin.
    /// * [`is_precondition_failed`](crate::Error::is_precondition_failed) if the twin is not in the version that
    ///   `precondition` asks for.
    /// * [`is_invalid_patch`](crate::Error::is_invalid_patch) if the patch leads to what is not there, or if there is no
    ///   such component.
    /// * [`is_validation_failed`](crate::Error::is_validation_failed) if the outcome does not fit the model.
    pub async fn update_component(
        &self,
        twin_id: &str,
        component: &str,
        patch: &ComponentPatch,
        precondition: Precondition,
    ) -> Result<Option<Etag>> {
        let (body, if_match) = (patch_body(patch)?, precondition.verbatim()?);
        let request = self.api().digital_twins_update_component_request(
            twin_id,
            component,
            if_match.as_deref(),
            None,
            None,
            &body,
        );
        let response = self.core.send(request, self.context()).await?;
        Ok(azure_service_core::etag(response.headers()))
    }
}
