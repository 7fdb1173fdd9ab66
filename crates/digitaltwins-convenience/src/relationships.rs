//! Relationships between twins.

use azure_core::http::pager::PagerOptions;
use azure_core::http::{Etag, Pager, Response};
use azure_service_core::{ItemPage, Precondition};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::{DigitalTwinsClient, check_id, retype};
use crate::condition::Upsert;
use crate::digital_twins::{body, patch_body};
use crate::error::Result;
use crate::patch::RelationshipPatch;
use crate::types::IncomingRelationship;

/// Options of [`DigitalTwinsClient::list_relationships`].
#[derive(Debug, Clone, Default)]
pub struct ListRelationshipsOptions {
    /// Only relationships with this name.
    pub relationship_name: Option<String>,
    /// Where to go on, and the context of the calls.
    pub method_options: PagerOptions<'static>,
}

impl DigitalTwinsClient {
    /// Reads a relationship. (`GET /digitaltwins/{id}/relationships/{relationship}`)
    ///
    /// `T` is a [`Relationship`](crate::Relationship) around a type of your own, a
    /// [`BasicRelationship`](crate::BasicRelationship), or anything that serde reads.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if no such relationship starts at the twin, or if there is no such
    /// twin.
    pub async fn get_relationship<T>(&self, twin_id: &str, relationship_id: &str) -> Result<Response<T>> {
        let request =
            self.api()
                .digital_twins_get_relationship_by_id_request(twin_id, relationship_id, None, None);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Creates a relationship or replaces the one there is.
    /// (`PUT /digitaltwins/{id}/relationships/{relationship}`)
    ///
    /// It starts at `twin_id`; the source and the id in `relationship` do not count.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if one of the twins does not exist; if it is the target,
    ///   [`is_target_not_found`](crate::Error::is_target_not_found).
    /// * [`is_validation_failed`](crate::Error::is_validation_failed) if the models allow no such relationship.
    /// * [`is_precondition_failed`](crate::Error::is_precondition_failed) if there is such a relationship and `mode` is
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
        let body = body("relationship", relationship)?;
        let condition = mode.if_none_match();
        let request = self.api().digital_twins_add_relationship_request(
            twin_id,
            relationship_id,
            condition,
            None,
            None,
            &body,
        );
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Changes the properties of a relationship, and returns its new ETag.
    /// (`PATCH /digitaltwins/{id}/relationships/{relationship}`)
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if there is no such relationship or twin.
    /// * [`is_precondition_failed`](crate::Error::is_precondition_failed) if it is not in the version that
    ///   `precondition` asks for.
    /// * [`is_invalid_patch`](crate::Error::is_invalid_patch) if the patch leads to what is not there.
    /// * [`is_validation_failed`](crate::Error::is_validation_failed) if the outcome does not fit the model.
    pub async fn update_relationship(
        &self,
        twin_id: &str,
        relationship_id: &str,
        patch: &RelationshipPatch,
        precondition: Precondition,
    ) -> Result<Option<Etag>> {
        let (body, if_match) = (patch_body(patch)?, precondition.verbatim()?);
        let if_match = if_match.as_deref();
        let request = self.api().digital_twins_update_relationship_request(
            twin_id,
            relationship_id,
            if_match,
            None,
            None,
            &body,
        );
        let response = self.core.send(request, self.context()).await?;
        Ok(azure_service_core::etag(response.headers()))
    }

    /// Deletes a relationship. (`DELETE /digitaltwins/{id}/relationships/{relationship}`)
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if there is no such relationship or twin.
    /// * [`is_precondition_failed`](crate::Error::is_precondition_failed) if it is not in the version that
    ///   `precondition` asks for.
    pub async fn delete_relationship(
        &self,
        twin_id: &str,
        relationship_id: &str,
        precondition: Precondition,
    ) -> Result<()> {
        let if_match = precondition.verbatim()?;
        let request = self.api().digital_twins_delete_relationship_request(
            twin_id,
            relationship_id,
            if_match.as_deref(),
            None,
            None,
        );
        self.core.send(request, self.context()).await?;
        Ok(())
    }

    /// Lists the relationships that start at a twin. (`GET /digitaltwins/{id}/relationships`)
    ///
    /// `T` is as for [`get_relationship`](Self::get_relationship).
    ///
    /// # Errors
    ///
    /// If the id cannot be part of an address. The pager yields what goes wrong later.
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
    ) -> Result<Pager<ItemPage<T>>> {
        check_id("twin_id", twin_id)?;
        let ListRelationshipsOptions {
            relationship_name,
            method_options,
        } = options.unwrap_or_default();
        let name = relationship_name.as_deref();
        let request = self
            .api()
            .digital_twins_list_relationships_request(twin_id, name, None, None);
        Ok(self.core.list(request, Some(method_options)))
    }

    /// Lists the relationships that end at a twin. (`GET /digitaltwins/{id}/incomingrelationships`)
    ///
    /// # Errors
    ///
    /// If the id cannot be part of an address. The pager yields what goes wrong later.
    pub fn list_incoming_relationships(
        &self,
        twin_id: &str,
        options: Option<PagerOptions<'static>>,
    ) -> Result<Pager<ItemPage<IncomingRelationship>>> {
        check_id("twin_id", twin_id)?;
        let request = self
            .api()
            .digital_twins_list_incoming_relationships_request(twin_id, None, None);
        Ok(self.core.list(request, options))
    }
}
