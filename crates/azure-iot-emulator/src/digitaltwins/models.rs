//! Models: upload, get, list, decommission, delete.

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::Value;

use crate::digitaltwins::call::{self, Call, Page};
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::rules::model_check;
use crate::digitaltwins::rules::patch::{self, Change};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::model_store::{ModelJson, StoredModel};
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::service::ServiceResponse;

const PAGE: usize = 100;
const MAXIMUM_PAGE: usize = 1000;

impl Instance {
    /// Stores all of the models or none, and hands them back in the order given.
    pub(super) fn add_models(&self, documents: Vec<Value>) -> Answer<Vec<StoredModel>> {
        if documents.is_empty() {
            return Err(errors::models_empty());
        }
        if documents.len() > self.limits.models_per_request {
            let text = format!(
                "The request holds {} models, more than the maximum of {}.",
                documents.len(),
                self.limits.models_per_request
            );
            return Err(errors::models_limit_exceeded(text));
        }
        self.import_models(documents, || true)
    }

    /// [`add_models`](Self::add_models) without a limit on their number. What `begin` does is one step with the
    /// storing, as others see it; nothing is stored if it says no.
    pub(super) fn import_models(
        &self,
        documents: Vec<Value>,
        begin: impl FnOnce() -> bool,
    ) -> Answer<Vec<StoredModel>> {
        // Held to the end, so that what the batch refers to cannot go while it is parsed; twins are served meanwhile.
        let _changing = self.model_changes.lock();
        let stored = |id: &str| {
            self.graph
                .read()
                .models
                .get(id)
                .map(|model| Arc::clone(&model.document))
        };
        let interfaces = model_check::check(&documents, &self.limits, &stored)?;
        let now = Timestamp::from(self.clock.now());
        let mut graph = self.graph.write();
        self.check_new_models(&graph, interfaces.iter().map(|new| &*new.id))?;
        let mut added = Vec::with_capacity(interfaces.len());
        if !begin() {
            return Ok(added);
        }
        for (document, interface) in documents.into_iter().zip(interfaces) {
            let id = Arc::clone(&interface.id);
            graph.models.insert(Arc::new(document), Arc::new(interface), now);
            added.extend(graph.models.get(&id).cloned());
        }
        graph.models_changed(added.iter().map(|model| Arc::clone(&model.interface.id)));
        Ok(added)
    }

    /// Whether none of these is there, and there is room for all of them.
    pub(super) fn check_new_models<'a>(
        &self,
        graph: &Graph,
        new: impl ExactSizeIterator<Item = &'a str>,
    ) -> Answer<()> {
        let added = new.len();
        let known: Vec<&str> = new.filter(|id| graph.models.get(id).is_some()).collect();
        if !known.is_empty() {
            return Err(errors::models_exist(&known));
        }
        if graph.models.len() + added > self.limits.models {
            let text = format!(
                "The instance would hold more than its maximum of {} models.",
                self.limits.models
            );
            return Err(errors::models_limit_exceeded(text));
        }
        if !graph.models.has_places(added) {
            let text = "The instance has no place for more models in the order of uploads.";
            return Err(errors::models_limit_exceeded(text));
        }
        Ok(())
    }

    pub(super) fn model(&self, id: &str) -> Answer<StoredModel> {
        model_check::check_id(id)?;
        self.graph
            .read()
            .models
            .get(id)
            .cloned()
            .ok_or_else(|| errors::models_not_found(&[id]))
    }

    /// Models in the order of upload from a place on, and whether more follow. With `roots` only these and what
    /// they depend on.
    fn page_of_models(&self, roots: &[&str], first: u64, size: usize) -> Answer<(Vec<StoredModel>, bool)> {
        let graph = self.graph.read();
        let mut wanted = HashSet::new();
        let mut missing = Vec::new();
        for root in roots {
            model_check::check_id(root)?;
            graph.models.with_dependencies(root, &mut wanted);
            if !wanted.contains(root) {
                missing.push(*root);
            }
        }
        if !missing.is_empty() {
            return Err(errors::models_not_found(&missing));
        }
        let mut found = graph
            .models
            .uploaded_since(first)
            .filter(|model| roots.is_empty() || wanted.contains(&*model.interface.id));
        let items: Vec<_> = found.by_ref().take(size).cloned().collect();
        Ok((items, found.next().is_some()))
    }

    pub(super) fn decommission_model(&self, id: &str, decommissioned: bool) -> Answer<()> {
        model_check::check_id(id)?;
        let _changing = self.model_changes.lock();
        let mut graph = self.graph.write();
        if graph.models.get(id).is_none() {
            return Err(errors::models_not_found(&[id]));
        }
        if decommissioned {
            let alive: Vec<&str> = graph
                .models
                .dependents(id)
                .into_iter()
                .filter(|model| !model.decommissioned)
                .map(|model| &*model.interface.id)
                .collect();
            if !alive.is_empty() {
                return Err(errors::model_references_not_decommissioned(&alive));
            }
        }
        graph.models.set_decommissioned(id, decommissioned);
        graph.models_changed([Arc::from(id)]);
        Ok(())
    }

    /// Neither twins of the model nor relationship targets that name it hold it.
    pub(super) fn delete_model(&self, id: &str) -> Answer<()> {
        model_check::check_id(id)?;
        let _changing = self.model_changes.lock();
        let mut graph = self.graph.write();
        if graph.models.get(id).is_none() {
            return Err(errors::models_not_found(&[id]));
        }
        let dependents = graph.models.dependents(id);
        if !dependents.is_empty() {
            let ids: Vec<&str> = dependents.iter().map(|model| &*model.interface.id).collect();
            return Err(errors::model_referenced(&ids));
        }
        graph.models.remove(id);
        graph.models_changed([Arc::from(id)]);
        Ok(())
    }
}

