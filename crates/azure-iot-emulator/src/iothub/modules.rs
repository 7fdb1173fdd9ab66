//! The identity registry: modules.

use http::StatusCode;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::rules::identity_input;
use crate::iothub::rules::identity_input::{ModuleInput, ModuleWrite};
use crate::iothub::rules::precondition::IfMatch;
use crate::iothub::store::api_version::ApiVersion;
use crate::iothub::store::identity::{Device, Module};
use crate::iothub::store::view::ModuleView;
use crate::iothub::store::{Store, etag};
use crate::service::{ServiceRequest, ServiceResponse};

impl IotHub {
    pub(super) fn list_modules(
        &self,
        request: &ServiceRequest,
        device_id: &str,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        self.read(|store| {
            let device = device_for_modules(store, request, device_id)?;
            let modules = device.modules.values();
            let view = |module| ModuleView {
                device,
                module,
                version,
            };
            let modules: Vec<_> = modules.map(view).collect();
            Ok(ServiceResponse::json(StatusCode::OK, &modules))
        })
    }

    pub(super) fn get_module(
        &self,
        request: &ServiceRequest,
        device_id: &str,
        module_id: &str,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        self.read(|store| {
            let device = device_for_modules(store, request, device_id)?;
            Ok(respond(device, device.module(module_id)?, version))
        })
    }

    pub(super) fn put_module(
        &self,
        request: &ServiceRequest,
        device_id: &str,
        module_id: &str,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        identity_input::check_module_id(module_id)?;
        let body: ModuleInput = identity_input::parse(&request.body)?;
        if body.module_id.as_deref() != Some(module_id)
            || body.device_id.as_ref().is_some_and(|id| id != device_id)
        {
            return Err(HubError::argument(
                "The module or device id in the body differs from the one in the path.",
            ));
        }
        let write = ModuleWrite::new(body, version)?;
        let if_match = IfMatch::of_identity(&request.headers);
        let now = self.now();
        self.write(|store| {
            let device = device_for_modules(store, request, device_id)?;
            match (if_match.is_absent(), device.modules.get(module_id)) {
                (true, Some(_)) => {
                    let text = format!("Device {device_id} already contains Module {module_id}.");
                    return Err(HubError::new(Code::MODULE_ALREADY_EXISTS_ON_DEVICE, text));
                }
                (true, None) => store.create_module(device_id, module_id, write, now)?,
                (false, None) => return Err(HubError::module_not_found(module_id)),
                (false, Some(module)) => {
                    if_match.check_identity(module.identity.version)?;
                    store.update_module(device_id, module_id, write)?;
                }
            }
            let device = store.device(device_id)?;
            Ok(respond(device, device.module(module_id)?, version))
        })
    }

    pub(super) fn delete_module(
        &self,
        request: &ServiceRequest,
        device_id: &str,
        module_id: &str,
    ) -> Result<ServiceResponse> {
        let if_match = IfMatch::of_identity(&request.headers);
        if_match.require()?;
        self.write(|store| {
            let device = device_for_modules(store, request, device_id)?;
            if_match.check_identity(device.module(module_id)?.identity.version)?;
            store.delete_module(device_id, module_id)?;
            Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
        })
    }
}

/// Returns the device of a request about modules. If the device is missing or disabled, the service responds with
/// 401 to a shared access signature and with 404 to a bearer token.
fn device_for_modules<'a>(store: &'a Store, request: &ServiceRequest, device_id: &str) -> Result<&'a Device> {
    let device = store.device(device_id);
    let usable = device.as_ref().is_ok_and(|device| device.enabled);
    if !request.caller.is_bearer() && !usable {
        return Err(HubError::unauthorized());
    }
    Ok(device?)
}

fn respond(device: &Device, module: &Module, version: ApiVersion) -> ServiceResponse {
    let tag = etag::of_identity(module.identity.version);
    let view = ModuleView {
        device,
        module,
        version,
    };
    ServiceResponse::json(StatusCode::OK, &view).with_header("etag", &format!("\"{tag}\""))
}
