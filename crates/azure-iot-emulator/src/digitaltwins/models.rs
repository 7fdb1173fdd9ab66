//! Models: upload, get, list, decommission, delete.

use std::collections::HashSet;

use http::StatusCode;
use serde_json::Value;

use crate::digitaltwins::call::{self, Call};
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::instance::Session;
use crate::digitaltwins::paging::{self, Page};
use crate::digitaltwins::rules::model_check;
use crate::digitaltwins::rules::patch::{self, Action};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::model_store::{ModelJson, StoredModel};
use crate::service::ServiceResponse;

/// Default page size.
const DEFAULT_PAGE: usize = 100;
const MAX_PAGE: usize = 1000;

pub(super) fn add(session: &mut Session<'_>, call: &Call<'_>) -> ServiceResult<ServiceResponse> {
    let Ok(Value::Array(documents)) = call.json_body()? else {
        return Err(errors::models_empty());
    };
    let limit = session.instance.limits.models_per_request;
    if documents.is_empty() {
        return Err(errors::models_empty());
    }
    if documents.len() > limit {
        let text = format!(
            "The request has {} models, more than the maximum of {limit}.",
            documents.len()
        );
        return Err(errors::models_limit_exceeded(text));
    }
    let added = session.add_models(documents, || true)?;
    let body: Vec<_> = added
        .iter()
        .map(|model| ModelJson {
            model,
            with_definition: false,
        })
        .collect();
    Ok(ServiceResponse::json(StatusCode::CREATED, &body))
}

pub(super) fn get(session: &mut Session<'_>, call: &Call<'_>, id: &str) -> ServiceResult<ServiceResponse> {
    let with_definition = call.query_flag("includeModelDefinition")?;
    model_check::check_id(id)?;
    let model = find(&session.graph.read(), id)?.clone();
    Ok(ServiceResponse::json(
        StatusCode::OK,
        &ModelJson {
            model: &model,
            with_definition,
        },
    ))
}

pub(super) fn list(session: &mut Session<'_>, call: &Call<'_>) -> ServiceResult<ServiceResponse> {
    let with_definition = call.query_flag("includeModelDefinition")?;
    let size = call.page_size(DEFAULT_PAGE, MAX_PAGE)?;
    let first = match call.query_value("continuationToken") {
        None => 0,
        Some(token) => paging::read_token(token)?,
    };
    // The API repeats the parameter per id; some clients join ids with commas instead.
    let roots: Vec<&str> = call
        .query_values("dependenciesFor")
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .collect();
    let (models, more) = page_of_models(&session.graph.read(), &roots, first, size)?;
    let next_link = models.last().filter(|_| more).map(|last| {
        let token = paging::write_token(last.sequence + 1);
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

/// Sets `decommissioned`, the only member that can be changed.
pub(super) fn patch(session: &mut Session<'_>, call: &Call<'_>, id: &str) -> ServiceResult<ServiceResponse> {
    model_check::check_id(id)?;
    let operations = patch::parse(call.limited_body(&session.instance.limits)?, None)?;
    let mut decommissioned = None;
    for operation in operations {
        if operation.segments != ["decommissioned"] {
            return Err(errors::patch_path_unresolved(&operation.path));
        }
        match operation.action {
            Action::Add(Value::Bool(value)) | Action::Replace(Value::Bool(value)) => {
                decommissioned = Some(value)
            }
            Action::Remove => return Err(errors::patch_operation_unsupported("remove")),
            _ => return Err(errors::patch_path_read_only(&operation.path)),
        }
    }
    match decommissioned {
        Some(value) => set_decommissioned(session, id, value)?,
        None => drop(find(&session.graph.read(), id)?),
    }
    Ok(call::no_content())
}

/// Deletes a model. Twins of the model, and relationships with it as target, do not prevent that.
pub(super) fn delete(session: &mut Session<'_>, id: &str) -> ServiceResult<ServiceResponse> {
    model_check::check_id(id)?;
    let mut change = session.graph.change_models();
    let mut graph = change.write();
    find(&graph, id)?;
    let dependents = graph.models().dependents(id);
    if !dependents.is_empty() {
        let ids: Vec<&str> = dependents.iter().map(|model| &*model.interface.id).collect();
        return Err(errors::model_referenced(&ids));
    }
    graph.remove_model(id);
    Ok(call::no_content())
}

/// Returns models in upload order, starting at a sequence number, and whether more follow. With `roots`, returns only
/// these and their dependencies.
fn page_of_models(
    graph: &Graph,
    roots: &[&str],
    first: u64,
    size: usize,
) -> ServiceResult<(Vec<StoredModel>, bool)> {
    let mut wanted = HashSet::new();
    let mut missing = Vec::new();
    for root in roots {
        model_check::check_id(root)?;
        graph.models().with_dependencies(root, &mut wanted);
        if !wanted.contains(root) {
            missing.push(*root);
        }
    }
    if !missing.is_empty() {
        return Err(errors::models_not_found(&missing));
    }
    let mut found = graph
        .models()
        .uploaded_since(first)
        .filter(|model| roots.is_empty() || wanted.contains(&*model.interface.id));
    let items: Vec<_> = found.by_ref().take(size).cloned().collect();
    Ok((items, found.next().is_some()))
}

fn set_decommissioned(session: &mut Session<'_>, id: &str, decommissioned: bool) -> ServiceResult<()> {
    let mut change = session.graph.change_models();
    let mut graph = change.write();
    find(&graph, id)?;
    if decommissioned {
        let dependents = graph.models().dependents(id).into_iter();
        let active: Vec<&str> = dependents
            .filter(|model| !model.decommissioned)
            .map(|model| &*model.interface.id)
            .collect();
        if !active.is_empty() {
            return Err(errors::model_references_not_decommissioned(&active));
        }
    }
    graph.set_decommissioned(id, decommissioned);
    Ok(())
}

fn find<'g>(graph: &'g Graph, id: &str) -> ServiceResult<&'g StoredModel> {
    graph
        .models()
        .get(id)
        .ok_or_else(|| errors::models_not_found(&[id]))
}