pub(super) fn add(service: &Instance, call: &Call<'_>) -> Answer<ServiceResponse> {
    let Ok(Value::Array(documents)) = call.json_body()? else {
        return Err(errors::models_empty());
    };
    let added = service.add_models(documents)?;
    let body: Vec<_> = added
        .iter()
        .map(|model| ModelJson {
            model,
            with_definition: false,
        })
        .collect();
    Ok(ServiceResponse::json(StatusCode::CREATED, &body))
}

pub(super) fn get(service: &Instance, call: &Call<'_>, id: &str) -> Answer<ServiceResponse> {
    let with_definition = call.query_flag("includeModelDefinition")?;
    let model = service.model(id)?;
    Ok(ServiceResponse::json(
        StatusCode::OK,
        &ModelJson {
            model: &model,
            with_definition,
        },
    ))
}

pub(super) fn list(service: &Instance, call: &Call<'_>) -> Answer<ServiceResponse> {
    let with_definition = call.query_flag("includeModelDefinition")?;
    let size = call.page_size(PAGE, MAXIMUM_PAGE)?;
    let first = match call.query_value("continuationToken") {
        None => 0,
        Some(token) => place(token).ok_or_else(errors::invalid_list_token)?,
    };
    // The description repeats the parameter per id; a client that joins them with commas is understood as well.
    let roots: Vec<&str> = call
        .query_values("dependenciesFor")
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .collect();
    let (models, more) = service.page_of_models(&roots, first, size)?;
    let next_link = models.last().filter(|_| more).map(|last| {
        let token = URL_SAFE_NO_PAD.encode((last.sequence + 1).to_string());
        let mut query: Vec<_> = roots.iter().map(|root| ("dependenciesFor", *root)).collect();
        query.push((
            "includeModelDefinition",
            if with_definition { "True" } else { "False" },
        ));
        query.push(("continuationToken", &token));
        call.link("/Models", &query)
    });
    let value = models
        .iter()
        .map(|model| ModelJson {
            model,
            with_definition,
        })
        .collect();
    Ok(ServiceResponse::json(StatusCode::OK, &Page { next_link, value }))
}

fn place(token: &str) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    std::str::from_utf8(&bytes).ok()?.parse().ok()
}

/// The only change a model allows: `decommissioned` on or off.
pub(super) fn patch(service: &Instance, call: &Call<'_>, id: &str) -> Answer<ServiceResponse> {
    model_check::check_id(id)?;
    let operations = patch::parse(call.limited_body(&service.limits)?, None)?;
    let mut decommissioned = None;
    for operation in operations {
        if operation.segments != ["decommissioned"] {
            return Err(errors::patch_path_unresolved(&operation.path));
        }
        match operation.change {
            Change::Add(Value::Bool(value)) | Change::Replace(Value::Bool(value)) => {
                decommissioned = Some(value)
            }
            Change::Remove => return Err(errors::patch_operation_unsupported("remove")),
            _ => return Err(errors::patch_path_read_only(&operation.path)),
        }
    }
    match decommissioned {
        Some(value) => service.decommission_model(id, value)?,
        None => drop(service.model(id)?),
    }
    Ok(call::no_content())
}

pub(super) fn delete(service: &Instance, _call: &Call<'_>, id: &str) -> Answer<ServiceResponse> {
    service.delete_model(id)?;
    Ok(call::no_content())
}
