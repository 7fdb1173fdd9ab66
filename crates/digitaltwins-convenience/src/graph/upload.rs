//! Storing many models.

use std::collections::HashSet;

use dtdl::{Document, Dtmi, ParseError, Parser};
use futures::TryStreamExt;
use serde_json::Value;

use super::dependencies::{id, order};
use crate::error::{Error, Result};
use crate::{DigitalTwinsClient, DigitalTwinsModelData, GetModelOptions, ListModelsOptions};

/// How many models the service takes at once.
const LARGEST_BATCH: usize = 250;

/// Options of [`DigitalTwinsClient::upload_models`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UploadModelsOptions {
    /// How many models go in one request: 30 by default, 250 at most.
    pub batch_size: usize,
    /// Whether models that are stored already are left out. By default they are an error.
    pub skip_existing: bool,
    /// Whether the models are checked before the first is sent, which they are by default. Definitions that they need
    /// and that are stored already are read from the service for that.
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

impl UploadModelsOptions {
    /// Sends so many models in one request, 250 at most.
    #[must_use]
    pub fn batch_size(mut self, models: usize) -> Self {
        self.batch_size = models;
        self
    }

    /// Leaves out models that are stored already.
    #[must_use]
    pub fn skip_existing(mut self) -> Self {
        self.skip_existing = true;
        self
    }

    /// Leaves all checks to the service.
    #[must_use]
    pub fn without_validation(mut self) -> Self {
        self.validate = false;
        self
    }
}

impl DigitalTwinsClient {
    /// Stores any number of models, in batches, and in such an order that each batch has what it needs.
    ///
    /// If a batch fails, the models that this call has stored before are deleted again, and the error is that of the
    /// batch; [`Error::left_behind`] has the ids of those that could not be deleted.
    ///
    /// The result has the models that were stored, in the order in which they were.
    ///
    /// # Errors
    ///
    /// * [`is_invalid_input`](Error::is_invalid_input) if a model has no id or an id comes twice, if models depend on
    ///   each other in a circle, if the batch size is 0 or above 250, or if the models are no valid DTDL: the message has
    ///   a line for each thing that is wrong. Nothing is sent then.
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
    /// let options = UploadModelsOptions::default().batch_size(100).skip_existing();
    /// let stored = client.upload_models(&ontology, Some(options)).await?;
    /// println!("{} new models", stored.len());
    /// # Ok(()) }
    /// ```
    pub async fn upload_models(
        &self,
        models: &[Value],
        options: Option<UploadModelsOptions>,
    ) -> Result<Vec<DigitalTwinsModelData>> {
        let options = options.unwrap_or_default();
        if !(1..=LARGEST_BATCH).contains(&options.batch_size) {
            return Err(Error::invalid_input(
                "batch_size",
                format!("must be 1 to {LARGEST_BATCH}"),
            ));
        }
        check_ids(models)?;
        let order = order(models).map_err(|circle| {
            Error::invalid_input(
                "models",
                format!("depend on each other in a circle: {}", circle.join(", ")),
            )
        })?;
        if options.validate {
            self.validate(models).await?;
        }
        let existing = if options.skip_existing {
            self.model_ids().await?
        } else {
            HashSet::new()
        };
        let pending: Vec<&Value> = order
            .into_iter()
            .map(|index| &models[index])
            .filter(|model| id(model).is_none_or(|id| !existing.contains(id)))
            .collect();
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
                    // If nobody knows what became of the batch, it may be stored.
                    let unsure =
                        error.is_unknown_outcome() || error.status().is_none_or(|status| status >= 500);
                    let sent: &[Value] = if unsure { &batch } else { &[] };
                    return Err(self.roll_back(&stored, sent, error).await);
                }
            }
        }
        Ok(stored)
    }

    /// Deletes what was stored, the last first, and says what could not be deleted.
    async fn roll_back(&self, stored: &[DigitalTwinsModelData], unsure: &[Value], error: Error) -> Error {
        let ids = stored
            .iter()
            .map(|model| model.id.as_str())
            .chain(unsure.iter().filter_map(id));
        let mut left_behind = Vec::new();
        for id in ids.rev() {
            match self.delete_model(id).await {
                Ok(()) => {}
                Err(error) if error.is_not_found() => {}
                Err(_) => left_behind.push(id.to_owned()),
            }
        }
        error.with_left_behind(left_behind)
    }

    async fn model_ids(&self) -> Result<HashSet<String>> {
        let mut options = ListModelsOptions::default();
        options.method_options.context = self.context();
        let models: Vec<_> = self.list_models(Some(options))?.try_collect().await?;
        Ok(models.into_iter().map(|model| model.id).collect())
    }

    /// Parses the models, with those that are stored and that they need.
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
            // What is wrong with the models themselves does not get better with more of them.
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
                format!("have none with an @id at index {index}"),
            ));
        };
        if !seen.insert(id) {
            return Err(Error::invalid_input("models", format!("have {id} twice")));
        }
    }
    Ok(())
}
