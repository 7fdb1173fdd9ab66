//! Relationships between twins.

use azure_core::http::{NoFormat, Response};
use azure_service_core::Precondition;
use azure_service_core::rename_parameters;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Pager;
use crate::client::DigitalTwinsClient;
use crate::digital_twins::{body, patch_body};
use crate::error::Result;
use crate::ids;
use crate::patch::RelationshipPatch;
use crate::types::IncomingRelationship;
use crate::upsert::Upsert;

/// Pairs of parameter names, for errors: the generated client's name, and the public method's name.
const NAMES: &[(&str, &str)] = &[("id", "twin_id"), ("relationshipId", "relationship_id")];

/// Options of [`DigitalTwinsClient::list_relationships`].
#[derive(Debug, Clone, Default)]
pub struct ListRelationshipsOptions {
    /// Lists only relationships with this name.
    pub relationship_name: Option<String>,
    /// Resumes the list of an earlier pager; see
    /// [`Pager::continuation_token`](azure_service_core::Pager::continuation_token).
    pub continuation_token: Option<String>,
}

/// Options of [`DigitalTwinsClient::list_incoming_relationships`].
#[derive(Debug, Clone, Default)]
pub struct ListIncomingRelationshipsOptions {
    /// Resumes the list of an earlier pager; see
    /// [`Pager::continuation_token`](azure_service_core::Pager::continuation_token).
    pub continuation_token: Option<String>,
}

/// Relationships.
impl DigitalTwinsClient {
    /// Reads a relationship. (`GET /digitaltwins/{id}/relationships/{relationship}`)
    ///
    /// `T` is a [`Relationship`](crate::Relationship) that wraps your own type, a
    /// [`BasicRelationship`](crate::BasicRelationship), or any other type that implements `Deserialize`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the relationship or the twin does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{BasicRelationship, DigitalTwinsClient, Error};
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let contains: BasicRelationship =
    ///     client.get_relationship("floor-1", "floor-1-room-1").await?.into_model()?;
    /// assert_eq!(contains.target_id, "room-1");
    /// # Ok(()) }
    /// ```
    pub async fn get_relationship<T>(&self, twin_id: &str, relationship_id: &str) -> Result<Response<T>> {
        ids::check("twin_id", twin_id)?;
        ids::check("relationship_id", relationship_id)?;
        let request =
            self.api()
                .digital_twins_get_relationship_by_id_request(twin_id, relationship_id, None, None);
        let request = rename_parameters(request, NAMES);
        Ok(self.core.call("get_relationship").send(request).await?)
    }

    /// Creates a relationship or replaces the existing one.
    /// (`PUT /digitaltwins/{id}/relationships/{relationship}`)
    ///
    /// The relationship starts at `twin_id`; the service ignores the source and the id in `relationship`.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if the source or the target does not exist. For a missing target,
    ///   [`is_target_not_found`](crate::Error::is_target_not_found) is true too.
    /// * [`is_validation_failed`](crate::Error::is_validation_failed) if the models do not allow the relationship.
    /// * [`is_already_exists`](crate::Error::is_already_exists) if the relationship exists and `mode` is
    ///   [`Upsert::CreateOnly`].
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::{Relationship, Upsert};
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let contains = Relationship::new("floor-1-room-1", "floor-1", "contains", "room-1", ());
    /// client.upsert_relationship("floor-1", "floor-1-room-1", &contains, Upsert::CreateOrReplace).await?;
    /// # Ok(()) }
    /// ```
    pub async fn upsert_relationship<T: Serialize>(
        &self,
        twin_id: &str,
        relationship_id: &str,
        relationship: &T,
        mode: Upsert,
    ) -> Result<Response<T>> {
        ids::check("twin_id", twin_id)?;
        ids::check("relationship_id", relationship_id)?;
        let body = body("relationship", relationship)?;
        let request = self.api().digital_twins_add_relationship_request(
            twin_id,
            relationship_id,
            mode.if_none_match(),
            None,
            None,
            &body,
        );
        let request = rename_parameters(request, NAMES);
        Ok(self.core.call("upsert_relationship").send(request).await?)
    }

