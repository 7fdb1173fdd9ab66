//! Read-modify-write of twins.

use azure_core::http::Response;
use azure_service_core::{Decision, Precondition, ResponseExt, ServiceClient, read_modify_write};

use crate::client::IotHubRegistryManager;
use crate::error::Result;
use crate::twin::{InvalidTwin, Twin, TwinPatch, read_only_changes};
use crate::twins::TwinId;

/// Read-modify-write of twins.
impl IotHubRegistryManager {
    /// Reads the twin of a device, lets `change` modify its tags and desired properties, and writes the changes.
    ///
    /// The write is conditional on the ETag that was read. If the twin has changed in the meantime, `change` is
    /// called again with the new version, for up to ten rounds with backoff. If `change` modifies nothing, no request
    /// is sent. Returns the twin after the write, with its new ETag.
    ///
    /// If the response to a write is lost, the retry fails, because the first attempt has changed the ETag. If the
    /// twin then has the tags and desired properties that were written, the call succeeds without calling `change`
    /// again.
    ///
    /// REST: `GET` and `PATCH /twins/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// Same as [`update_twin`](Self::update_twin). Also [`invalid_twin`](crate::Error::invalid_twin) if `change`
    /// modifies members that a service cannot write, such as reported properties, and
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if all ten rounds met a concurrent write.
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
    pub async fn modify_twin(&self, device_id: &str, change: impl FnMut(&mut Twin) + Send) -> Result<Twin> {
        let id = TwinId::device(device_id)?;
        let steps = ("get_twin", "update_twin");
        self.modify("modify_twin", steps, id, change).await
    }

    /// Reads the twin of a module, lets `change` modify its tags and desired properties, and writes the changes, like
    /// [`modify_twin`](Self::modify_twin).
    ///
    /// REST: `GET` and `PATCH /twins/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// Same as [`modify_twin`](Self::modify_twin).
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// # hub.create_module_with_sas("gateway-1", "filter", iothub_convenience::SymmetricKey::assigned_by_service(), None).await?;
    /// let twin = hub
    ///     .modify_module_twin("gateway-1", "filter", |twin| twin.properties.desired.set("threshold", 5))
    ///     .await?;
    /// println!("{:?}", twin.properties.desired.get("threshold"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn modify_module_twin(
        &self,
        device_id: &str,
        module_id: &str,
        change: impl FnMut(&mut Twin) + Send,
    ) -> Result<Twin> {
        let id = TwinId::module(device_id, module_id)?;
        let steps = ("get_module_twin", "update_module_twin");
        self.modify("modify_module_twin", steps, id, change).await
    }

    async fn modify(
        &self,
        method: &'static str,
        (read, write): (&'static str, &'static str),
        id: TwinId<'_>,
        mut change: impl FnMut(&mut Twin) + Send,
    ) -> Result<Twin> {
        let work = async |core: ServiceClient<_>| {
            let hub = self.over(core);
            read_modify_write(
                async || model(hub.read_twin(read, id).await?),
                |current, unconfirmed| decide(current, unconfirmed, &mut change),
                |change: Change| {
                    let hub = &hub;
                    async move {
                        let Change {
                            patch, precondition, ..
                        } = &change;
                        model(hub.patch_twin(write, id, patch, precondition).await?)
                    }
                },
            )
            .await
        };
        self.core.composite(method, work).await
    }
}

/// A write and the twin that results from it.
#[derive(Debug, Clone)]
struct Change {
    patch: TwinPatch,
    precondition: Precondition,
    expected: Twin,
}

/// Decodes the twin of a response. If the body has no ETag, takes it from the header, because the write needs it.
fn model(response: Response<Twin>) -> Result<Twin> {
    let etag = ResponseExt::etag(&response);
    let mut twin = response.into_model()?;
    twin.etag = twin.etag.or(etag);
    Ok(twin)
}

fn decide(
    before: Twin,
    unconfirmed: Option<Change>,
    change: &mut impl FnMut(&mut Twin),
) -> Result<Decision<Change, Twin>> {
    let is_written = |change: Change| TwinPatch::between(&before, &change.expected).is_empty();
    if unconfirmed.is_some_and(is_written) {
        return Ok(Decision::Done(before));
    }
    let mut after = before.clone();
    change(&mut after);
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
