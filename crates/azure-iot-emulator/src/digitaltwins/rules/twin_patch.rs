//! A patch of a twin: which paths may be written, and which times move.

use serde_json::{Map, Value};

use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::rules::patch::{self, Change, Operation};
use crate::digitaltwins::rules::twin_check::Touched;
use crate::digitaltwins::store::twin::Twin;

/// A twin while it is patched. Only the end result has to fit a model.
#[derive(Debug)]
pub(crate) struct TwinPatch {
    pub(crate) document: Map<String, Value>,
    pub(crate) touched: Touched,
}

impl TwinPatch {
    pub(crate) fn new(twin: &Twin) -> Self {
        TwinPatch {
            document: twin.patch_document(),
            touched: Touched::default(),
        }
    }

    pub(crate) fn apply(&mut self, operation: Operation) -> Answer<()> {
        let segments: Vec<&str> = operation.segments.iter().map(String::as_str).collect();
        let removes = operation.change == Change::Remove;
        match segments.as_slice() {
            ["$metadata", "$model"] if !removes => {}
            ["$metadata", property, "sourceTime"] if !property.starts_with('$') => {
                make_entry(&mut self.document, property);
            }
            [component, "$metadata", property, "sourceTime"] if !property.starts_with('$') => {
                if let Some(Value::Object(members)) = self.document.get_mut(*component) {
                    make_entry(members, property);
                    self.touched.moved.insert((*component).to_owned());
                }
            }
            ["$metadata" | "$dtId" | "$etag", ..] | [_, "$metadata", ..] => {
                return Err(errors::patch_path_read_only(&operation.path));
            }
            [member] => {
                self.touched.whole.insert((*member).to_owned());
                self.touched.moved.insert((*member).to_owned());
            }
            [member, part, deeper @ ..] => {
                self.touched
                    .parts
                    .insert(((*member).to_owned(), (*part).to_owned()));
                // Taking a property out of a component does not count as an update of the component.
                if !(removes && deeper.is_empty()) {
                    self.touched.moved.insert((*member).to_owned());
                }
            }
            [] => {}
        }
        patch::apply(&mut self.document, operation)
    }
}

/// Makes the metadata entry of a property that the same patch has added, so that its source time has a place.
fn make_entry(members: &mut Map<String, Value>, property: &str) {
    if !members.contains_key(property) {
        return;
    }
    if let Some(Value::Object(metadata)) = members.get_mut("$metadata") {
        metadata
            .entry(property)
            .or_insert_with(|| Value::Object(Map::new()));
    }
}
