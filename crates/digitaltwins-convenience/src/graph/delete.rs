//! Deleting resources that others refer to.

use std::time::Duration;

use azure_service_core::Backoff;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::dependencies::order;
use crate::error::{Error, Result};
use crate::{BasicRelationship, DigitalTwinsClient, ListModelsOptions, Precondition};

/// How often a twin is tried that gets new relationships meanwhile.
const ATTEMPTS: u32 = 8;
/// The number of relationships that are deleted concurrently. The service takes ten writes a second for one twin.
const CONCURRENCY: usize = 4;

/// What [`DigitalTwinsClient::delete_digital_twin_with_relationships`] has deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletedDigitalTwin {
    /// The number of relationships of the twin, outgoing and incoming.
    pub relationships: usize,
}

/// What [`DigitalTwinsClient::delete_all_models`] has deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletedModels {
    /// The ids of the models, in the order of their deletion.
    pub ids: Vec<String>,
}

/// Deletion with dependencies.
impl DigitalTwinsClient {
    /// Deletes a twin with all its relationships, outgoing and incoming.
    ///
    /// If a relationship is added meanwhile, starts over, up to eight times.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](Error::is_not_found) if there is no such twin.
    /// * [`is_relationships_not_deleted`](Error::is_relationships_not_deleted) if others keep adding relationships.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let deleted = client.delete_digital_twin_with_relationships("room-1").await?;
    /// println!("room-1 is deleted, with {} relationships", deleted.relationships);
    /// # Ok(()) }
    /// ```
    pub async fn delete_digital_twin_with_relationships(&self, id: &str) -> Result<DeletedDigitalTwin> {
        self.core
            .composite("delete_digital_twin_with_relationships", async |core| {
                Self { core }.delete_until_gone(id).await
            })
            .await
    }

    async fn delete_until_gone(&self, id: &str) -> Result<DeletedDigitalTwin> {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(3));
        let mut deleted = DeletedDigitalTwin { relationships: 0 };
        let mut attempt = 1;
        loop {
            deleted.relationships += self.delete_relationships(id).await?;
            match self.delete_digital_twin(id, Precondition::Unconditional).await {
                Err(error) if error.is_relationships_not_deleted() && attempt < ATTEMPTS => {
                    attempt += 1;
                    backoff.wait(None).await;
                }
                // Of several attempts, the first may have been processed.
                Err(error) if error.is_not_found() && error.attempts() > 1 => return Ok(deleted),
                result => return result.map(|_| deleted),
            }
        }
    }

    async fn delete_relationships(&self, id: &str) -> Result<usize> {
        let outgoing = self
            .list_relationships::<BasicRelationship>(id, None)?
            .map_ok(|relationship| (relationship.source_id, relationship.id));
        let incoming = self
            .list_incoming_relationships(id, None)?
            .map_ok(|relationship| (relationship.source_id, relationship.id));
        // All are listed before the first is deleted, because deleting moves the pages.
        let all: Vec<(String, String)> = outgoing.chain(incoming).try_collect().await?;
        stream::iter(all)
            .map(|(source, relationship)| async move {
                match self
                    .delete_relationship(&source, &relationship, Precondition::Unconditional)
                    .await
                {
                    Ok(_) => Ok(1),
                    Err(error) if error.is_not_found() => Ok(0),
                    Err(error) => Err(error),
                }
            })
            .buffer_unordered(CONCURRENCY)
            .try_fold(0, |sum, one| async move { Ok(sum + one) })
            .await
    }

    /// Deletes all models, each before those that it depends on.
    ///
    /// Twins of the models stay, and can only be read and deleted from then on. To empty the instance, see
    /// [`begin_delete_job`](Self::begin_delete_job).
    ///
    /// # Errors
    ///
    /// Those of [`list_models`](Self::list_models) and [`delete_model`](Self::delete_model). Models that were deleted
    /// before stay deleted.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let deleted = client.delete_all_models().await?;
    /// println!("{} models deleted", deleted.ids.len());
    /// # Ok(()) }
    /// ```
    pub async fn delete_all_models(&self) -> Result<DeletedModels> {
        self.core
            .composite("delete_all_models", async |core| {
                Self { core }.delete_models_until_none().await
            })
            .await
    }

    async fn delete_models_until_none(&self) -> Result<DeletedModels> {
        let mut deleted = DeletedModels { ids: Vec::new() };
        let mut attempt = 1;
        loop {
            match self.delete_listed_models(&mut deleted.ids).await? {
                None => return Ok(deleted),
                // Another client has stored a model that uses one of these.
                Some(_) if attempt < ATTEMPTS => attempt += 1,
                Some(in_use) => return Err(in_use),
            }
        }
    }

    /// Deletes the models that exist now, as far as no other model uses them; returns the error of one that is used.
    async fn delete_listed_models(&self, deleted: &mut Vec<String>) -> Result<Option<Error>> {
        let options = ListModelsOptions {
            include_model_definition: true,
            ..Default::default()
        };
        let models: Vec<_> = self.list_models(Some(options))?.try_collect().await?;
        let definitions: Vec<Value> = models
            .into_iter()
            .map(|model| {
                model
                    .model
                    .unwrap_or_else(|| serde_json::json!({"@id": model.id}))
            })
            .collect();
        // Stored models have no cycle; if they seem to, any order is as good.
        let order = order(&definitions).unwrap_or_else(|_| (0..definitions.len()).collect());
        let mut in_use = None;
        // `order` has indices of `definitions`.
        for id in order
            .into_iter()
            .rev()
            .filter_map(|index| super::dependencies::id(&definitions[index]))
        {
            match self.delete_model(id).await {
                Ok(_) => deleted.push(id.to_owned()),
                Err(error) if error.is_not_found() => {}
                Err(error) if error.is_model_in_use() => in_use = Some(error),
                Err(error) => return Err(error),
            }
        }
        Ok(in_use)
    }
}
