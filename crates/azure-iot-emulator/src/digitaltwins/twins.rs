//! Digital twins: get, create or replace, patch, delete.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value};

use crate::digitaltwins::call::{self, Call};
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::events::Origin;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::rules::limits::is_valid_id;
use crate::digitaltwins::rules::patch;
use crate::digitaltwins::rules::precondition::{ETag, IfMatch};
use crate::digitaltwins::rules::twin_check::{self, History};
use crate::digitaltwins::rules::twin_patch::TwinPatch;
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::digitaltwins::store::twin::{Twin, TwinJson};
use crate::service::ServiceResponse;

impl Instance {
    pub(super) fn check_twin_id(&self, id: &str) -> Answer<()> {
        if is_valid_id(id, &self.limits) {
            Ok(())
        } else {
            Err(errors::invalid_id("twin", id))
        }
    }

    pub(super) fn twin(&self, id: &str) -> Answer<Arc<Twin>> {
        let graph = self.graph.read();
        let twin = graph.find(id).and_then(|slot| graph.twin(slot));
        twin.map(Arc::clone).ok_or_else(|| errors::twin_not_found(id))
    }

    /// Creates a twin or replaces the whole of it; its relationships stay.
    pub(super) fn put_twin(
        &self,
        id: &str,
        body: Map<String, Value>,
        must_be_new: bool,
        origin: Origin<'_>,
    ) -> Answer<Arc<Twin>> {
        let now = Timestamp::from(self.clock.now());
        let mut graph = self.graph.write();
        let before = graph.find(id).and_then(|slot| graph.twin(slot)).map(Arc::clone);
        if must_be_new && before.is_some() {
            return Err(errors::twin_exists(id));
        }
        let twin = self.build_twin(&graph, id, before.as_deref(), body, now)?;
        graph.put_twin(Arc::clone(&twin));
        self.twin_put(before.as_deref(), &twin, origin);
        Ok(twin)
    }

    /// A twin that may be stored in place of `before`, or as a new one.
    pub(super) fn build_twin(
        &self,
        graph: &Graph,
        id: &str,
        before: Option<&Twin>,
        body: Map<String, Value>,
        now: Timestamp,
    ) -> Answer<Arc<Twin>> {
        let id = before.map_or_else(|| Arc::from(id), |twin| Arc::clone(&twin.id));
        let twin = twin_check::build(&graph.models, &self.limits, &id, body, History::New, now)?;
        if before.is_none() {
            if graph
                .models
                .get(&twin.model)
                .is_some_and(|model| model.decommissioned)
            {
                return Err(errors::model_decommissioned(&twin.model));
            }
            if graph.twin_count() >= self.limits.twins {
                return Err(errors::twin_limit_reached(self.limits.twins));
            }
        }
        Ok(Arc::new(twin))
    }

    /// Applies a patch as a whole or not at all.
    pub(super) fn patch_twin(
        &self,
        id: &str,
        operations: Vec<patch::Operation>,
        if_match: &IfMatch,
        origin: Origin<'_>,
    ) -> Answer<ETag> {
        let now = Timestamp::from(self.clock.now());
        let mut graph = self.graph.write();
        let before = graph.find(id).and_then(|slot| graph.twin(slot)).map(Arc::clone);
        let before = before.ok_or_else(|| errors::twin_not_found(id))?;
        if_match.check(before.etag)?;
        let mut patch = TwinPatch::new(&before);
        for operation in &operations {
            patch.apply(operation.clone())?;
        }
        let history = History::Changed {
            before: &before,
            touched: &patch.touched,
        };
        let twin = twin_check::build(
            &graph.models,
            &self.limits,
            &before.id,
            patch.document,
            history,
            now,
        )?;
        let (etag, twin) = (twin.etag, Arc::new(twin));
        graph.put_twin(Arc::clone(&twin));
        self.twin_patched(&twin, &operations, origin);
        Ok(etag)
    }

    pub(super) fn delete_twin(&self, id: &str, if_match: &IfMatch, origin: Origin<'_>) -> Answer<()> {
        let mut graph = self.graph.write();
        let slot = graph.find(id).ok_or_else(|| errors::twin_not_found(id))?;
        let node = graph.node(slot).ok_or_else(|| errors::twin_not_found(id))?;
        if_match.check(node.twin.etag)?;
        if !node.outgoing.is_empty() || !node.incoming.is_empty() {
            return Err(errors::relationships_not_deleted(id));
        }
        if let Some(twin) = graph.remove_twin(slot) {
            self.twin_deleted(&twin, origin);
        }
        Ok(())
    }
}

pub(super) fn get(service: &Instance, call: &Call<'_>, id: &str) -> Answer<ServiceResponse> {
    service.check_twin_id(id)?;
    let twin = service.twin(id)?;
    Ok(answer(&twin, call))
}

pub(super) fn put(service: &Instance, call: &Call<'_>, id: &str) -> Answer<ServiceResponse> {
    service.check_twin_id(id)?;
    let must_be_new = call.must_be_new()?;
    let Ok(Value::Object(body)) = call.limited_json_body(&service.limits)? else {
        return Err(errors::invalid_payload());
    };
    let twin = service.put_twin(id, body, must_be_new, call.origin())?;
    Ok(answer(&twin, call))
}

pub(super) fn patch(service: &Instance, call: &Call<'_>, id: &str) -> Answer<ServiceResponse> {
    service.check_twin_id(id)?;
    let operations = patch::parse(call.limited_body(&service.limits)?, None)?;
    let etag = service.patch_twin(id, operations, &call.if_match()?, call.origin())?;
    Ok(call::no_content().with_header("etag", &etag.to_string()))
}

pub(super) fn delete(service: &Instance, call: &Call<'_>, id: &str) -> Answer<ServiceResponse> {
    service.check_twin_id(id)?;
    service.delete_twin(id, &call.if_match()?, call.origin())?;
    Ok(call::no_content())
}

fn answer(twin: &Twin, call: &Call<'_>) -> ServiceResponse {
    let json = TwinJson {
        twin,
        with_update_times: call.version.has_update_times(),
    };
    ServiceResponse::json(StatusCode::OK, &json).with_header("etag", &twin.etag.to_string())
}
