//! Export of devices and modules, one JSON object per line.

use std::ops::Bound;

use serde_json::{Map, Value, json};

use crate::iothub::hub::IotHub;
use crate::iothub::store::blob::Blob;
use crate::iothub::store::etag;
use crate::iothub::store::identity::{Device, Identity, Module};
use crate::iothub::store::transfer::Transfer;

/// Number of devices read in one critical section.
const DEVICE_BATCH: usize = 1000;
/// First line of a file that was exported without keys. It is not JSON, so an import of the file reports
/// it as an error.
const WARNING: &str = "# Without keys: devices that are created from this file get new ones.";

impl IotHub {
    pub(super) async fn export(&self, transfer: &Transfer) -> Result<(), String> {
        let mut lines = String::new();
        if transfer.exclude_keys {
            lines.push_str(WARNING);
            lines.push('\n');
        }
        let mut last: Option<String> = None;
        let mut done = 0;
        loop {
            let (written, total) = self.read(|store| {
                let from = last.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
                let devices = store.devices.range::<str, _>((from, Bound::Unbounded));
                let mut written = Vec::new();
                for (id, device) in devices.take(DEVICE_BATCH) {
                    push_device(&mut lines, device, transfer.exclude_keys);
                    written.push(id);
                }
                let last = written.last().map(|id| (*id).clone());
                (last.map(|last| (last, written.len())), store.devices.len())
            });
            let Some((last_written, count)) = written else {
                break;
            };
            last = Some(last_written);
            done += count;
            if !self.record_progress(&transfer.id, done, total) {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        self.write(|store| {
            let container = &transfer.output.container;
            store.put_blob(container, &transfer.output.blob, Blob::text(lines));
            if let Some(name) = &transfer.configurations {
                let lines = store.configuration_lines().map(|line| line + "\n").collect();
                store.put_blob(container, name, Blob::text(lines));
            }
        });
        Ok(())
    }
}

fn push_device(lines: &mut String, device: &Device, exclude_keys: bool) {
    let mut line = line(&device.id, None, &device.identity, exclude_keys);
    line.insert("status".to_owned(), json!(device.status()));
    line.insert("statusReason".to_owned(), json!(device.status_reason));
    line.insert("capabilities".to_owned(), json!({ "iotEdge": device.edge }));
    if let Some(scope) = &device.scope {
        line.insert("deviceScope".to_owned(), json!(scope));
    }
    if !device.parent_scopes.is_empty() {
        line.insert("parentScopes".to_owned(), json!(device.parent_scopes));
    }
    push(lines, line);
    for module in device.modules.values() {
        push(lines, module_line(device, module, exclude_keys));
    }
}

fn module_line(device: &Device, module: &Module, exclude_keys: bool) -> Map<String, Value> {
    let mut line = line(&device.id, Some(&module.id), &module.identity, exclude_keys);
    line.insert("managedBy".to_owned(), json!(module.managed_by));
    line
}

fn push(lines: &mut String, line: Map<String, Value>) {
    lines.push_str(&Value::Object(line).to_string());
    lines.push('\n');
}

fn line(id: &str, module_id: Option<&str>, identity: &Identity, exclude_keys: bool) -> Map<String, Value> {
    let mut line = Map::new();
    line.insert("id".to_owned(), json!(id));
    if let Some(module_id) = module_id {
        line.insert("moduleId".to_owned(), json!(module_id));
    }
    line.insert("eTag".to_owned(), json!(etag::of_identity(identity.version)));
    let (primary_key, secondary_key) = identity.authentication.keys();
    let (primary_thumbprint, secondary_thumbprint) = identity.authentication.thumbprints();
    let keys = |key: Option<&str>| key.filter(|_| !exclude_keys).map(str::to_owned);
    line.insert(
        "authentication".to_owned(),
        json!({
            "symmetricKey": { "primaryKey": keys(primary_key), "secondaryKey": keys(secondary_key) },
            "x509Thumbprint": {
                "primaryThumbprint": primary_thumbprint, "secondaryThumbprint": secondary_thumbprint,
            },
            "type": identity.authentication.kind(),
        }),
    );
    line.insert("twinETag".to_owned(), json!(etag::of_twin(identity.twin.etag)));
    line.insert("tags".to_owned(), json!(identity.twin.tags));
    line.insert(
        "properties".to_owned(),
        json!({
            "desired": identity.twin.desired.values,
            "reported": identity.twin.reported.values,
        }),
    );
    line
}
