//! An emulator and a client that trusts it.

use std::time::Duration;

use azure_iot_emulator::{Amqp, AmqpFault, AmqpFaultAction, Emulator, ReceivedMessage, Settlement};
use iothub_convenience::{
    AmqpError, DeviceStatus, Error, IotHubClientOptions, IotHubRegistryManager, SentMessage, SymmetricKey,
};

pub(crate) struct Hub {
    pub(crate) emulator: Emulator,
    pub(crate) client: IotHubRegistryManager,
}

/// Options for a client of the emulator, quick to give up.
pub(crate) fn options(emulator: &Emulator) -> IotHubClientOptions {
    let mut options = IotHubClientOptions::trusting(emulator.ca_certificate_pem()).unwrap();
    options.amqp.endpoint = Some(emulator.iothub_amqp_endpoint());
    options.amqp.retry_delay = Duration::from_millis(1);
    options
}

impl Hub {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut IotHubClientOptions)) -> Self {
        let emulator = Emulator::builder().without_digitaltwins().start().await.unwrap();
        let mut options = options(&emulator);
        change(&mut options);
        let connection_string = emulator.iothub_connection_string();
        let client =
            IotHubRegistryManager::from_connection_string(&connection_string, Some(options)).unwrap();
        Self { emulator, client }
    }

    pub(crate) async fn device(&self, device_id: &str) {
        let keys = SymmetricKey::generate().unwrap();
        let created = self
            .client
            .create_device_with_sas(device_id, keys, DeviceStatus::Enabled, None);
        created.await.unwrap();
    }

    pub(crate) fn receive(&self, device_id: &str) -> Option<ReceivedMessage> {
        self.emulator
            .iothub()
            .unwrap()
            .receive_message(device_id, None)
            .unwrap()
    }

    /// The texts of all messages that wait.
    pub(crate) fn waiting(&self, device_id: &str) -> Vec<String> {
        let next = || self.receive(device_id);
        let bodies =
            std::iter::from_fn(next).map(|received| String::from_utf8(received.message.body).unwrap());
        bodies.collect()
    }

    pub(crate) fn amqp(&self) -> &Amqp {
        self.emulator.amqp().unwrap()
    }

    pub(crate) fn fault(&self, action: AmqpFaultAction) {
        self.amqp().add_fault(AmqpFault::new(action));
    }

    /// A fault for so many times.
    pub(crate) fn fault_times(&self, times: u32, action: AmqpFaultAction) {
        self.amqp().add_fault(AmqpFault::new(action).times(times));
    }

    /// Has the device receive a message and settle it.
    pub(crate) fn settle(&self, device_id: &str, settlement: Settlement) {
        let received = self.receive(device_id).unwrap();
        let iothub = self.emulator.iothub().unwrap();
        iothub
            .settle_message(device_id, None, &received.lock_token, settlement)
            .unwrap();
    }

    pub(crate) fn complete(&self, device_id: &str) {
        self.settle(device_id, Settlement::Complete);
    }

    /// Breaks all connections, and lets the client notice.
    pub(crate) async fn reset(&self) {
        self.amqp().reset_connections();
        settle_down().await;
    }

    /// Sends `hello` to `dev-1`.
    pub(crate) async fn hello(&self) -> Result<SentMessage, Error> {
        self.client.send_c2d_message("dev-1", "hello").await
    }
}

/// Lets what the other side has done arrive; there is nothing to wait for.
pub(crate) async fn settle_down() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// The error of AMQP that a call failed with.
pub(crate) fn amqp_error<T: std::fmt::Debug>(result: Result<T, Error>) -> AmqpError {
    match &result {
        Err(error) if error.amqp().is_some() => error.amqp().unwrap().clone(),
        other => panic!("an error of AMQP was expected, not {other:?}"),
    }
}
