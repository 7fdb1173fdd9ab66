//! Twins.

use azure_core::http::{Etag, Response};
use azure_service_core::Precondition;
use serde::Serialize;
use serde_json::Value;

use crate::client::{DigitalTwinsClient, retype};
use crate::condition::Upsert;
use crate::error::{Error, Result};
use crate::json;
use crate::patch::DigitalTwinPatch;

impl DigitalTwinsClient {
    /// Reads a twin. (`GET /digitaltwins/{id}`)
    ///
    /// `T` is a [`DigitalTwin`](crate::DigitalTwin) around a type of your own, a
    /// [`BasicDigitalTwin`](crate::BasicDigitalTwin), or anything that serde reads.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](Error::is_not_found) if there is no such twin.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwin, DigitalTwinsClient, Error};
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// #[derive(serde::Deserialize)]
    /// struct Room {
    ///     temperature: f64,
    /// }
    ///
    /// let room: DigitalTwin<Room> = client.get_digital_twin("room-1").await?.into_model()?;
    /// println!("{} °C in {}", room.contents.temperature, room.id);
    /// # Ok(()) }
    /// ```
    pub async fn get_digital_twin<T>(&self, id: &str) -> Result<Response<T>> {
        let request = self.api().digital_twins_get_by_id_request(id, None, None);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Creates a twin or replaces the one there is. (`PUT /digitaltwins/{id}`)
    ///
    /// The answer holds the twin as it is stored. The id in `twin` does not count, and neither does its ETag. The
    /// relationships of a twin that is replaced stay.
    ///
    /// # Errors
    ///
    /// * [`is_validation_failed`](Error::is_validation_failed) if the twin does not fit its model, or if there is no
    ///   such model; [`details`](Error::details) name the property.
    /// * [`is_precondition_failed`](Error::is_precondition_failed) if there is such a twin and `mode` is
    ///   [`Upsert::CreateOnly`].
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::{DigitalTwin, Etagged, Upsert};
    /// use serde_json::{Map, json};
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let contents = Map::from_iter([("brightness".to_owned(), json!(3))]);
    /// let lamp = DigitalTwin::new("lamp-1", "dtmi:example:Lamp;1", contents);
    /// let stored = client.upsert_digital_twin("lamp-1", &lamp, Upsert::CreateOrReplace).await?;
    /// println!("stored as {:?}", stored.etag());
    /// # Ok(()) }
    /// ```
    pub async fn upsert_digital_twin<T: Serialize>(
        &self,
        id: &str,
        twin: &T,
        mode: Upsert,
    ) -> Result<Response<T>> {
        let body = body("twin", twin)?;
        let request = self
            .api()
            .digital_twins_add_request(id, mode.if_none_match(), None, None, &body);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Changes a twin, and returns its new ETag. (`PATCH /digitaltwins/{id}`)
    ///
    /// The service applies all of the patch or nothing.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](Error::is_not_found) if there is no such twin.
    /// * [`is_precondition_failed`](Error::is_precondition_failed) if it is not in the version that `precondition` asks
    ///   for.
    /// * [`is_invalid_patch`](Error::is_invalid_patch) if the patch leads to what is not there.
    /// * [`is_validation_failed`](Error::is_validation_failed) if the outcome does not fit the model.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::{DigitalTwinPatch, Precondition};
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let patch = DigitalTwinPatch::new().add("temperature", 21.5)?;
    /// let etag = client.update_digital_twin("room-1", &patch, Precondition::Unconditional).await?;
    /// # Ok(()) }
    /// ```
    pub async fn update_digital_twin(
        &self,
        id: &str,
        patch: &DigitalTwinPatch,
        precondition: Precondition,
    ) -> Result<Option<Etag>> {
        let (body, if_match) = (patch_body(patch)?, precondition.verbatim()?);
        let request = self
            .api()
            .digital_twins_update_request(id, if_match.as_deref(), None, None, &body);
        let response = self.core.send(request, self.context()).await?;
        Ok(azure_service_core::etag(response.headers()))
    }

    /// Deletes a twin. (`DELETE /digitaltwins/{id}`)
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](Error::is_not_found) if there is no such twin.
    /// * [`is_relationships_not_deleted`](Error::is_relationships_not_deleted) if the twin has relationships, outgoing
    ///   or incoming.
    /// * [`is_precondition_failed`](Error::is_precondition_failed) if it is not in the version that `precondition` asks
    ///   for.
    pub async fn delete_digital_twin(&self, id: &str, precondition: Precondition) -> Result<()> {
        let if_match = precondition.verbatim()?;
        let request = self
            .api()
            .digital_twins_delete_request(id, if_match.as_deref(), None, None);
        self.core.send(request, self.context()).await?;
        Ok(())
    }
}

/// A value as the body of a request.
pub(crate) fn body<T: Serialize + ?Sized>(parameter: &'static str, value: &T) -> Result<Value> {
    json::to_value(value).map_err(|error| Error::invalid_input(parameter, error.to_string()))
}

/// A patch as the body of a request.
pub(crate) fn patch_body<T: Serialize>(patch: &T) -> Result<Vec<Value>> {
    match body("patch", patch)? {
        Value::Array(operations) => Ok(operations),
        other => Err(Error::invalid_input(
            "patch",
            format!("is {} and not a list", json::kind(&other)),
        )),
    }
}