    /// Updates the properties of a relationship. (`PATCH /digitaltwins/{id}/relationships/{relationship}`)
    ///
    /// The response has the new ETag.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if the relationship or the twin does not exist.
    /// * [`is_precondition_failed`](crate::Error::is_precondition_failed) if the ETag of the relationship does not
    ///   match.
    /// * [`is_invalid_patch`](crate::Error::is_invalid_patch) if a path does not exist.
    /// * [`is_validation_failed`](crate::Error::is_validation_failed) if the result does not fit the model.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::{RelationshipPatch, ResponseExt};
    ///
    /// # async fn example(client: &DigitalTwinsClient) -> Result<(), Error> {
    /// let read = client.get_relationship::<serde_json::Value>("tank-1", "pipe-1").await?;
    /// let wider = RelationshipPatch::new().replace("diameter", 50)?;
    /// client.update_relationship("tank-1", "pipe-1", &wider, read.precondition()?).await?;
    /// # Ok(()) }
    /// ```
    pub async fn update_relationship(
        &self,
        twin_id: &str,
        relationship_id: &str,
        patch: &RelationshipPatch,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        ids::check("twin_id", twin_id)?;
        ids::check("relationship_id", relationship_id)?;
        let (body, if_match) = (patch_body(patch)?, precondition.into().verbatim()?);
        let request = self.api().digital_twins_update_relationship_request(
            twin_id,
            relationship_id,
            if_match.as_deref(),
            None,
            None,
            &body,
        );
        let request = rename_parameters(request, NAMES);
        Ok(self.core.call("update_relationship").send(request).await?)
    }

    /// Deletes a relationship. (`DELETE /digitaltwins/{id}/relationships/{relationship}`)
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if the relationship or the twin does not exist.
    /// * [`is_precondition_failed`](crate::Error::is_precondition_failed) if the ETag of the relationship does not
    ///   match.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::Precondition;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// client.delete_relationship("floor-1", "floor-1-room-1", Precondition::Unconditional).await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete_relationship(
        &self,
        twin_id: &str,
        relationship_id: &str,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        ids::check("twin_id", twin_id)?;
        ids::check("relationship_id", relationship_id)?;
        let if_match = precondition.into().verbatim()?;
        let request = self.api().digital_twins_delete_relationship_request(
            twin_id,
            relationship_id,
            if_match.as_deref(),
            None,
            None,
        );
        let request = rename_parameters(request, NAMES);
        Ok(self.core.call("delete_relationship").send(request).await?)
    }

    /// Lists the relationships that start at a twin. (`GET /digitaltwins/{id}/relationships`)
    ///
    /// For `T`, see [`get_relationship`](Self::get_relationship).
    ///
    /// # Errors
    ///
    /// Fails at once if `twin_id` or the continuation token is invalid. The pager yields all other errors.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::{BasicRelationship, ListRelationshipsOptions};
    /// use futures::TryStreamExt;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let only = ListRelationshipsOptions { relationship_name: Some("contains".to_owned()), ..Default::default() };
    /// let mut rooms = client.list_relationships::<BasicRelationship>("floor-1", Some(only))?;
    /// while let Some(relationship) = rooms.try_next().await? {
    ///     println!("{}", relationship.target_id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_relationships<T: DeserializeOwned + Send + 'static>(
        &self,
        twin_id: &str,
        options: Option<ListRelationshipsOptions>,
    ) -> Result<Pager<T>> {
        ids::check("twin_id", twin_id)?;
        let ListRelationshipsOptions {
            relationship_name,
            continuation_token,
        } = options.unwrap_or_default();
        let name = relationship_name.as_deref();
        let request = self
            .api()
            .digital_twins_list_relationships_request(twin_id, name, None, None);
        let request = rename_parameters(request, NAMES);
        self.core
            .call("list_relationships")
            .list(request, continuation_token)
    }

    /// Lists the relationships that end at a twin. (`GET /digitaltwins/{id}/incomingrelationships`)
    ///
    /// # Errors
    ///
    /// Fails at once if `twin_id` or the continuation token is invalid. The pager yields all other errors.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use futures::TryStreamExt;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let mut floors = client.list_incoming_relationships("room-1", None)?;
    /// while let Some(relationship) = floors.try_next().await? {
    ///     println!("{} of {}", relationship.name, relationship.source_id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_incoming_relationships(
        &self,
        twin_id: &str,
        options: Option<ListIncomingRelationshipsOptions>,
    ) -> Result<Pager<IncomingRelationship>> {
        ids::check("twin_id", twin_id)?;
        let ListIncomingRelationshipsOptions { continuation_token } = options.unwrap_or_default();
        let request = self
            .api()
            .digital_twins_list_incoming_relationships_request(twin_id, None, None);
        let request = rename_parameters(request, NAMES);
        self.core
            .call("list_incoming_relationships")
            .list(request, continuation_token)
    }
}
