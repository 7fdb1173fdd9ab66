//! A hub and a client that connects through a proxy.

use std::cell::Cell;
use std::time::{Duration, Instant};

use azure_iot_emulator::Emulator;
use iothub_convenience::{CloudToDeviceMessage, DeliveryAcknowledgement, IotHubClientOptions};

use crate::frame_proxy::FrameProxy;
use crate::support::{Hub, client, options};

pub(crate) struct Proxied {
    pub(crate) hub: Hub,
    pub(crate) proxy: FrameProxy,
    /// The duration of the slowest call.
    pub(crate) slowest: Cell<Duration>,
    devices: Cell<usize>,
}

impl Proxied {
    /// Starts a hub with the device `dev-1`.
    pub(crate) async fn start(change: impl FnOnce(&mut IotHubClientOptions)) -> Self {
        // Boxed, because the future is too large for a test thread's stack.
        let emulator = Box::pin(Emulator::builder().without_digitaltwins().start());
        let emulator = emulator.await.unwrap();
        let proxy = FrameProxy::start(&emulator).await;
        let mut options = options(&emulator);
        options.amqp.endpoint = Some(proxy.endpoint.clone());
        options.amqp.trusted_certificates = Some(proxy.ca_pem.clone());
        change(&mut options);
        let client = client(&emulator, options);
        let proxied = Self {
            hub: Hub { emulator, client },
            proxy,
            slowest: Cell::default(),
            devices: Cell::default(),
        };
        proxied.another_device().await;
        proxied
    }

    /// Creates a device. Returns its id.
    pub(crate) async fn another_device(&self) -> String {
        self.devices.set(self.devices.get() + 1);
        let id = format!("dev-{}", self.devices.get());
        self.hub.device(&id).await;
        id
    }

    /// Awaits a call and records its duration.
    pub(crate) async fn call<T>(&self, work: impl Future<Output = T>) -> T {
        let begin = Instant::now();
        let result = work.await;
        self.slowest.set(self.slowest.get().max(begin.elapsed()));
        result
    }

    /// Adds feedback for one message to the hub, bypassing the proxy. Returns the id of the message.
    pub(crate) async fn add_feedback(&self) -> String {
        let device = self.another_device().await;
        let message = CloudToDeviceMessage::new("hello").with_acknowledgement(DeliveryAcknowledgement::Full);
        let client = self.hub.another_client();
        let sent = client.send_c2d_message(&device, message).await.unwrap();
        self.hub.complete(&device);
        self.hub.emulator.iothub().unwrap().flush_feedback();
        client.close_amqp().await;
        sent.message_id
    }
}
