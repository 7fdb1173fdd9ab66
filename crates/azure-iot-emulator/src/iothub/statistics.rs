//! Counts of devices.

use http::StatusCode;
use serde_json::json;

use super::IotHub;
use crate::service::ServiceResponse;

impl IotHub {
    pub(crate) fn device_statistics(&self) -> ServiceResponse {
        let store = self.store.read();
        let total = store.devices.len();
        let enabled = store.devices.values().filter(|device| device.enabled).count();
        ServiceResponse::json(
            StatusCode::OK,
            &json!({
                "totalDeviceCount": total,
                "enabledDeviceCount": enabled,
                "disabledDeviceCount": total - enabled,
            }),
        )
    }

    pub(crate) fn service_statistics(&self) -> ServiceResponse {
        let store = self.store.read();
        let connected = store
            .devices
            .values()
            .filter(|device| device.identity.connection.connected)
            .count();
        ServiceResponse::json(StatusCode::OK, &json!({ "connectedDeviceCount": connected }))
    }
}
