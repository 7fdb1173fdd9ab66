//! Changes that depend on the current twin.

use azure_core::http::Response;
use azure_service_core::{Decision, Precondition, ResponseExt, ServiceClient, read_modify_write};

use crate::client::IotHubRegistryManager;
use crate::error::Result;
use crate::twin::{InvalidTwin, Twin, TwinPatch, read_only_changes};
use crate::twins::TwinId;

/// Changes that depend on the current twin.
impl IotHubRegistryManager {
    /// Reads the twin of a device, lets `edit` change its tags and desired properties, and writes the changes.
    ///
    /// The write is conditional on the ETag that was read. If another writer was faster, `edit` is called again with the
    /// new twin, up to ten times with growing waits. If `edit` changes nothing, nothing is written. Returns the twin
    /// after the write, with its new ETag.
    ///
    /// A write whose response is lost is sent again, and then refused because of the first one. If the current tags and
    /// desired properties are those that were written, that counts as success and `edit` is not called again.
    ///
    /// REST: `GET` and `PATCH /twins/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// As [`update_twin`](Self::update_twin). [`invalid_twin`](crate::Error::invalid_twin) also if `edit` changes something
    /// that a service cannot write, such as reported properties.
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if other writers were faster ten times.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let twin = hub
    ///     .modify_twin("thermostat-7", |twin| {
    ///         let restarts = twin.tags.get("restarts").and_then(|value| value.as_i64()).unwrap_or(0);
    ///         twin.tags.set("restarts", restarts + 1);
    ///     })
    ///     .await?;
    /// println!("{:?}", twin.tags.get("restarts"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn modify_twin(&self, device_id: &str, edit: impl FnMut(&mut Twin) + Send) -> Result<Twin> {
        let id = TwinId::device(device_id)?;
        self.modify("modify_twin", id, edit).await
    }

    /// Reads the twin of a module, lets `edit` change its tags and desired properties, and writes the changes.
    ///
    /// As [`modify_twin`](Self::modify_twin).
    ///
    /// REST: `GET` and `PATCH /twins/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// As [`modify_twin`](Self::modify_twin).
    pub async fn modify_module_twin(
        &self,
        device_id: &str,
        module_id: &str,
        edit: impl FnMut(&mut Twin) + Send,
    ) -> Result<Twin> {
        let id = TwinId::module(device_id, module_id)?;
        self.modify("modify_module_twin", id, edit).await
    }

    async fn modify(
        &self,
        method: &'static str,
        id: TwinId<'_>,
        mut edit: impl FnMut(&mut Twin) + Send,
    ) -> Result<Twin> {
        let work = async |core: ServiceClient<_>| {
            let hub = self.over(core);
            read_modify_write(
                async || model(hub.read_twin(method, id).await?),
                |current, unconfirmed| decide(current, unconfirmed, &mut edit),
                |change: Change| {
                    let hub = &hub;
                    async move {
                        let Change {
                            patch, precondition, ..
                        } = &change;
                        model(hub.patch_twin(method, id, patch, precondition).await?)
                    }
                },
            )
            .await
        };
        self.core.composite(method, work).await
    }
}

/// A write, and the twin that it leads to.
#[derive(Debug, Clone)]
struct Change {
    patch: TwinPatch,
    precondition: Precondition,
    expected: Twin,
}

/// The twin in a response, with the ETag of its header if the body has none: without one, a write could overwrite that of
/// another client.
fn model(response: Response<Twin>) -> Result<Twin> {
    let etag = ResponseExt::etag(&response);
    let mut twin = response.into_model()?;
    twin.etag = twin.etag.or(etag);
    Ok(twin)
}

fn decide(
    before: Twin,
    unconfirmed: Option<Change>,
    edit: &mut impl FnMut(&mut Twin),
) -> Result<Decision<Change, Twin>> {
    let is_written = |change: Change| TwinPatch::between(&before, &change.expected).is_empty();
    if unconfirmed.is_some_and(is_written) {
        return Ok(Decision::Done(before));
    }
    let mut after = before.clone();
    edit(&mut after);
    let mut violations = read_only_changes(&before, &after);
    violations.extend(after.refused_values());
    InvalidTwin::check(violations)?;
    let patch = TwinPatch::between(&before, &after);
    if patch.is_empty() {
        return Ok(Decision::Done(before));
    }
    Ok(Decision::Write(Change {
        patch,
        precondition: before.precondition()?,
        expected: after,
    }))
}
