//! Import of devices and modules. Lines are applied one by one; errors are written to a blob and do not fail the job.

use serde_json::Value;

use crate::iothub::configurations::scope::Scope;
use crate::iothub::errors::HubError;
use crate::iothub::hub::IotHub;
use crate::iothub::registry::bulk_item;
use crate::iothub::registry::bulk_item::{BulkItem, BulkItemError};
use crate::iothub::store::Store;
use crate::iothub::store::blob::Blob;
use crate::iothub::store::timestamp::Timestamp;
use crate::iothub::store::transfer::{BlobPath, Transfer};

/// Number of lines imported in one critical section.
const LINE_BATCH: usize = 100;

impl IotHub {
    pub(super) async fn import(&self, transfer: &Transfer) -> Result<(), String> {
        let Some(input) = &transfer.input else {
            return Err("The job has no input container.".to_owned());
        };
        let text = self.read(|store| read(store, input))?;
        let lines: Vec<&str> = text
            .lines()
            .enumerate()
            .filter(|(at, line)| !line.trim().is_empty() && (*at > 0 || !is_warning(line)))
            .map(|(_, line)| line)
            .collect();
        let mut errors = String::new();
        let mut done = 0;
        for batch in lines.chunks(LINE_BATCH) {
            self.import_batch(batch, &mut errors);
            done += batch.len();
            if !self.record_progress(&transfer.id, done, lines.len()) {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        if let Some(name) = &transfer.configurations {
            let path = BlobPath {
                container: input.container.clone(),
                blob: name.clone(),
            };
            self.import_configurations(&path, &mut errors)?;
        }
        if !errors.is_empty() {
            let BlobPath { container, blob } = &transfer.output;
            self.write(|store| store.put_blob(container, blob, Blob::text(errors)));
        }
        Ok(())
    }

    fn import_batch(&self, lines: &[&str], errors: &mut String) {
        let now = self.now();
        self.write(|store| {
            for line in lines {
                if let Err(error) = import_line(store, line, now) {
                    push(errors, &error);
                }
            }
        });
    }

    fn import_configurations(&self, path: &BlobPath, errors: &mut String) -> Result<(), String> {
        let now = self.now();
        self.write(|store| {
            let text = read(store, path)?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                let imported = serde_json::from_str::<Value>(line)
                    .map_err(|error| HubError::format(&error))
                    .and_then(|body| store.import_configuration(body, now));
                if let Err(error) = imported {
                    push(errors, &BulkItemError::new(String::new(), None, error));
                }
            }
            store.reconcile(Scope::All, now);
            Ok(())
        })
    }
}

fn import_line(store: &mut Store, line: &str, now: Timestamp) -> Result<(), BulkItemError> {
    let item: BulkItem = serde_json::from_str(line)
        .map_err(|error| BulkItemError::new(String::new(), None, HubError::format(&error)))?;
    let (device_id, module_id) = item.ids();
    bulk_item::apply(store, item.for_import(), now)
        .map_err(|error| BulkItemError::new(device_id.clone(), module_id, error))?;
    if !store.configurations.is_empty() {
        store.reconcile(Scope::Device(&device_id), now);
    }
    Ok(())
}

/// The first line of an export without keys is a warning; see [`export`](super::export).
fn is_warning(line: &str) -> bool {
    serde_json::from_str::<Value>(line).is_err()
}

fn read(store: &Store, path: &BlobPath) -> Result<String, String> {
    let BlobPath { container, blob } = path;
    let found = store.blob(container, blob);
    let found = found.ok_or_else(|| format!("There is no blob {blob} in the container {container}."))?;
    String::from_utf8(found.bytes.clone()).map_err(|_| format!("The blob {blob} is not UTF-8."))
}

#[expect(clippy::expect_used, reason = "strings and numbers always serialize")]
fn push(errors: &mut String, error: &BulkItemError) {
    errors.push_str(&serde_json::to_string(error).expect("the error consists of strings and numbers"));
    errors.push('\n');
}
