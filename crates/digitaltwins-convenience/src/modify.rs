//! Read, change, write, and again if somebody else was faster.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::patch::grounded;
use crate::pause::{Backoff, pause};
use crate::{DigitalTwin, DigitalTwinPatch, DigitalTwinsClient, Etagged, Precondition, json};

/// After so many writers who were faster, the caller should know.
const ATTEMPTS: u32 = 10;

impl DigitalTwinsClient {
    /// Reads a twin, lets `change` change it, and writes what is different, if nobody else has written in between.
    /// Otherwise it begins again with what the other has written; `change` may therefore run more than once.
    ///
    /// Only what differs is sent, so that properties `T` does not know stay as they are. If `change` changes nothing,
    /// nothing is written. The result is the twin with its new ETag; the times in its `metadata` are those from before
    /// the write.
    ///
    /// A write whose answer gets lost is sent again, and then refused because of the first one. If the twin is found as it
    /// should have become, that counts as success, and `change` does not run again.
    ///
    /// # Errors
    ///
    /// * What [`get_digital_twin`](Self::get_digital_twin) and [`update_digital_twin`](Self::update_digital_twin) list.
    /// * [`is_precondition_failed`](Error::is_precondition_failed) if others were faster ten times.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error};
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Room {
    ///     openings: u64,
    /// }
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let room = client.modify_digital_twin::<Room>("room-1", |room| room.contents.openings += 1).await?;
    /// println!("opened {} times", room.contents.openings);
    /// # Ok(()) }
    /// ```
    pub async fn modify_digital_twin<T: Serialize + DeserializeOwned>(
        &self,
        id: &str,
        mut change: impl FnMut(&mut DigitalTwin<T>) + Send,
    ) -> Result<DigitalTwin<T>> {
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(2));
        // What the last write should have led to, if its outcome is not certain.
        let mut expected: Option<Value> = None;
        let mut attempt = 1;
        loop {
            let response = self.get_digital_twin::<Value>(id).await?;
            let etag = response.etag();
            let document = response.into_model()?;
            let mut twin: DigitalTwin<T> = decode(&document)?;
            twin.etag = etag.or(twin.etag);
            let Some(etag) = twin.etag.clone() else {
                return Err(Error::invalid_response("the twin has no ETag"));
            };
            if expected
                .take()
                .is_some_and(|expected| properties(&expected) == properties(&document))
            {
                return Ok(twin);
            }
            let before = encode(&twin)?;
            change(&mut twin);
            let patch = grounded(DigitalTwinPatch::diff(&before, &encode(&twin)?)?, &document);
            if patch.is_empty() {
                return Ok(twin);
            }
            match self
                .update_digital_twin(id, &patch, Precondition::IfMatch(etag))
                .await
            {
                Ok(new) => {
                    twin.etag = new;
                    return Ok(twin);
                }
                Err(error) if error.is_precondition_failed() && attempt < ATTEMPTS => {
                    // A request that was repeated may have been processed the first time.
                    if error.attempts() > 1 {
                        expected = applied(document, &patch);
                    }
                }
                Err(error) => return Err(error),
            }
            attempt += 1;
            pause(backoff.next()).await;
        }
    }
}

fn decode<T: DeserializeOwned>(document: &Value) -> Result<DigitalTwin<T>> {
    use serde::Deserialize as _;
    DigitalTwin::<T>::deserialize(document).map_err(|error| azure_core::Error::from(error).into())
}

fn encode<T: Serialize>(twin: &DigitalTwin<T>) -> Result<Map<String, Value>> {
    let mut object =
        json::to_object(twin).map_err(|error| Error::invalid_input("change", error.to_string()))?;
    // The caller may have set another id or ETag; neither is written.
    object.shift_remove("$dtId");
    object.shift_remove("$etag");
    Ok(object)
}

fn applied(mut document: Value, patch: &DigitalTwinPatch) -> Option<Value> {
    json_patch::patch(&mut document, patch.operations()).ok()?;
    Some(document)
}

/// What a writer sets: everything but ETag and metadata, of components too, and the model.
fn properties(document: &Value) -> Value {
    let Value::Object(object) = document else {
        return document.clone();
    };
    let mut members: Map<String, Value> = object
        .iter()
        .filter(|(name, _)| !name.starts_with('$'))
        .map(|(name, value)| (name.clone(), properties(value)))
        .collect();
    if let Some(model) = document.pointer("/$metadata/$model") {
        members.insert("$model".to_owned(), model.clone());
    }
    Value::Object(members)
}
