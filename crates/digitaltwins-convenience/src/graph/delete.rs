//! Deleting what other things hold on to.

use std::time::Duration;

use azure_core::http::pager::PagerOptions;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::dependencies::order;
use crate::error::{Error, Result};
use crate::pause::{Backoff, pause};
use crate::{
    BasicRelationship, DigitalTwinsClient, ListModelsOptions, ListRelationshipsOptions, Precondition,
};

/// How often a twin is tried that gets new relationships meanwhile.
const ATTEMPTS: u32 = 8;
/// How many relationships are deleted at the same time. The service takes ten writes a second for one twin.
const AT_ONCE: usize = 4;

impl DigitalTwinsClient {
    /// Deletes a twin with all its relationships, outgoing and incoming, and returns how many there were.
    ///
    /// If a relationship is added meanwhile, it begins again, a few times.
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
    /// let relationships = client.delete_digital_twin_with_relationships("room-1").await?;
    /// println!("room-1 is gone, with {relationships} relationships");
    /// # Ok(()) }
    /// ```
    pub async fn delete_digital_twin_with_relationships(&self, id: &str) -> Result<usize> {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(3));
        let mut deleted = 0;
        let mut attempt = 1;
        loop {
            deleted += self.delete_relationships(id).await?;
            match self.delete_digital_twin(id, Precondition::Unconditional).await {
                Err(error) if error.is_relationships_not_deleted() && attempt < ATTEMPTS => {
                    attempt += 1;
                    pause(backoff.next()).await;
                }
                // A request that was repeated may have been processed the first time.
                Err(error) if error.is_not_found() && error.attempts() > 1 => return Ok(deleted),
                result => return result.map(|()| deleted),
            }
        }
    }

    async fn delete_relationships(&self, id: &str) -> Result<usize> {
        let pager = || PagerOptions {
            context: self.context(),
            ..Default::default()
        };
        let options = ListRelationshipsOptions {
            method_options: pager(),
            ..Default::default()
        };
        let outgoing = self
            .list_relationships::<BasicRelationship>(id, Some(options))?
            .map_ok(|relationship| (relationship.source_id, relationship.id));
        let incoming = self
            .list_incoming_relationships(id, Some(pager()))?
            .map_ok(|relationship| (relationship.source_id, relationship.id));
        // All are listed before the first is deleted: deleting moves the pages.
        let all: Vec<(String, String)> = outgoing.chain(incoming).try_collect().await?;
        stream::iter(all)
            .map(|(source, relationship)| async move {
                match self
                    .delete_relationship(&source, &relationship, Precondition::Unconditional)
                    .await
                {
                    Ok(()) => Ok(1),
                    Err(error) if error.is_not_found() => Ok(0),
                    Err(error) => Err(error),
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_fold(0, |sum, one| async move { Ok(sum + one) })
            .await
    }

    /// Deletes all models, each before those that it needs, and returns their ids in the order of their deletion.
    ///
    /// Twins of the models stay, and can only be read and deleted from then on. To empty the instance, see
    /// [`begin_delete_job`](Self::begin_delete_job).
    ///
    /// # Errors
    ///
    /// What [`list_models`](Self::list_models) and [`delete_model`](Self::delete_model) list. Models that were deleted
    /// before stay deleted.
    pub async fn delete_all_models(&self) -> Result<Vec<String>> {
        let mut deleted = Vec::new();
        let mut attempt = 1;
        loop {
            let mut options = ListModelsOptions {
                include_model_definition: true,
                ..Default::default()
            };
            options.method_options.context = self.context();
            let models: Vec<_> = self.list_models(Some(options))?.try_collect().await?;
            let definitions: Vec<Value> = models
                .into_iter()
                .map(|model| {
                    model
                        .model
                        .unwrap_or_else(|| serde_json::json!({"@id": model.id}))
                })
                .collect();
            // Stored models are never in a circle; if they seem so, their own order is as good as any.
            let order = order(&definitions).unwrap_or_else(|_| (0..definitions.len()).collect());
            let mut in_use: Option<Error> = None;
            // The order has the places of the definitions.
            for id in order
                .into_iter()
                .rev()
                .filter_map(|index| super::dependencies::id(&definitions[index]))
            {
                match self.delete_model(id).await {
                    Ok(()) => deleted.push(id.to_owned()),
                    Err(error) if error.is_not_found() => {}
                    Err(error) if error.is_model_in_use() => in_use = Some(error),
                    Err(error) => return Err(error),
                }
            }
            match in_use {
                None => return Ok(deleted),
                // Somebody has stored a model that uses one of these.
                Some(_) if attempt < ATTEMPTS => attempt += 1,
                Some(error) => return Err(error),
            }
        }
    }
}
