//! A client of each service, and calls whose results are compared.

use std::time::{Duration, Instant};

use azure_core::http::{ExponentialRetryOptions, RetryOptions};
use azure_service_core::{Error, ErrorKind};
use digitaltwins_convenience::{
    BasicDigitalTwin, DelegatedTokenCredential, DigitalTwinPatch, DigitalTwinsClient,
    DigitalTwinsClientOptions, Precondition,
};
use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager, TwinPatch};

use crate::evil_server::EvilServer;

/// The time within which every call must end. It is longer than [`CALL_TIMEOUT`], for slow machines.
const END: Duration = Duration::from_secs(10);
/// The timeout of the clients' calls.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(2);
/// The clients' limit of a response, in bytes.
pub(crate) const MAX_RESPONSE_SIZE: usize = 1 << 20;
/// Attempts of a call that is retried.
pub(crate) const ATTEMPTS: u32 = 3;
/// The secrets of the clients, which no error may show.
const TOKEN: &str = "dG9rZW4tc2VjcmV0";
const KEY: &str = "a2V5LXNlY3JldA==";

/// An error as the caller of either client sees it.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) kind: ErrorKind,
    pub(crate) status: Option<u16>,
    pub(crate) attempts: u32,
    pub(crate) is_timeout: bool,
    pub(crate) text: String,
}

impl Failed {
    fn of(error: &Error) -> Self {
        let text = format!("{error}");
        for secret in [TOKEN, KEY] {
            assert!(!format!("{text} {error:?}").contains(secret), "{text}");
        }
        Self {
            kind: error.kind(),
            status: error.status(),
            attempts: error.attempts(),
            is_timeout: error.is_timeout(),
            text,
        }
    }
}

/// A client of each service, whose endpoint is the same server.
pub(crate) struct Clients {
    pub(crate) hub: IotHubRegistryManager,
    pub(crate) twins: DigitalTwinsClient,
}

impl Clients {
    /// Creates clients with short timeouts.
    pub(crate) fn of(server: &EvilServer) -> Self {
        let retry = RetryOptions::exponential(ExponentialRetryOptions {
            max_retries: ATTEMPTS - 1,
            initial_delay: azure_core::time::Duration::milliseconds(1),
            ..Default::default()
        });
        let mut options = IotHubClientOptions::trusting(&server.pem).expect("a certificate");
        options.client_options.retry = retry.clone();
        options.call_timeout = Some(CALL_TIMEOUT);
        options.max_response_size = Some(MAX_RESPONSE_SIZE);
        let connection_string = format!(
            "HostName={};SharedAccessKeyName=iothubowner;SharedAccessKey={KEY}",
            server.address
        );
        let hub = IotHubRegistryManager::from_connection_string(&connection_string, Some(options));
        let mut options = DigitalTwinsClientOptions::trusting(&server.pem).expect("a certificate");
        options.client_options.retry = retry;
        options.call_timeout = Some(CALL_TIMEOUT);
        options.max_response_size = Some(MAX_RESPONSE_SIZE);
        let credential = DelegatedTokenCredential::new(|| TOKEN.to_owned());
        let twins = DigitalTwinsClient::new(&server.address, credential, Some(options));
        Self {
            hub: hub.expect("valid options"),
            twins: twins.expect("valid options"),
        }
    }

    /// Reads a twin with each client.
    pub(crate) async fn read(&self) -> [Result<(), Failed>; 2] {
        let hub = in_time(async {
            let response = self.hub.get_twin("d").await?;
            response
                .into_model()
                .map(drop)
                .map_err(iothub_convenience::Error::from)
        });
        let twins = in_time(async {
            let response = self.twins.get_digital_twin::<BasicDigitalTwin>("t").await?;
            response
                .into_model()
                .map(drop)
                .map_err(digitaltwins_convenience::Error::from)
        });
        [failed(hub.await), failed(twins.await)]
    }

    /// Changes a twin with each client, without a precondition.
    pub(crate) async fn write(&self) -> [Result<(), Failed>; 2] {
        let patch = TwinPatch::new().set_tag("a", 1);
        let hub = self.hub.update_twin("d", &patch, Precondition::Unconditional);
        let hub = failed(in_time(hub).await.map(drop));
        let patch = DigitalTwinPatch::new().replace("/a", 1).expect("a valid patch");
        let twins = self
            .twins
            .update_digital_twin("t", &patch, Precondition::Unconditional);
        [hub, failed(in_time(twins).await.map(drop))]
    }
}

/// Awaits a call, which must end in time.
pub(crate) async fn in_time<T>(call: impl Future<Output = T>) -> T {
    let begin = Instant::now();
    let result = tokio::time::timeout(END, call).await;
    result.unwrap_or_else(|_| panic!("the call did not end within {:?}", begin.elapsed()))
}

pub(crate) fn failed<T, E: AsRef<Error>>(result: Result<T, E>) -> Result<T, Failed> {
    result.map_err(|error| Failed::of(error.as_ref()))
}
