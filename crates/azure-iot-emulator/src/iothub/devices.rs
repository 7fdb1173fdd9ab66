//! The identity registry: devices.

use http::StatusCode;

use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::rules::identity_input;
use crate::iothub::rules::identity_input::{DeviceInput, DeviceWrite};
use crate::iothub::rules::precondition::IfMatch;
use crate::iothub::store::api_version::ApiVersion;
use crate::iothub::store::etag;
use crate::iothub::store::identity::Device;
use crate::iothub::store::view::{DeviceView, ViewContext};
use crate::service::{ServiceRequest, ServiceResponse};

/// Maximum number of devices in a list.
const LIST_LIMIT: usize = 1000;

impl IotHub {
    pub(super) fn get_device(&self, device_id: &str, version: ApiVersion) -> Result<ServiceResponse> {
        let context = self.view_context(version);
        self.read(|store| Ok(respond(store.device(device_id)?, context)))
    }

    pub(super) fn list_devices(&self, request: &ServiceRequest, version: ApiVersion) -> ServiceResponse {
        let top = request
            .query_value("top")
            .and_then(|top| top.parse().ok())
            .filter(|top| (1..=LIST_LIMIT).contains(top))
            .unwrap_or(LIST_LIMIT);
        let context = self.view_context(version);
        self.read(|store| {
            let devices = store.devices.values().take(top);
            let devices: Vec<_> = devices.map(|device| DeviceView { device, context }).collect();
            ServiceResponse::json(StatusCode::OK, &devices)
        })
    }

    pub(super) fn put_device(
        &self,
        request: &ServiceRequest,
        device_id: &str,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        identity_input::check_id(device_id)?;
        let body: DeviceInput = identity_input::parse(&request.body)?;
        if body.device_id.as_deref() != Some(device_id) {
            return Err(HubError::argument(
                "The device id in the body differs from the device id in the path.",
            ));
        }
        let write = DeviceWrite::new(body, version)?;
        let if_match = IfMatch::of_identity(&request.headers);
        let context = self.view_context(version);
        let now = context.now;
        self.write(|store| {
            let existing = store.devices.get(device_id);
            match (if_match.is_absent(), existing) {
                (true, None) => Ok(respond(store.create_device(device_id, write, now)?, context)),
                (true, Some(_)) => Err(HubError::device_already_exists(device_id)),
                (false, None) => Err(HubError::device_not_found(device_id)),
                (false, Some(device)) => {
                    if_match.check_identity(device.identity.version)?;
                    Ok(respond(store.update_device(device_id, write, now)?, context))
                }
            }
        })
    }

    pub(super) fn delete_device(&self, request: &ServiceRequest, device_id: &str) -> Result<ServiceResponse> {
        let if_match = IfMatch::of_identity(&request.headers);
        if_match.require()?;
        self.write(|store| {
            if_match.check_identity(store.device(device_id)?.identity.version)?;
            store.devices.remove(device_id);
            Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
        })
    }
}

fn respond(device: &Device, context: ViewContext) -> ServiceResponse {
    let tag = etag::of_identity(device.identity.version);
    let view = DeviceView { device, context };
    ServiceResponse::json(StatusCode::OK, &view).with_header("etag", &format!("\"{tag}\""))
}
