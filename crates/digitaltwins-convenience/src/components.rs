//! Components of twins.

use azure_core::http::{NoFormat, Response};
use azure_service_core::rename_parameters;

use crate::client::DigitalTwinsClient;
use crate::digital_twins::patch_body;
use crate::error::Result;
use crate::{ComponentPatch, Precondition, ids};

/// Pairs of parameter names, for errors: the generated client's name, and the public method's name.
pub(crate) const COMPONENT_NAMES: &[(&str, &str)] = &[("id", "twin_id"), ("componentPath", "component")];

/// Components.
impl DigitalTwinsClient {
    /// Reads a component of a twin. (`GET /digitaltwins/{id}/components/{component}`)
    ///
    /// `T` is a [`Component`](crate::Component) that wraps your own type, a [`BasicComponent`](crate::BasicComponent),
    /// or any other type that implements `Deserialize`. The ETag in the response is the ETag of the twin.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the twin or the component does not exist.
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
        ids::check("twin_id", twin_id)?;
        let request = self
            .api()
            .digital_twins_get_component_request(twin_id, component, None, None);
        let request = rename_parameters(request, COMPONENT_NAMES);
        Ok(self.core.call("get_component").send(request).await?)
    }

    /// Updates a component of a twin. (`PATCH /digitaltwins/{id}/components/{component}`)
    ///
    /// The response has the twin's new ETag. To change several components, or properties next to a component, in one
    /// request, use [`update_digital_twin`](Self::update_digital_twin) with
    /// [`DigitalTwinPatch::component`](crate::Patch::component).
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if the twin does not exist.
    /// * [`is_precondition_failed`](crate::Error::is_precondition_failed) if the ETag of the twin does not match.
    /// * [`is_invalid_patch`](crate::Error::is_invalid_patch) if a path or the component does not exist.
    /// * [`is_validation_failed`](crate::Error::is_validation_failed) if the result does not fit the model.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::{ComponentPatch, Precondition};
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let patch = ComponentPatch::new().replace("target", 22)?;
    /// client.update_component("room-1", "thermostat", &patch, Precondition::Unconditional).await?;
    /// # Ok(()) }
    /// ```
    pub async fn update_component(
        &self,
        twin_id: &str,
        component: &str,
        patch: &ComponentPatch,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        ids::check("twin_id", twin_id)?;
        let (body, if_match) = (patch_body(patch)?, precondition.into().verbatim()?);
        let request = self.api().digital_twins_update_component_request(
            twin_id,
            component,
            if_match.as_deref(),
            None,
            None,
            &body,
        );
        let request = rename_parameters(request, COMPONENT_NAMES);
        Ok(self.core.call("update_component").send(request).await?)
    }
}
