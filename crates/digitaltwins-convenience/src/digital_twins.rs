//! Twins.

use azure_core::http::{NoFormat, Response};
use azure_service_core::Precondition;
use serde::Serialize;
use serde_json::Value;

use crate::client::DigitalTwinsClient;
use crate::error::{Error, Result};
use crate::patch::DigitalTwinPatch;
use crate::upsert::Upsert;
use crate::{ids, json};

/// Twins.
impl DigitalTwinsClient {
    /// Reads a twin. (`GET /digitaltwins/{id}`)
    ///
    /// `T` is a [`DigitalTwin`](crate::DigitalTwin) that wraps your own type, a
    /// [`BasicDigitalTwin`](crate::BasicDigitalTwin), or any other type that implements `Deserialize`. If
    /// `into_model()` fails, the error names the member for a `DigitalTwin`, but gives only line and column for other
    /// types.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](Error::is_not_found) if the twin does not exist.
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
        ids::check("id", id)?;
        let request = self.api().digital_twins_get_by_id_request(id, None, None);
        Ok(self.core.call("get_digital_twin").send(request).await?)
    }

    /// Creates a twin or replaces the existing one. (`PUT /digitaltwins/{id}`)
    ///
    /// The response contains the twin as stored. The service ignores the id and the ETag in `twin`. A replaced twin
    /// keeps its relationships.
    ///
    /// # Errors
    ///
    /// * [`is_validation_failed`](Error::is_validation_failed) if the twin does not fit its model, or if the model
    ///   does not exist; [`details`](Error::details) name the property.
    /// * [`is_already_exists`](Error::is_already_exists) if the twin exists and `mode` is
    ///   [`Upsert::CreateOnly`].
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::{DigitalTwin, ResponseExt, Upsert};
    /// use serde_json::json;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let lamp = DigitalTwin::new("lamp-1", "dtmi:example:Lamp;1", json!({"brightness": 3}));
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
        ids::check("id", id)?;
        let body = body("twin", twin)?;
        let request = self
            .api()
            .digital_twins_add_request(id, mode.if_none_match(), None, None, &body);
        Ok(self.core.call("upsert_digital_twin").send(request).await?)
    }

    /// Updates a twin. (`PATCH /digitaltwins/{id}`)
    ///
    /// The service applies the whole patch or nothing. The response has the new ETag.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](Error::is_not_found) if the twin does not exist.
    /// * [`is_precondition_failed`](Error::is_precondition_failed) if the ETag of the twin does not match.
    /// * [`is_invalid_patch`](Error::is_invalid_patch) if a path does not exist.
    /// * [`is_validation_failed`](Error::is_validation_failed) if the result does not fit the model.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::{BasicDigitalTwin, DigitalTwinPatch, ResponseExt};
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let room: BasicDigitalTwin = client.get_digital_twin("room-1").await?.into_model()?;
    /// let patch = DigitalTwinPatch::new().add("temperature", 21.5)?;
    /// let response = client.update_digital_twin("room-1", &patch, room.precondition()?).await?;
    /// println!("changed to {:?}", response.etag());
    /// # Ok(()) }
    /// ```
    pub async fn update_digital_twin(
        &self,
        id: &str,
        patch: &DigitalTwinPatch,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        ids::check("id", id)?;
        let (body, if_match) = (patch_body(patch)?, precondition.into().verbatim()?);
        let request = self
            .api()
            .digital_twins_update_request(id, if_match.as_deref(), None, None, &body);
        Ok(self.core.call("update_digital_twin").send(request).await?)
    }

    /// Deletes a twin. (`DELETE /digitaltwins/{id}`)
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](Error::is_not_found) if the twin does not exist.
    /// * [`is_relationships_not_deleted`](Error::is_relationships_not_deleted) if the twin has relationships, outgoing
    ///   or incoming.
    /// * [`is_precondition_failed`](Error::is_precondition_failed) if the ETag of the twin does not match.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error, Upsert};
    /// use digitaltwins_convenience::Precondition;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// # let lamp = serde_json::json!({"$metadata": {"$model": "dtmi:example:Lamp;1"}});
    /// # client.upsert_digital_twin("lamp-1", &lamp, Upsert::CreateOnly).await?;
    /// client.delete_digital_twin("lamp-1", Precondition::Unconditional).await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete_digital_twin(
        &self,
        id: &str,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        ids::check("id", id)?;
        let if_match = precondition.into().verbatim()?;
        let request = self
            .api()
            .digital_twins_delete_request(id, if_match.as_deref(), None, None);
        Ok(self.core.call("delete_digital_twin").send(request).await?)
    }
}

/// Serializes a request body.
pub(crate) fn body<T: Serialize + ?Sized>(parameter: &'static str, value: &T) -> Result<Value> {
    json::to_value(value).map_err(|error| Error::invalid_input(parameter, error.to_string()))
}

/// Serializes a patch as a request body.
pub(crate) fn patch_body<T: Serialize>(patch: &T) -> Result<Vec<Value>> {
    match body("patch", patch)? {
        Value::Array(operations) => Ok(operations),
        other => Err(Error::invalid_input(
            "patch",
            format!("must be a list of operations, found {}", json::type_name(&other)),
        )),
    }
}
