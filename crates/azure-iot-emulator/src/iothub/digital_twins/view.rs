//! Digital twins in wire format.

use serde_json::{Map, Value, json};

use crate::iothub::digital_twins::component::{COMPONENT_MARK, is_component};
use crate::iothub::store::twin::{Metadata, Twin};

/// Returns the digital twin in wire format.
pub(crate) fn digital_twin(device_id: &str, twin: &Twin) -> Value {
    let mut body = Map::from_iter([("$dtId".to_owned(), json!(device_id))]);
    let mut metadata = Map::from_iter([("$model".to_owned(), json!(twin.model_id.as_deref().unwrap_or("")))]);
    // Without a model, properties are not interpreted.
    if twin.model_id.is_some() {
        let desired = Part {
            values: &twin.desired.values,
            metadata: Some(&twin.desired.metadata),
        };
        let reported = Part {
            values: &twin.reported.values,
            metadata: Some(&twin.reported.metadata),
        };
        add_properties(
            &mut body,
            &mut metadata,
            &desired,
            &reported,
            twin.desired.version,
        );
    }
    body.insert("$metadata".to_owned(), Value::Object(metadata));
    Value::Object(body)
}

/// The desired or reported properties of a twin or of one of its components.
struct Part<'a> {
    values: &'a Map<String, Value>,
    metadata: Option<&'a Metadata>,
}

impl<'a> Part<'a> {
    fn component(&self, name: &str, empty: &'a Map<String, Value>) -> Self {
        Self {
            values: self.values.get(name).and_then(Value::as_object).unwrap_or(empty),
            metadata: self.metadata_of(name),
        }
    }

    fn metadata_of(&self, name: &str) -> Option<&'a Metadata> {
        self.metadata?.members.get(name)
    }
}

fn add_properties(
    body: &mut Map<String, Value>,
    metadata: &mut Map<String, Value>,
    desired: &Part<'_>,
    reported: &Part<'_>,
    desired_version: u64,
) {
    let empty = Map::new();
    let mut names: Vec<&String> = reported.values.keys().collect();
    names.extend(
        desired
            .values
            .keys()
            .filter(|name| !reported.values.contains_key(*name)),
    );
    for name in names.into_iter().filter(|name| *name != COMPONENT_MARK) {
        if is_component(reported.values, name) || is_component(desired.values, name) {
            let mut inner = Map::new();
            let mut inner_metadata = Map::new();
            let parts = (desired.component(name, &empty), reported.component(name, &empty));
            add_properties(
                &mut inner,
                &mut inner_metadata,
                &parts.0,
                &parts.1,
                desired_version,
            );
            inner.insert("$metadata".to_owned(), Value::Object(inner_metadata));
            body.insert(name.clone(), Value::Object(inner));
            continue;
        }
        let about = add_property(body, name, desired, reported, desired_version);
        metadata.insert(name.clone(), Value::Object(about));
    }
}

/// Adds the reported value of a property and returns its metadata.
fn add_property(
    body: &mut Map<String, Value>,
    name: &str,
    desired: &Part<'_>,
    reported: &Part<'_>,
    desired_version: u64,
) -> Map<String, Value> {
    let mut about = Map::new();
    if let Some(value) = desired.values.get(name) {
        let version = desired.metadata_of(name).and_then(|metadata| metadata.version);
        about.insert("desiredValue".to_owned(), value.clone());
        about.insert(
            "desiredVersion".to_owned(),
            json!(version.unwrap_or(desired_version)),
        );
    }
    if let Some(value) = reported.values.get(name) {
        let is_acknowledgement = value.get("ac").is_some();
        match value.get("value").filter(|_| is_acknowledgement) {
            // The device acknowledges the desired value.
            Some(acknowledged) => {
                for (short, long) in [("av", "ackVersion"), ("ac", "ackCode"), ("ad", "ackDescription")] {
                    if let Some(value) = value.get(short) {
                        about.insert(long.to_owned(), value.clone());
                    }
                }
                body.insert(name.to_owned(), acknowledged.clone());
            }
            None => drop(body.insert(name.to_owned(), value.clone())),
        }
    }
    let updated = reported.metadata_of(name).or_else(|| desired.metadata_of(name));
    if let Some(updated) = updated {
        about.insert("lastUpdateTime".to_owned(), json!(updated.updated));
    }
    about
}
