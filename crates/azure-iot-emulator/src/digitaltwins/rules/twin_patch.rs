//! Patches of twins: writable paths, and changes of update times.

use serde_json::{Map, Value};

use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::rules::patch::{self, Action, Operation};
use crate::digitaltwins::rules::twin_check::{self, TouchedParts, TwinWrite};
use crate::digitaltwins::store::model_store::ModelStore;
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::digitaltwins::store::twin::Twin;

/// Returns the record of a twin after a patch. Only the final result is validated against the model.
pub(crate) fn patched(
    models: &ModelStore,
    limits: &Limits,
    before: &Twin,
    operations: &[Operation],
    now: Timestamp,
) -> ServiceResult<Twin> {
    let mut patch = TwinPatch {
        document: before.patch_document(),
        touched: TouchedParts::default(),
    };
    for operation in operations {
        patch.apply(operation.clone())?;
    }
    let write = TwinWrite::Patch {
        before,
        touched: &patch.touched,
    };
    twin_check::build(models, limits, &before.id, patch.document, write, now)
}

/// A twin during a patch.
#[derive(Debug)]
struct TwinPatch {
    document: Map<String, Value>,
    touched: TouchedParts,
}

impl TwinPatch {
    fn apply(&mut self, mut operation: Operation) -> ServiceResult<()> {
        let segments: Vec<&str> = operation.segments.iter().map(String::as_str).collect();
        let removes = operation.action == Action::Remove;
        match segments.as_slice() {
            ["$metadata", "$model"] if !removes => {}
            ["$metadata", property, "sourceTime"] if !property.starts_with('$') => {
                add_metadata_entry(&mut self.document, property);
                operation.action = upsert(operation.action);
            }
            [component, "$metadata", property, "sourceTime"] if !property.starts_with('$') => {
                if let Some(Value::Object(members)) = self.document.get_mut(*component) {
                    add_metadata_entry(members, property);
                    self.touched.updated.insert((*component).to_owned());
                }
                operation.action = upsert(operation.action);
            }
            ["$metadata" | "$dtId" | "$etag", ..] | [_, "$metadata", ..] => {
                return Err(errors::patch_path_read_only(&operation.path));
            }
            [member] => {
                self.touched.whole.insert((*member).to_owned());
                self.touched.updated.insert((*member).to_owned());
            }
            [member, part, deeper @ ..] => {
                self.touched
                    .parts
                    .insert(((*member).to_owned(), (*part).to_owned()));
                // Removing a property of a component does not change the update time of the component.
                if !(removes && deeper.is_empty()) {
                    self.touched.updated.insert((*member).to_owned());
                }
            }
            [] => {}
        }
        patch::apply(&mut self.document, operation)
    }
}

/// Converts `replace` of a source time to `add`, because `replace` may also set a source time that does not
/// exist yet.
fn upsert(action: Action) -> Action {
    match action {
        Action::Replace(value) => Action::Add(value),
        other => other,
    }
}

/// Adds the missing metadata entry of a property, so that a patch can add a property together with its
/// source time.
fn add_metadata_entry(members: &mut Map<String, Value>, property: &str) {
    if !members.contains_key(property) {
        return;
    }
    if let Some(Value::Object(metadata)) = members.get_mut("$metadata") {
        metadata
            .entry(property)
            .or_insert_with(|| Value::Object(Map::new()));
    }
}
