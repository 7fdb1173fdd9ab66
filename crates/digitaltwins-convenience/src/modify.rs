//! Read-modify-write of twins.

use std::sync::Arc;

use azure_core::http::Etag;
use azure_service_core::{Decision, Precondition, ResponseExt, read_modify_write};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::patch::adapt_to_document;
use crate::{DigitalTwin, DigitalTwinPatch, DigitalTwinsClient, json};

/// A twin as it was read.
struct Current {
    document: Value,
    etag: Option<Etag>,
}

/// A patch that applies only to the version that was read.
struct ConditionalPatch {
    read: Value,
    precondition: Precondition,
    patch: DigitalTwinPatch,
}

impl ConditionalPatch {
    /// Returns whether `document` is the result of this patch.
    fn results_in(&self, document: &Value) -> bool {
        let mut expected = self.read.clone();
        json_patch::patch(&mut expected, self.patch.operations()).is_ok()
            && properties(&expected) == properties(document)
    }
}

/// Read-modify-write.
impl DigitalTwinsClient {
    /// Reads a twin, applies `change` to it, and writes the differences on the condition that the twin has not
    /// changed in the meantime. If it has changed, the method starts over with the new version after a jittered
    /// backoff, so `change` may run more than once.
    ///
    /// The patch contains only the differences, so properties unknown to `T` are preserved; without differences, no
    /// request is sent. Returns the twin with its new ETag; its `metadata` still has the update times from before the
    /// write.
    ///
    /// If the response to a write is lost, the retry fails, because the first attempt has changed the ETag. If the
    /// twin then has the intended content, the call succeeds without running `change` again.
    ///
    /// # Errors
    ///
    /// * The errors of [`get_digital_twin`](Self::get_digital_twin) and
    ///   [`update_digital_twin`](Self::update_digital_twin).
    /// * [`is_precondition_failed`](Error::is_precondition_failed) if other writers changed the twin during each of
    ///   ten attempts.
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
    #[expect(clippy::expect_used, reason = "`decide` runs before there is a result")]
    pub async fn modify_digital_twin<T: Serialize + DeserializeOwned>(
        &self,
        id: &str,
        mut change: impl FnMut(&mut DigitalTwin<T>) + Send,
    ) -> Result<DigitalTwin<T>> {
        let composite = self.core.begin("modify_digital_twin");
        let client = Self {
            core: composite.client().clone(),
        };
        let mut changed: Option<DigitalTwin<T>> = None;
        let decide = |current: Current, unconfirmed: Option<Arc<ConditionalPatch>>| {
            let (twin, decision) = decide(current, unconfirmed, &mut change)?;
            changed = Some(twin);
            Ok(decision)
        };
        let result = read_modify_write(|| client.read(id), decide, |change| client.write(id, change)).await;
        let written = result.inspect_err(|error: &Error| composite.failed(error.as_ref()))?;
        let mut twin = changed.expect("a result follows a decision, which sets it");
        if let Written::Applied(etag) = written {
            twin.etag = etag;
        }
        Ok(twin)
    }

    async fn read(&self, id: &str) -> Result<Current> {
        let response = self.get_digital_twin::<Value>(id).await?;
        Ok(Current {
            etag: ResponseExt::etag(&response),
            document: response.into_model()?,
        })
    }

    async fn write(&self, id: &str, change: Arc<ConditionalPatch>) -> Result<Written> {
        let response = self
            .update_digital_twin(id, &change.patch, &change.precondition)
            .await?;
        Ok(Written::Applied(ResponseExt::etag(&response)))
    }
}

/// The outcome of the last read-modify-write round.
enum Written {
    /// The patch was applied; the new version has this ETag.
    Applied(Option<Etag>),
    /// The twin that was read already has the intended content.
    Unchanged,
}

type Step = Decision<Arc<ConditionalPatch>, Written>;

/// Applies `change`, and returns the changed twin with the decision to write it or not. If the write of an earlier
/// round turns out to have been stored, returns the twin without applying `change`.
fn decide<T: Serialize + DeserializeOwned>(
    current: Current,
    unconfirmed: Option<Arc<ConditionalPatch>>,
    change: &mut (impl FnMut(&mut DigitalTwin<T>) + Send),
) -> Result<(DigitalTwin<T>, Step)> {
    let Current { document, etag } = current;
    let mut twin: DigitalTwin<T> = decode(&document)?;
    twin.etag = etag.or(twin.etag);
    let precondition = twin.precondition()?;
    if unconfirmed.is_some_and(|unconfirmed| unconfirmed.results_in(&document)) {
        return Ok((twin, Decision::Done(Written::Unchanged)));
    }
    let before = encode(&twin)?;
    change(&mut twin);
    let patch = adapt_to_document(DigitalTwinPatch::diff(&before, &encode(&twin)?)?, &document);
    if patch.is_empty() {
        return Ok((twin, Decision::Done(Written::Unchanged)));
    }
    let change = ConditionalPatch {
        read: document,
        precondition,
        patch,
    };
    Ok((twin, Decision::Write(Arc::new(change))))
}

fn decode<T: DeserializeOwned>(document: &Value) -> Result<DigitalTwin<T>> {
    use serde::Deserialize as _;
    DigitalTwin::<T>::deserialize(document).map_err(|error| azure_core::Error::from(error).into())
}

fn encode<T: Serialize>(twin: &DigitalTwin<T>) -> Result<Map<String, Value>> {
    let mut object =
        json::to_object(twin).map_err(|error| Error::invalid_input("change", error.to_string()))?;
    // Changes to the id and the ETag are ignored.
    object.shift_remove("$dtId");
    object.shift_remove("$etag");
    Ok(object)
}

/// Returns the members that writers control: the model, and all members except ETags and other metadata, including
/// those of components.
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
