//! Export of devices and modules, one JSON object per line.

use std::ops::Bound;

use serde_json::{Map, Value, json};

use crate::iothub::hub::IotHub;
use crate::iothub::store::blob::Blob;
use crate::iothub::store::device_registry::RegistryDeviceView;
use crate::iothub::store::etag;
use crate::iothub::store::identity::{Device, Identity, Module};
use crate::iothub::store::transfer::Transfer;
use crate::timestamp::Timestamp;

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
        let now = self.now();
        let mut last: Option<String> = None;
        let mut done = 0;
        loop {
            let (written, total) = self.read(|store| {
                let from = last.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
                let devices = store.devices.range::<str, _>((from, Bound::Unbounded));
                let mut written = Vec::new();
                for (id, device) in devices.take(DEVICE_BATCH) {
                    push_device(&mut lines, device, transfer, now);
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

fn push_device(lines: &mut String, device: &Device, transfer: &Transfer, now: Timestamp) {
    let mut line = line(&device.id, None, &device.identity, transfer);
    line.insert("status".to_owned(), json!(device.status()));
    line.insert("statusReason".to_owned(), json!(device.status_reason));
    line.insert("capabilities".to_owned(), json!({ "iotEdge": device.edge }));
    if let Some(scope) = &device.scope {
        line.insert("deviceScope".to_owned(), json!(scope));
    }
    if !device.parent_scopes.is_empty() {
        line.insert("parentScopes".to_owned(), json!(device.parent_scopes));
    }
    if let Some(found) = device.registry_device(now).filter(|_| transfer.with_registry) {
        let view = RegistryDeviceView {
            device_id: &device.id,
            device: found,
        };
        line.insert("adrDeviceProperties".to_owned(), json!(view));
        line.insert(
            "deviceResourceId".to_owned(),
            json!(found.resource_id(&device.id)),
        );
    }
    push(lines, line);
    for module in device.modules.values() {
        push(lines, module_line(device, module, transfer));
    }
}

fn module_line(device: &Device, module: &Module, transfer: &Transfer) -> Map<String, Value> {
    let mut line = line(&device.id, Some(&module.id), &module.identity, transfer);
    line.insert("managedBy".to_owned(), json!(module.managed_by));
    line
}

fn push(lines: &mut String, line: Map<String, Value>) {
    lines.push_str(&Value::Object(line).to_string());
    lines.push('\n');
}

fn line(id: &str, module_id: Option<&str>, identity: &Identity, transfer: &Transfer) -> Map<String, Value> {
    let mut line = Map::new();
    line.insert("id".to_owned(), json!(id));
    if let Some(module_id) = module_id {
        line.insert("moduleId".to_owned(), json!(module_id));
    }
    line.insert("eTag".to_owned(), json!(etag::of_identity(identity.version)));
    let (primary_key, secondary_key) = identity.authentication.keys();
    let (primary_thumbprint, secondary_thumbprint) = identity.authentication.thumbprints();
    let keys = |key: Option<&str>| key.filter(|_| !transfer.exclude_keys).map(str::to_owned);
    let mut authentication = json!({
        "symmetricKey": { "primaryKey": keys(primary_key), "secondaryKey": keys(secondary_key) },
        "x509Thumbprint": {
            "primaryThumbprint": primary_thumbprint, "secondaryThumbprint": secondary_thumbprint,
        },
        "type": identity.authentication.kind(),
    });
    let additions = identity.additions.as_deref();
    if let Some(certificate) = additions
        .map(|additions| &additions.certificate)
        .filter(|_| transfer.with_registry)
    {
        if let Some(policy) = &certificate.policy_resource_id {
            authentication["policyResourceId"] = json!(policy);
        }
        if let Some(validation) = &certificate.x509_ca_validation {
            authentication["x509CaValidation"] = validation.clone();
        }
    }
    line.insert("authentication".to_owned(), authentication);
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
