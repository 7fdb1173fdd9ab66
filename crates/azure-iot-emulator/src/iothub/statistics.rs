//! Device statistics: the numbers of registered and of connected devices.

use http::StatusCode;
use serde_json::json;

use crate::iothub::hub::IotHub;
use crate::service::ServiceResponse;

impl IotHub {
    pub(super) fn device_statistics(&self) -> ServiceResponse {
        let (total, enabled) = self.read(|store| {
            let enabled = store.devices.values().filter(|device| device.enabled).count();
            (store.devices.len(), enabled)
        });
        ServiceResponse::json(
            StatusCode::OK,
            &json!({
                "totalDeviceCount": total,
                "enabledDeviceCount": enabled,
                "disabledDeviceCount": total - enabled,
            }),
        )
    }

    pub(super) fn service_statistics(&self) -> ServiceResponse {
        let connected = self.read(|store| {
            let devices = store.devices.values();
            devices
                .filter(|device| device.identity.connection.connected)
                .count()
        });
        ServiceResponse::json(StatusCode::OK, &json!({ "connectedDeviceCount": connected }))
    }
}
