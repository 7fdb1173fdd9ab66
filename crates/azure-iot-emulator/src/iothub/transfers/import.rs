//! Import: each line on its own. What fails goes to a file of errors, and the job completes all the same.

use serde_json::Value;

use super::{Place, Transfer};
use crate::iothub::IotHub;
use crate::iothub::blobs::Blob;
use crate::iothub::bulk::{self, Item};
use crate::iothub::configurations::Scope;
use crate::iothub::errors::HubError;
use crate::iothub::store::Store;

/// Lines read before others get a turn.
const LINES_AT_ONCE: usize = 100;

impl IotHub {
    pub(super) async fn import(&self, transfer: &Transfer) -> Result<(), String> {
        let Some(input) = &transfer.input else {
            return Err("There is nothing to import from.".to_owned());
        };
        let text = read(&self.store.read(), input)?;
        let lines: Vec<&str> = text
            .lines()
            .enumerate()
            .filter(|(at, line)| !line.trim().is_empty() && (*at > 0 || !is_warning(line)))
            .map(|(_, line)| line)
            .collect();
        let mut errors = String::new();
        let mut done = 0;
        for part in lines.chunks(LINES_AT_ONCE) {
            self.import_part(part, &mut errors);
            done += part.len();
            if !self.progress(&transfer.id, done, lines.len()) {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        if let Some(name) = &transfer.configurations {
            let place = Place {
                container: input.container.clone(),
                blob: name.clone(),
            };
            self.import_configurations(&place, &mut errors)?;
        }
        if !errors.is_empty() {
            let mut store = self.store.write();
            store.put_blob(
                &transfer.output.container,
                &transfer.output.blob,
                Blob::text(errors),
            );
        }
        Ok(())
    }

    fn import_part(&self, lines: &[&str], errors: &mut String) {
        let now = self.now();
        let mut store = self.store.write();
        for line in lines {
            let item: Item = match serde_json::from_str(line) {
                Ok(item) => item,
                Err(error) => {
                    push(
                        errors,
                        &bulk::ItemError::new(String::new(), None, HubError::format(&error)),
                    );
                    continue;
                }
            };
            let (device_id, module_id) = item.ids();
            match bulk::apply(&mut store, item.for_import(), now) {
                Ok(()) if store.configurations.is_empty() => {}
                Ok(()) => store.reconcile(Scope::Device(&device_id), now),
                Err(error) => push(errors, &bulk::ItemError::new(device_id, module_id, error)),
            }
        }
    }

    fn import_configurations(&self, place: &Place, errors: &mut String) -> Result<(), String> {
        let now = self.now();
        let mut store = self.store.write();
        let text = read(&store, place)?;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let imported = serde_json::from_str::<Value>(line)
                .map_err(|error| HubError::format(&error))
                .and_then(|body| store.import_configuration(body, now));
            if let Err(error) = imported {
                push(errors, &bulk::ItemError::new(String::new(), None, error));
            }
        }
        store.reconcile(Scope::All, now);
        Ok(())
    }
}

/// An export without keys says so in its first line.
fn is_warning(line: &str) -> bool {
    serde_json::from_str::<Value>(line).is_err()
}

fn read(store: &Store, place: &Place) -> Result<String, String> {
    let blob = store.blob(&place.container, &place.blob).ok_or_else(|| {
        format!(
            "There is no blob {} in the container {}.",
            place.blob, place.container
        )
    })?;
    String::from_utf8(blob.bytes.clone()).map_err(|_| format!("The blob {} is not UTF-8.", place.blob))
}

fn push(errors: &mut String, error: &bulk::ItemError) {
    errors.push_str(&serde_json::to_string(error).unwrap_or_default());
    errors.push('\n');
}
