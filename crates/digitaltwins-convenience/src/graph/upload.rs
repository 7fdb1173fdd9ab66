//! Upload of models.

use std::collections::{HashMap, HashSet};

use dtdl::{Document, Dtmi, ModelFiles, Parser};
use futures::TryStreamExt;
use serde::Serialize;
use serde_json::Value;

use super::batches::batches;
use super::dependencies::{id, order};
use crate::error::{Error, Result};
use crate::models::{MAX_MODELS, to_values};
use crate::{DigitalTwinsClient, DigitalTwinsModelData, GetModelOptions};

/// Options of [`DigitalTwinsClient::upload_models`].
#[derive(Debug, Clone)]
pub struct UploadModelsOptions {
    /// The number of models per request, 1 to 250. Default: 30.
    pub batch_size: usize,
    /// Whether models that already exist are skipped. Default: they are an error.
    pub skip_existing: bool,
    /// Whether the models are validated before the first upload. Validation reads from the service the stored models
    /// that they depend on. Default: yes.
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

/// The result of [`DigitalTwinsClient::upload_models`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct UploadedModels {
    /// The stored models, in upload order.
    pub models: Vec<DigitalTwinsModelData>,
    /// The ids of skipped models; see [`UploadModelsOptions::skip_existing`].
    pub skipped: Vec<String>,
}

