//! An emulator, and a client that trusts it.

use std::time::Duration;

use azure_iot_emulator::{Amqp, AmqpFault, AmqpFaultAction, Emulator, ReceivedMessage, Settlement};
use iothub_convenience::{
    AmqpError, DeviceStatus, Error, IotHubClientOptions, IotHubRegistryManager, SentMessage, SymmetricKey,
};

pub(crate) struct Hub {
    pub(crate) emulator: Emulator,
    pub(crate) client: IotHubRegistryManager,
}

/// Returns options for a client of the emulator, with short retry delays.
pub(crate) fn options(emulator: &Emulator) -> IotHubClientOptions {
    let (pem, endpoint) = (emulator.ca_certificate_pem(), emulator.iothub_amqp_endpoint());
    let mut options = IotHubClientOptions::for_emulator(pem, endpoint).unwrap();
    options.amqp.retry_delay = Duration::from_millis(1);
    options
}

pub(crate) fn client(emulator: &Emulator, options: IotHubClientOptions) -> IotHubRegistryManager {
    let connection_string = emulator.iothub_connection_string();
    IotHubRegistryManager::from_connection_string(&connection_string, Some(options)).unwrap()
}

impl Hub {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut IotHubClientOptions)) -> Self {
        let emulator = Emulator::builder().without_digitaltwins().start().await.unwrap();
        let mut options = options(&emulator);
        change(&mut options);
        let client = client(&emulator, options);
        Self { emulator, client }
    }

    /// Returns a client with a separate connection.
    pub(crate) fn another_client(&self) -> IotHubRegistryManager {
        client(&self.emulator, options(&self.emulator))
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

    /// Receives all queued messages. Returns their bodies.
    pub(crate) fn receive_all(&self, device_id: &str) -> Vec<String> {
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

    /// Adds a fault that applies the next `times` times that it matches.
    pub(crate) fn fault_times(&self, times: u32, action: AmqpFaultAction) {
        self.amqp().add_fault(AmqpFault::new(action).times(times));
    }

    /// Receives and settles a message as the device.
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

    /// Resets all connections and gives the client time to detect the reset.
    pub(crate) async fn reset(&self) {
        self.amqp().reset_connections();
        wait_for_peer().await;
    }

    /// Sends `hello` to `dev-1`.
    pub(crate) async fn hello(&self) -> Result<SentMessage, Error> {
        self.client.send_c2d_message("dev-1", "hello").await
    }
}

/// Gives the peer's last action time to take effect. There is no event to wait for.
pub(crate) async fn wait_for_peer() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Returns the AMQP error of a failed call.
pub(crate) fn amqp_error<T: std::fmt::Debug>(result: Result<T, Error>) -> AmqpError {
    match &result {
        Err(error) if error.amqp().is_some() => error.amqp().unwrap().clone(),
        other => panic!("expected an AMQP error, got {other:?}"),
    }
}
