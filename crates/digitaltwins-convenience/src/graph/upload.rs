//! Storing many models.

use std::collections::HashSet;

use dtdl::{Document, Dtmi, ParseError, Parser};
use futures::TryStreamExt;
use serde::Serialize;
use serde_json::Value;

use super::dependencies::{id, order};
use crate::error::{Error, Result};
use crate::models::{MAX_MODELS, to_values};
use crate::{DigitalTwinsClient, DigitalTwinsModelData, GetModelOptions};

/// Options of [`DigitalTwinsClient::upload_models`].
#[derive(Debug, Clone)]
pub struct UploadModelsOptions {
    /// The number of models per request, 1 to 250. Default: 30.
    pub batch_size: usize,
    /// Whether models that are stored already are skipped. Default: they are an error.
    pub skip_existing: bool,
    /// Whether the models are validated before the first is sent. Definitions that they depend on and that are stored
    /// already are read from the service for that. Default: yes.
    pub validate: bool,
}

impl Default for UploadModelsOptions {
    fn default() -> Self {
        Self {
            batch_size: 30,
            skip_existing: false,
            validate: true,
        }
    }
}

/// What [`DigitalTwinsClient::upload_models`] has done.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct UploadedModels {
    /// The models that were stored, in the order in which they were.
    pub models: Vec<DigitalTwinsModelData>,
    /// The ids of models that were stored before and skipped; see [`UploadModelsOptions::skip_existing`].
    pub skipped: Vec<String>,
}

/// Upload of models.
impl DigitalTwinsClient {
    /// Stores any number of models in batches, in such an order that each batch has what it depends on.
    ///
    /// If a batch fails, the models that this call has stored before are deleted again, and the error is that of the
    /// batch; [`Error::left_behind`] has the ids of those that could not be deleted.
    ///
    /// # Errors
    ///
    /// * [`is_invalid_input`](Error::is_invalid_input) if a model has no id or an id comes twice, if models depend on
    ///   each other in a cycle, if the batch size is 0 or above 250, or if the models are not valid DTDL: the message has
    ///   a line for each problem. Nothing is sent then.
    /// * [`is_already_exists`](Error::is_already_exists) if one of the models is stored already.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::UploadModelsOptions;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// # let ontology: Vec<serde_json::Value> = Vec::new();
    /// let options = UploadModelsOptions { batch_size: 100, skip_existing: true, ..Default::default() };
    /// let uploaded = client.upload_models(&ontology, Some(options)).await?;
    /// println!("{} new models", uploaded.models.len());
    /// # Ok(()) }
    /// ```
    pub async fn upload_models<M: Serialize>(
        &self,
        models: &[M],
        options: Option<UploadModelsOptions>,
    ) -> Result<UploadedModels> {
        let options = options.unwrap_or_default();
        if !(1..=MAX_MODELS).contains(&options.batch_size) {
            let reason = format!("must be 1 to {MAX_MODELS}, is {}", options.batch_size);
            return Err(Error::invalid_input("batch_size", reason));
        }
        let models = to_values(models)?;
        check_ids(&models)?;
        let order = order(&models).map_err(|cycle| {
            let reason = format!("depend on each other in a cycle: {}", cycle.join(", "));
            Error::invalid_input("models", reason)
        })?;
        self.core
            .composite("upload_models", async |core| {
                Self { core }.upload(&models, order, &options).await
            })
            .await
    }

    async fn upload(
        &self,
        models: &[Value],
        order: Vec<usize>,
        options: &UploadModelsOptions,
    ) -> Result<UploadedModels> {
        if options.validate {
            self.validate(models).await?;
        }
        let existing = if options.skip_existing {
            self.model_ids().await?
        } else {
            HashSet::new()
        };
        let exists = |model: &&Value| id(model).is_some_and(|id| existing.contains(id));
        let (skipped, pending): (Vec<&Value>, Vec<&Value>) =
            order.into_iter().map(|index| &models[index]).partition(exists);
        let mut stored = Vec::with_capacity(pending.len());
        for batch in pending.chunks(options.batch_size) {
            let batch: Vec<Value> = batch.iter().map(|model| (*model).clone()).collect();
            let result = match self.create_models(&batch).await {
                Ok(response) => response.into_model().map_err(Error::from),
                Err(error) => Err(error),
            };
            match result {
                Ok(models) => stored.extend(models),
                Err(error) => {
                    // If the outcome is not known, the batch may be stored.
                    let unsure =
                        error.is_unknown_outcome() || error.status().is_none_or(|status| status >= 500);
                    let sent: &[Value] = if unsure { &batch } else { &[] };
                    return Err(self.roll_back(&stored, sent, error).await);
                }
            }
        }
        Ok(UploadedModels {
            models: stored,
            skipped: skipped.into_iter().filter_map(id).map(str::to_owned).collect(),
        })
    }

    /// Deletes the stored models, the last first, and adds those that could not be deleted to the error.
    async fn roll_back(&self, stored: &[DigitalTwinsModelData], unsure: &[Value], error: Error) -> Error {
        let ids = stored
            .iter()
            .map(|model| model.id.as_str())
            .chain(unsure.iter().filter_map(id));
        let mut left_behind = Vec::new();
        for id in ids.rev() {
            match self.delete_model(id).await {
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(_) => left_behind.push(id.to_owned()),
            }
        }
        error.with_left_behind(left_behind)
    }

    async fn model_ids(&self) -> Result<HashSet<String>> {
        let models: Vec<_> = self.list_models(None)?.try_collect().await?;
        Ok(models.into_iter().map(|model| model.id).collect())
    }

    /// Parses the models, with the stored ones that they depend on.
    async fn validate(&self, models: &[Value]) -> Result<()> {
        let parser = Parser::new().versions([2, 3]);
        let mut stored: Vec<Value> = Vec::new();
        let mut asked: HashSet<Dtmi> = HashSet::new();
        loop {
            let named = models
                .iter()
                .map(|model| Document::named(id(model).unwrap_or_default(), model));
            let also = stored
                .iter()
                .map(|model| Document::named(id(model).unwrap_or_default(), model));
            let Err(error) = parser.parse(named.chain(also)) else {
                return Ok(());
            };
            let missing: Vec<Dtmi> = error
                .unresolved_ids()
                .into_iter()
                .filter(|id| !asked.contains(id))
                .collect();
            // More models do not correct errors in these.
            if !error.diagnostics.is_empty() || missing.is_empty() {
                return Err(Error::invalid_input("models", problems(&error)));
            }
            for id in missing {
                let options = GetModelOptions {
                    include_model_definition: true,
                };
                match self.get_model(id.as_str(), Some(options)).await {
                    Ok(response) => stored.extend(response.into_model()?.model),
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error),
                }
                asked.insert(id);
            }
        }
    }
}

fn problems(error: &ParseError) -> String {
    let lines = error.diagnostics.iter().map(ToString::to_string);
    let missing = error
        .unresolved_ids()
        .into_iter()
        .map(|id| format!("{id} is neither among them nor stored"));
    format!(
        "are not valid:\n{}",
        lines.chain(missing).collect::<Vec<_>>().join("\n")
    )
}

fn check_ids(models: &[Value]) -> Result<()> {
    let mut seen = HashSet::new();
    for (index, model) in models.iter().enumerate() {
        let Some(id) = id(model) else {
            return Err(Error::invalid_input(
                "models",
                format!("must each have an @id; the one at index {index} has none"),
            ));
        };
        if !seen.insert(id) {
            return Err(Error::invalid_input(
                "models",
                format!("must not have {id} twice"),
            ));
        }
    }
    Ok(())
}
