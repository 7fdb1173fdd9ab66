//! Models.

use azure_core::http::pager::PagerOptions;
use azure_core::http::{Pager, Response};
use azure_service_core::ItemPage;
use serde_json::{Value, json};

use crate::client::{page_size, retype};
use crate::error::Result;
use crate::{DigitalTwinsClient, DigitalTwinsModelData};

/// Options of [`DigitalTwinsClient::get_model`].
#[derive(Debug, Clone, Default)]
pub struct GetModelOptions {
    /// Whether the answer has the DTDL; it does not by default.
    pub include_model_definition: bool,
}

/// Options of [`DigitalTwinsClient::list_models`].
#[derive(Debug, Clone, Default)]
pub struct ListModelsOptions {
    /// Only these models and those that they extend or have as components, directly or not. Empty: all models.
    pub dependencies_for: Vec<String>,
    /// Whether the answer has the DTDL; it does not by default.
    pub include_model_definition: bool,
    /// How many models a page has at most.
    pub max_items_per_page: Option<u32>,
    /// Where to go on, and the context of the calls.
    pub method_options: PagerOptions<'static>,
}

impl DigitalTwinsClient {
    /// Stores models, all or none. (`POST /models`)
    ///
    /// `models` are DTDL interfaces, in any order, at most 250. What they extend or have as components must be among
    /// them or be stored already. For more than 250, see [`upload_models`](Self::upload_models).
    ///
    /// # Errors
    ///
    /// * [`is_already_exists`](crate::Error::is_already_exists) if one of the models is stored already.
    /// * [`is_invalid_model`](crate::Error::is_invalid_model) if one is no valid DTDL, or refers to a model that is not
    ///   there.
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
    pub async fn create_models(&self, models: &[Value]) -> Result<Response<Vec<DigitalTwinsModelData>>> {
        let body = models.to_vec();
        let request = self.api().digital_twin_models_add_request(None, None, &body);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Reads a model. (`GET /models/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such model.
    pub async fn get_model(
        &self,
        id: &str,
        options: Option<GetModelOptions>,
    ) -> Result<Response<DigitalTwinsModelData>> {
        let definition = only_true(options.unwrap_or_default().include_model_definition);
        let request = self
            .api()
            .digital_twin_models_get_by_id_request(id, definition, None, None);
        let response = self.core.send(request, self.context()).await?;
        Ok(retype(response))
    }

    /// Lists the models. (`GET /models`)
    ///
    /// # Errors
    ///
    /// If the page size is 0. The pager yields what goes wrong later.
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
    /// # Ok(()) }
    /// ```
    pub fn list_models(
        &self,
        options: Option<ListModelsOptions>,
    ) -> Result<Pager<ItemPage<DigitalTwinsModelData>>> {
        let ListModelsOptions {
            dependencies_for,
            include_model_definition,
            max_items_per_page,
            method_options,
        } = options.unwrap_or_default();
        let (size, definition) = (
            page_size(max_items_per_page)?,
            only_true(include_model_definition),
        );
        let ids = Some(&dependencies_for).filter(|ids| !ids.is_empty());
        let request = self
            .api()
            .digital_twin_models_list_request(ids, definition, size, None, None);
        Ok(self.core.list(request, Some(method_options)))
    }

    /// Decommissions a model: there can be no new twins of it, while those that exist keep working.
    /// (`PATCH /models/{id}`)
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such model.
    pub async fn decommission_model(&self, id: &str) -> Result<()> {
        let body = vec![json!({"op": "replace", "path": "/decommissioned", "value": true})];
        let request = self
            .api()
            .digital_twin_models_update_request(id, None, None, &body);
        self.core.send(request, self.context()).await?;
        Ok(())
    }

    /// Deletes a model. (`DELETE /models/{id}`)
    ///
    /// Twins of the model do not prevent it; they can still be read and deleted. To delete all models, see
    /// [`delete_all_models`](Self::delete_all_models).
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if there is no such model.
    /// * [`is_model_in_use`](crate::Error::is_model_in_use) if other models extend it or have it as a component.
    pub async fn delete_model(&self, id: &str) -> Result<()> {
        let request = self.api().digital_twin_models_delete_request(id, None, None);
        self.core.send(request, self.context()).await?;
        Ok(())
    }
}

/// `false` is what the service takes if nothing is said.
fn only_true(flag: bool) -> Option<bool> {
    flag.then_some(true)
}
