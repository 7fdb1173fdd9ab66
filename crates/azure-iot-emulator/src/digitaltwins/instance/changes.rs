//! Changes of the graph that operations and jobs share.

use std::sync::Arc;

use serde_json::Value;

use crate::digitaltwins::errors::ServiceResult;
use crate::digitaltwins::events::notify::Origin;
use crate::digitaltwins::instance::Session;
use crate::digitaltwins::rules::patch::Operation;
use crate::digitaltwins::rules::precondition::IfMatch;
use crate::digitaltwins::rules::{lookup, model_check, twin_patch};
use crate::digitaltwins::store::etag::ETag;
use crate::digitaltwins::store::model_store::StoredModel;

impl Session<'_> {
    /// Applies a patch to a twin atomically and returns the new ETag.
    pub(crate) fn patch_twin(
        &mut self,
        id: &str,
        operations: &[Operation],
        if_match: &IfMatch,
        origin: Origin<'_>,
    ) -> ServiceResult<ETag> {
        let instance = self.instance;
        let now = instance.now();
        let mut graph = self.graph.write();
        let before = lookup::twin(&graph, id)?;
        if_match.check(before.etag)?;
        let twin = twin_patch::patched(graph.models(), &instance.limits, before, operations, now)?;
        let (etag, twin) = (twin.etag, Arc::new(twin));
        graph.put_twin(Arc::clone(&twin));
        instance.events.twin_patched(&twin, operations, origin);
        Ok(etag)
    }

    /// Stores models atomically and returns them in the given order. `begin` is called while the graph is locked; nothing
    /// is stored if it returns false.
    pub(crate) fn add_models(
        &mut self,
        documents: Vec<Value>,
        begin: impl FnOnce() -> bool,
    ) -> ServiceResult<Vec<StoredModel>> {
        let instance = self.instance;
        // Held until the end, so that no model that the batch refers to is deleted while the batch is parsed
        // without the graph's lock.
        let mut change = self.graph.change_models();
        let interfaces = model_check::check(&documents, &instance.limits, &|id| change.document(id))?;
        let now = instance.now();
        let mut graph = change.write();
        let ids = interfaces.iter().map(|new| &*new.id);
        model_check::check_new(graph.models(), &instance.limits, ids)?;
        if !begin() {
            return Ok(Vec::new());
        }
        let models = documents.into_iter().map(Arc::new);
        Ok(graph.add_models(models.zip(interfaces.into_iter().map(Arc::new)), now))
    }
}