/// Upload of models.
impl DigitalTwinsClient {
    /// Uploads any number of models in batches, dependencies first. An element of `models` may be an array of models.
    /// For files, see [`upload_model_files`](Self::upload_model_files).
    ///
    /// Models that define inner elements with the same id, such as two versions of one model, go into different
    /// batches, because the service refuses them in one request.
    ///
    /// If a batch fails, the models of earlier batches are deleted and the call fails with the error of the batch.
    /// [`Error::left_behind`] returns the ids of the models that could not be deleted.
    ///
    /// # Errors
    ///
    /// * [`is_invalid_input`](Error::is_invalid_input) if a model has no id or an id occurs twice, if models depend
    ///   on each other in a cycle, if the batch size is 0 or above 250, or if the models are not valid DTDL (the
    ///   message has one line per problem). In these cases no model is uploaded.
    /// * [`is_already_exists`](Error::is_already_exists) if one of the models already exists.
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
        let models = to_values(models)?;
        self.upload_values("upload_models", models, options).await
    }

    /// Uploads the models in `files`, like [`upload_models`](Self::upload_models).
    ///
    /// # Errors
    ///
    /// The errors of [`upload_models`](Self::upload_models), and [`is_invalid_input`](Error::is_invalid_input) if a
    /// file is not JSON.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::ModelFiles;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../dtdl/examples/models");
    /// let uploaded = client.upload_model_files(&ModelFiles::read(folder)?, None).await?;
    /// println!("{} new models", uploaded.models.len());
    /// # Ok(()) }
    /// ```
    pub async fn upload_model_files(
        &self,
        files: &ModelFiles,
        options: Option<UploadModelsOptions>,
    ) -> Result<UploadedModels> {
        let models = files
            .models()
            .map_err(|error| Error::invalid_input("files", error.to_string()))?;
        let models = to_values(&models)?;
        self.upload_values("upload_model_files", models, options).await
    }

    /// Uploads the models within a span named after the public method.
    async fn upload_values(
        &self,
        method: &'static str,
        models: Vec<Value>,
        options: Option<UploadModelsOptions>,
    ) -> Result<UploadedModels> {
        let options = options.unwrap_or_default();
        if !(1..=MAX_MODELS).contains(&options.batch_size) {
            let reason = format!("must be 1 to {MAX_MODELS}, not {}", options.batch_size);
            return Err(Error::invalid_input("batch_size", reason));
        }
        let models: Vec<Value> = models.into_iter().flat_map(elements).collect();
        check_ids(&models)?;
        let order = order(&models).map_err(|cycle| {
            let reason = format!("must not depend on each other in a cycle: {}", cycle.join(", "));
            Error::invalid_input("models", reason)
        })?;
        self.core
            .composite(method, async |core| {
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
        let size = options.batch_size;
        if options.validate {
            self.validate(models, &batches(models, &order, size)).await?;
        }
        let existing = if options.skip_existing {
            self.model_ids().await?
        } else {
            HashSet::new()
        };
        let exists = |index: &usize| id(&models[*index]).is_some_and(|id| existing.contains(id));
        let (skipped, pending): (Vec<usize>, Vec<usize>) = order.into_iter().partition(exists);
        let mut stored = Vec::with_capacity(pending.len());
        for batch in batches(models, &pending, size) {
            let batch: Vec<Value> = batch.iter().map(|index| models[*index].clone()).collect();
            let result = match self.create_models(&batch).await {
                Ok(response) => response.into_model().map_err(Error::from),
                Err(error) => Err(error),
            };
            match result {
                Ok(models) => stored.extend(models),
                Err(error) => {
                    // The service may have stored a batch whose outcome is unknown, so the rollback deletes its models
                    // too.
                    let is_unknown =
                        error.is_unknown_outcome() || error.status().is_none_or(|status| status >= 500);
                    let sent: &[Value] = if is_unknown { &batch } else { &[] };
                    return Err(self.roll_back(&stored, sent, error).await);
                }
            }
        }
        Ok(UploadedModels {
            models: stored,
            skipped: skipped
                .into_iter()
                .filter_map(|index| id(&models[index]).map(str::to_owned))
                .collect(),
        })
    }

    /// Deletes the `stored` models and the `unknown` ones, which may have been stored, in reverse order. Returns
    /// `error` with the ids of the models that could not be deleted.
    async fn roll_back(&self, stored: &[DigitalTwinsModelData], unknown: &[Value], error: Error) -> Error {
        let ids = stored
            .iter()
            .map(|model| model.id.as_str())
            .chain(unknown.iter().filter_map(id));
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

    /// Parses each batch as the service does: together with its dependencies, which are taken from `models` or read
    /// from the service. Fails with the problems of all batches.
    async fn validate(&self, models: &[Value], batches: &[Vec<usize>]) -> Result<()> {
        let mut known: HashMap<Dtmi, Value> = models
            .iter()
            .filter_map(|model| Some((id(model)?.parse().ok()?, model.clone())))
            .collect();
        let mut asked: HashSet<Dtmi> = HashSet::new();
        let mut problems: Vec<String> = Vec::new();
        for batch in batches {
            let faults = self.validate_batch(models, batch, &mut known, &mut asked).await?;
            // Several batches may report the same fault in a base interface that they share.
            for fault in faults {
                if !problems.contains(&fault) {
                    problems.push(fault);
                }
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::invalid_input(
            "models",
            format!("must be valid DTDL:\n{}", problems.join("\n")),
        ))
    }

    /// Returns the problems of a batch. Adds the stored models that the batch depends on to `known`.
    async fn validate_batch(
        &self,
        models: &[Value],
        batch: &[usize],
        known: &mut HashMap<Dtmi, Value>,
        asked: &mut HashSet<Dtmi>,
    ) -> Result<Vec<String>> {
        let named = |model: &Value| Document::named(id(model).unwrap_or_default().to_owned(), model.clone());
        loop {
            let documents = batch.iter().map(|index| named(&models[*index]));
            let resolver = |missing: &[Dtmi]| -> Vec<Document<'static>> {
                missing.iter().filter_map(|id| known.get(id)).map(named).collect()
            };
            let Err(error) = Parser::azure_digital_twins().parse_with(documents, resolver) else {
                return Ok(Vec::new());
            };
            let missing: Vec<Dtmi> = error
                .unresolved_ids()
                .into_iter()
                .filter(|id| asked.insert(id.clone()))
                .collect();
            // These errors remain even if the missing models are read.
            if !error.diagnostics.is_empty() || missing.is_empty() {
                let lines = error.diagnostics.iter().map(ToString::to_string);
                let unresolved = error.unresolved_ids().into_iter();
                return Ok(lines
                    .chain(unresolved.map(|id| format!("{id} is neither in `models` nor on the service")))
                    .collect());
            }
            for id in missing {
                let options = GetModelOptions {
                    include_model_definition: true,
                };
                match self.get_model(id.as_str(), Some(options)).await {
                    Ok(response) => {
                        let definition = response.into_model()?.model;
                        known.extend(definition.map(|definition| (id, definition)));
                    }
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// Returns the elements of an array, or the single model.
fn elements(model: Value) -> Vec<Value> {
    match model {
        Value::Array(models) => models,
        model => vec![model],
    }
}

fn check_ids(models: &[Value]) -> Result<()> {
    let mut seen = HashSet::new();
    for (index, model) in models.iter().enumerate() {
        let Some(id) = id(model) else {
            return Err(Error::invalid_input(
                "models",
                format!("must each have an @id; the model at index {index} has none"),
            ));
        };
        if !seen.insert(id) {
            return Err(Error::invalid_input(
                "models",
                format!("must have unique ids; {id} occurs twice"),
            ));
        }
    }
    Ok(())
}
