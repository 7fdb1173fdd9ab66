//! Models.

use azure_core::http::{NoFormat, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::client::first_page;
use crate::digital_twins::body;
use crate::error::{Error, Result};
use crate::ids;
use crate::{DigitalTwinsClient, DigitalTwinsModelData, Pager};

/// The maximum number of models in one request.
pub(crate) const MAX_MODELS: usize = 250;

/// Options of [`DigitalTwinsClient::get_model`].
#[derive(Debug, Clone, Default)]
pub struct GetModelOptions {
    /// Whether the response includes the DTDL. Default: no.
    pub include_model_definition: bool,
}

/// Options of [`DigitalTwinsClient::list_models`].
#[derive(Debug, Clone, Default)]
pub struct ListModelsOptions {
    /// Lists only these models and their dependencies, direct and transitive. Empty: all models.
    pub dependencies_for: Vec<String>,
    /// Whether the response includes the DTDL. Default: no.
    pub include_model_definition: bool,
    /// The maximum number of models per page.
    pub page_size: Option<u32>,
    /// Resumes the list of an earlier pager; see
    /// [`Pager::continuation_token`](azure_service_core::Pager::continuation_token).
    pub continuation_token: Option<String>,
}

/// Models.
impl DigitalTwinsClient {
    /// Creates all of the models or none. (`POST /models`)
    ///
    /// `models` are DTDL interfaces, in any order, at most 250. Their base interfaces and components must be among
    /// them or already exist. For more than 250, see [`upload_models`](Self::upload_models).
    ///
    /// # Errors
    ///
    /// * [`is_invalid_input`](Error::is_invalid_input) if `models` is empty or has more than 250 models.
    /// * [`is_already_exists`](Error::is_already_exists) if one of the models already exists.
    /// * [`is_invalid_model`](Error::is_invalid_model) if a model is not valid DTDL, or refers to a model that does
    ///   not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let garage = serde_json::json!({
    ///     "@context": "dtmi:dtdl:context;3",
    ///     "@id": "dtmi:example:Garage;1",
    ///     "@type": "Interface",
    ///     "contents": [{"@type": "Property", "name": "temperature", "schema": "double"}]
    /// });
    /// for model in client.create_models(&[garage]).await?.into_model()? {
    ///     println!("{} stored", model.id);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn create_models<M: Serialize>(
        &self,
        models: &[M],
    ) -> Result<Response<Vec<DigitalTwinsModelData>>> {
        match models.len() {
            0 => return Err(Error::invalid_input("models", "must have at least one model")),
            1..=MAX_MODELS => {}
            count => {
                let reason = format!(
                    "must be at most {MAX_MODELS} in one request, not {count}; use upload_models for more"
                );
                return Err(Error::invalid_input("models", reason));
            }
        }
        let models = to_values(models)?;
        let request = self.api().digital_twin_models_add_request(None, None, &models);
        Ok(self.core.call("create_models").send(request).await?)
    }

    /// Reads a model. (`GET /models/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](Error::is_not_found) if the model does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::GetModelOptions;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let options = GetModelOptions { include_model_definition: true };
    /// let lamp = client.get_model("dtmi:example:Lamp;1", Some(options)).await?.into_model()?;
    /// println!("{:?}", lamp.model);
    /// # Ok(()) }
    /// ```
    pub async fn get_model(
        &self,
        id: &str,
        options: Option<GetModelOptions>,
    ) -> Result<Response<DigitalTwinsModelData>> {
        ids::check_model("id", id)?;
        let definition = only_true(options.unwrap_or_default().include_model_definition);
        let request = self
            .api()
            .digital_twin_models_get_by_id_request(id, definition, None, None);
        Ok(self.core.call("get_model").send(request).await?)
    }

    /// Lists the models. (`GET /models`)
    ///
    /// # Errors
    ///
    /// Fails at once if the page size is 0, one of `dependencies_for` is not a model id, or the continuation token is
    /// from another list. The pager yields all other errors.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// use digitaltwins_convenience::ListModelsOptions;
    /// use futures::TryStreamExt;
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let options = ListModelsOptions { include_model_definition: true, ..Default::default() };
    /// let models: Vec<_> = client.list_models(Some(options))?.try_collect().await?;
    /// println!("{} models", models.len());
    /// # Ok(()) }
    /// ```
    pub fn list_models(&self, options: Option<ListModelsOptions>) -> Result<Pager<DigitalTwinsModelData>> {
        let ListModelsOptions {
            dependencies_for,
            include_model_definition,
            page_size,
            continuation_token,
        } = options.unwrap_or_default();
        for id in &dependencies_for {
            ids::check_model("dependencies_for", id)?;
        }
        let definition = only_true(include_model_definition);
        let ids = Some(&dependencies_for).filter(|ids| !ids.is_empty());
        let request = first_page(page_size, |size| {
            Ok(self
                .api()
                .digital_twin_models_list_request(ids, definition, size, None, None)?)
        });
        self.core.call("list_models").list(request, continuation_token)
    }

    /// Decommissions a model: no new twins of the model can be created; existing twins are not affected. (`PATCH
    /// /models/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](Error::is_not_found) if the model does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// client.decommission_model("dtmi:example:Lamp;1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn decommission_model(&self, id: &str) -> Result<Response<(), NoFormat>> {
        ids::check_model("id", id)?;
        let body = vec![json!({"op": "replace", "path": "/decommissioned", "value": true})];
        let request = self
            .api()
            .digital_twin_models_update_request(id, None, None, &body);
        Ok(self.core.call("decommission_model").send(request).await?)
    }

    /// Deletes a model. (`DELETE /models/{id}`)
    ///
    /// A model can be deleted while it has twins; they can still be read and deleted. To delete all models, see
    /// [`delete_all_models`](Self::delete_all_models).
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](Error::is_not_found) if the model does not exist.
    /// * [`is_model_in_use`](Error::is_model_in_use) if other models extend it or have it as a component.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// client.delete_model("dtmi:example:Lamp;1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete_model(&self, id: &str) -> Result<Response<(), NoFormat>> {
        ids::check_model("id", id)?;
        let request = self.api().digital_twin_models_delete_request(id, None, None);
        Ok(self.core.call("delete_model").send(request).await?)
    }
}

/// Serializes models.
pub(crate) fn to_values<M: Serialize>(models: &[M]) -> Result<Vec<Value>> {
    models.iter().map(|model| body("models", model)).collect()
}

/// Returns `None` for `false`, the service's default, to omit the parameter.
fn only_true(flag: bool) -> Option<bool> {
    flag.then_some(true)
}
