//! The same operations on twins of both services.

use std::fmt;

use async_trait::async_trait;
use azure_core::http::{ExponentialRetryOptions, RetryOptions};
use azure_iot_emulator::Emulator;
use azure_service_core::Error;
use digitaltwins_convenience::{BasicDigitalTwin, DigitalTwin, DigitalTwinPatch, DigitalTwinsClient, Upsert};
use iothub_convenience::{
    CallOptions, DeviceStatus, Etag, IotHubRegistryManager, Precondition, SymmetricKey, TwinPatch,
};
use serde_json::json;

use crate::Failure;
use crate::environment::{hub_of, twins_of};

/// The error of a call, as far as the model needs it.
#[derive(Debug)]
pub(super) struct CallError {
    pub(super) status: Option<u16>,
    pub(super) attempts: u32,
    pub(super) is_unknown_outcome: bool,
    pub(super) is_connection: bool,
    text: String,
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl<E: AsRef<Error> + fmt::Display> From<E> for CallError {
    fn from(error: E) -> Self {
        let core = error.as_ref();
        Self {
            status: core.status(),
            attempts: core.attempts(),
            is_unknown_outcome: core.is_unknown_outcome(),
            is_connection: core.is_connection(),
            text: error.to_string(),
        }
    }
}

pub(super) type Outcome<T> = Result<T, CallError>;

/// A service with twins that have a number.
#[async_trait]
pub(super) trait TwinStore: Send + Sync {
    const IS_HUB: bool;

    /// Creates a twin with the number 0; fails if it exists.
    async fn create(&self, id: &str) -> Outcome<()>;

    /// Returns the number and the ETag.
    async fn read(&self, id: &str) -> Outcome<(u64, Etag)>;

    async fn update(&self, id: &str, number: u64, precondition: Precondition) -> Outcome<()>;

    async fn delete(&self, id: &str) -> Outcome<()>;
}

/// Returns call options whose retries wait only a short time.
fn call_options() -> CallOptions {
    CallOptions {
        retry: Some(RetryOptions::exponential(ExponentialRetryOptions {
            max_retries: 3,
            initial_delay: azure_core::time::Duration::milliseconds(1),
            max_delay: azure_core::time::Duration::milliseconds(20),
            ..Default::default()
        })),
        ..CallOptions::default()
    }
}

/// The twins of devices.
pub(super) struct HubStore(IotHubRegistryManager);

impl HubStore {
    pub(super) fn new(emulator: &Emulator) -> Result<Self, Failure> {
        Ok(Self(hub_of(emulator)?.with_call_options(call_options())))
    }
}

#[async_trait]
impl TwinStore for HubStore {
    const IS_HUB: bool = true;

    #[expect(clippy::expect_used, reason = "every supported system has random numbers")]
    async fn create(&self, id: &str) -> Outcome<()> {
        let keys = SymmetricKey::generate().expect("the system has random numbers");
        let created = self
            .0
            .create_device_with_sas(id, keys, DeviceStatus::Enabled, None);
        Ok(created.await.map(drop)?)
    }

    async fn read(&self, id: &str) -> Outcome<(u64, Etag)> {
        let twin = self.0.get_twin(id).await?.into_model();
        let twin = twin.map_err(iothub_convenience::Error::from)?;
        let number = twin.tags.get("n").and_then(serde_json::Value::as_u64);
        Ok((number.unwrap_or(0), twin.etag.unwrap_or_else(|| Etag::from(""))))
    }

    async fn update(&self, id: &str, number: u64, precondition: Precondition) -> Outcome<()> {
        let patch = TwinPatch::new().set_tag("n", number);
        Ok(self.0.update_twin(id, &patch, precondition).await.map(drop)?)
    }

    async fn delete(&self, id: &str) -> Outcome<()> {
        Ok(self
            .0
            .delete_device(id, Precondition::Unconditional)
            .await
            .map(drop)?)
    }
}

/// Digital twins.
pub(super) struct TwinsStore(DigitalTwinsClient);

const MODEL: &str = "dtmi:soak:Thing;1";

impl TwinsStore {
    pub(super) async fn new(emulator: &Emulator) -> Result<Self, Failure> {
        let client = twins_of(emulator)?;
        let contents = json!([{"@type": "Property", "name": "n", "schema": "long"}]);
        let model = json!({
            "@id": MODEL, "@type": "Interface", "@context": "dtmi:dtdl:context;2", "contents": contents,
        });
        client.create_models(&[model]).await?;
        Ok(Self(client.with_call_options(call_options())))
    }
}

#[async_trait]
impl TwinStore for TwinsStore {
    const IS_HUB: bool = false;

    async fn create(&self, id: &str) -> Outcome<()> {
        let twin = DigitalTwin::new(id, MODEL, json!({"n": 0}));
        Ok(self
            .0
            .upsert_digital_twin(id, &twin, Upsert::CreateOnly)
            .await
            .map(drop)?)
    }

    async fn read(&self, id: &str) -> Outcome<(u64, Etag)> {
        let twin = self.0.get_digital_twin::<BasicDigitalTwin>(id).await?;
        let twin = twin.into_model().map_err(digitaltwins_convenience::Error::from)?;
        let number = twin.contents.get("n").and_then(serde_json::Value::as_u64);
        Ok((
            number.unwrap_or(u64::MAX),
            twin.etag.unwrap_or_else(|| Etag::from("")),
        ))
    }

    async fn update(&self, id: &str, number: u64, precondition: Precondition) -> Outcome<()> {
        let patch = DigitalTwinPatch::new().replace("/n", number)?;
        Ok(self
            .0
            .update_digital_twin(id, &patch, precondition)
            .await
            .map(drop)?)
    }

    async fn delete(&self, id: &str) -> Outcome<()> {
        Ok(self
            .0
            .delete_digital_twin(id, Precondition::Unconditional)
            .await
            .map(drop)?)
    }
}
