//! Changes that depend on what is there.

use azure_core::http::Etag;
use azure_service_core::Precondition;

use crate::client::IotHubRegistryManager;
use crate::error::{Error, Result};
use crate::twin::{InvalidTwin, Twin, TwinPatch, read_only_changes};
use crate::twins::TwinId;

/// How often a twin is read and written before somebody else is given precedence for good.
const ROUNDS: u32 = 8;

/// Changes that depend on what is there.
impl IotHubRegistryManager {
    /// Reads the twin of a device, lets `edit` change its tags and desired properties, and writes what has changed.
    ///
    /// The write is conditional on the ETag that was read. If somebody else has written in between, it all begins
    /// anew, up to eight times; `edit` must expect to be called more than once, each time with a twin just read. If
    /// `edit` changes nothing, nothing is written. Returns the twin as it is afterwards.
    ///
    /// A write whose answer gets lost is sent again, and then refused because of the first one. If tags and desired
    /// properties are found as they should have become, that counts as success, and `edit` is not called again.
    ///
    /// REST: `GET` and `PATCH /twins/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// As [`update_twin`](Self::update_twin); [`Error::InvalidTwin`] also if `edit` changes something that a service
    /// cannot write, such as reported properties. [`is_precondition_failed`](Error::is_precondition_failed) if others
    /// were faster eight times.
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
        self.modify(TwinId::device(device_id)?, edit).await
    }

    /// Reads the twin of a module, lets `edit` change its tags and desired properties, and writes what has changed.
    ///
    /// Like [`modify_twin`](Self::modify_twin).
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
        self.modify(TwinId::module(device_id, module_id)?, edit).await
    }

    async fn modify(&self, id: TwinId<'_>, mut edit: impl FnMut(&mut Twin) + Send) -> Result<Twin> {
        // What the last write should have led to, if its outcome is not certain.
        let mut expected: Option<Twin> = None;
        let mut round = 1;
        loop {
            let response = self.read_twin(id).await?;
            let header = azure_service_core::etag(response.headers());
            let before = response.into_model()?;
            if expected
                .take()
                .is_some_and(|expected| TwinPatch::between(&before, &expected).is_empty())
            {
                return Ok(before);
            }
            let mut after = before.clone();
            edit(&mut after);
            InvalidTwin::check(read_only_changes(&before, &after))?;
            let patch = TwinPatch::between(&before, &after);
            if patch.is_empty() {
                return Ok(before);
            }
            let precondition = Precondition::IfMatch(known_etag(&before, header)?);
            match self.patch_twin(id, &patch, &precondition).await {
                Ok(response) => return Ok(response.into_model()?),
                Err(error) if error.is_precondition_failed() && round < ROUNDS => {
                    // A request that was repeated may have been processed the first time.
                    if error.attempts() > 1 {
                        expected = Some(after);
                    }
                    round += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Without an ETag the write could overwrite what somebody else has written.
fn known_etag(twin: &Twin, header: Option<Etag>) -> Result<Etag> {
    twin.etag
        .clone()
        .or(header)
        .ok_or_else(|| Error::invalid_response("the twin has no ETag, so that it cannot be written safely"))
}
