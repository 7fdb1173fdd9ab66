//! Deletion of resources together with the resources that refer to them.

use std::time::Duration;

use azure_service_core::Backoff;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::dependencies::order;
use crate::error::{Error, Result};
use crate::ids;
use crate::{BasicRelationship, DigitalTwinsClient, ListModelsOptions, Precondition};

/// The maximum number of attempts while other clients add relationships or models.
const ATTEMPTS: u32 = 8;
/// The number of concurrent deletions of relationships. The service limits writes to one twin to ten per second.
const CONCURRENCY: usize = 4;

/// The result of [`DigitalTwinsClient::delete_digital_twin_with_relationships`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletedDigitalTwin {
    /// The number of deleted relationships, outgoing and incoming.
    pub relationships: usize,
}

/// The result of [`DigitalTwinsClient::delete_all_models`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletedModels {
    /// The ids of the deleted models, in order of deletion.
    pub ids: Vec<String>,
}

/// Deletion together with dependent resources.
impl DigitalTwinsClient {
    /// Deletes a twin with all its relationships, outgoing and incoming.
    ///
    /// If another client adds a relationship in the meantime, the deletion starts over. It is attempted at most eight
    /// times.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](Error::is_not_found) if the twin does not exist.
    /// * [`is_relationships_not_deleted`](Error::is_relationships_not_deleted) if other clients keep adding
    ///   relationships.
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
        ids::check("id", id)?;
        self.core
            .composite("delete_digital_twin_with_relationships", async |core| {
                Self { core }.delete_twin_and_relationships(id).await
            })
            .await
    }

    async fn delete_twin_and_relationships(&self, id: &str) -> Result<DeletedDigitalTwin> {
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
                // An earlier attempt may have deleted the twin.
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
        // Lists all relationships before the first deletion, because deletions shift the pages.
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

    /// Deletes all models, each before the models that it depends on.
    ///
    /// Twins of the models remain, but can only be read and deleted from then on. To empty the instance, see
    /// [`begin_delete_job`](Self::begin_delete_job).
    ///
    /// # Errors
    ///
    /// The errors of [`list_models`](Self::list_models) and [`delete_model`](Self::delete_model). Models deleted before
    /// the failure stay deleted.
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
                Self { core }.delete_models_repeatedly().await
            })
            .await
    }

    async fn delete_models_repeatedly(&self) -> Result<DeletedModels> {
        let mut deleted = DeletedModels { ids: Vec::new() };
        let mut attempt = 1;
        loop {
            match self.delete_listed_models(&mut deleted.ids).await? {
                None => return Ok(deleted),
                // Another client has stored a model that uses one of the listed models.
                Some(_) if attempt < ATTEMPTS => attempt += 1,
                Some(in_use) => return Err(in_use),
            }
        }
    }

    /// Lists the models and deletes them. If the service refuses a deletion because a model stored since the listing
    /// uses the model, returns the last such error; otherwise returns `None`.
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
        // Stored models have no cycles. If the service returned a cycle, any order would do.
        let order = order(&definitions).unwrap_or_else(|_| (0..definitions.len()).collect());
        let mut in_use = None;
        // `order` contains only valid indices into `definitions`.
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
