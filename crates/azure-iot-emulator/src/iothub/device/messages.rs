//! Cloud-to-device messages and file uploads, from the side of the device.

use std::time::Duration;

use crate::iothub::device::error::DeviceError;
use crate::iothub::hub::IotHub;
use crate::iothub::store::message::{FileNotification, ReceivedMessage, Settlement};
use crate::iothub::store::twin_key::TwinKey;

impl IotHub {
    /// Receives a message on behalf of a device or module, and locks it for one minute.
    ///
    /// # Errors
    /// If there is no such device or module.
    pub fn receive_message(
        &self,
        device_id: &str,
        module_id: Option<&str>,
    ) -> Result<Option<ReceivedMessage>, DeviceError> {
        let now = self.now();
        let key = TwinKey { device_id, module_id };
        self.write(|store| store.with_queue(key, now, |queue, _| queue.receive(now)))
            .map_err(DeviceError::from)
    }

    /// Settles a received message on behalf of a device or module.
    ///
    /// # Errors
    /// If there is no such device or module, or the lock is lost.
    pub fn settle_message(
        &self,
        device_id: &str,
        module_id: Option<&str>,
        lock_token: &str,
        settlement: Settlement,
    ) -> Result<(), DeviceError> {
        let now = self.now();
        let key = TwinKey { device_id, module_id };
        let settled = self.write(|store| {
            store.with_queue(key, now, |queue, removed| {
                let settled = queue.settle(lock_token, settlement, now);
                removed.extend(settled.clone().flatten());
                settled.is_some()
            })
        });
        self.messaging().notify();
        match settled {
            Ok(true) => Ok(()),
            Ok(false) => Err(DeviceError::LockLost {
                lock_token: lock_token.to_owned(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Sets the maximum age of a batch of feedback, at which it is delivered. The default is that of the
    /// service, 15 seconds.
    pub fn set_feedback_interval(&self, interval: Duration) {
        self.messaging().set_feedback_interval(interval);
    }

    /// Delivers the collected feedback immediately.
    pub fn flush_feedback(&self) {
        let now = self.now();
        self.write(|store| store.messaging.notifications.close_batch(now));
        self.messaging().notify();
    }

    /// Sends the notification that a device has uploaded a file.
    ///
    /// # Errors
    /// If there is no such device.
    pub fn notify_file_upload(&self, file: &FileNotification) -> Result<(), DeviceError> {
        let now = self.now();
        self.write(|store| {
            store.device(&file.device_id)?;
            store.messaging.notifications.add_file(file, now);
            Ok::<(), DeviceError>(())
        })?;
        self.messaging().notify();
        Ok(())
    }
}
