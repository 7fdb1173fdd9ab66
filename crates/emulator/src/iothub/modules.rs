//! The identity registry: modules.

use http::StatusCode;

use super::codes::Code;
use super::devices::require;
use super::errors::{HubError, Result};
use super::etag::{self, IfMatch};
use super::input::{self, ModuleInput, Owner};
use super::model::{Device, Identity, Module};
use super::render::ModuleView;
use super::store::Store;
use super::{IotHub, edge};
use crate::auth::Caller;
use crate::service::{ServiceRequest, ServiceResponse};

/// The most modules of a device.
const MODULE_LIMIT: usize = 50;

impl IotHub {
    pub(crate) fn list_modules(&self, request: &ServiceRequest, device_id: &str) -> Result<ServiceResponse> {
        let store = self.store.read();
        let device = device_for_modules(&store, request, device_id)?;
        let modules: Vec<_> = device
            .modules
            .values()
            .map(|module| ModuleView(device, module))
            .collect();
        Ok(ServiceResponse::json(StatusCode::OK, &modules))
    }

    pub(crate) fn get_module(
        &self,
        request: &ServiceRequest,
        device_id: &str,
        module_id: &str,
    ) -> Result<ServiceResponse> {
        let store = self.store.read();
        let device = device_for_modules(&store, request, device_id)?;
        Ok(respond(device, device.module(module_id)?))
    }

    pub(crate) fn put_module(
        &self,
        request: &ServiceRequest,
        device_id: &str,
        module_id: &str,
    ) -> Result<ServiceResponse> {
        input::check_id(module_id)?;
        if module_id.starts_with('$') {
            return Err(HubError::argument("The id of a module must not start with '$'."));
        }
        let body: ModuleInput = input::parse(&request.body)?;
        if body.module_id.as_deref() != Some(module_id) || body.device_id.is_some_and(|id| id != device_id) {
            return Err(HubError::argument(
                "The module or device id of the body is not that of the path.",
            ));
        }
        let authentication = input::authentication(body.authentication, Owner::Module)?;
        let managed_by = input::present(body.managed_by);
        let if_match = IfMatch::of(&request.headers);
        let now = self.now();
        let mut store = self.store.write();
        let device = device_for_modules(&store, request, device_id)?;
        match (if_match.is_absent(), device.modules.get(module_id)) {
            (true, Some(_)) => {
                let text = format!("Device {device_id} already contains Module {module_id}.");
                return Err(HubError::new(Code::MODULE_ALREADY_EXISTS_ON_DEVICE, text));
            }
            (true, None) if device.modules.len() >= MODULE_LIMIT => {
                let text = format!("A device can have {MODULE_LIMIT} modules.");
                return Err(HubError::new(Code::TOO_MANY_MODULES_ON_DEVICE, text));
            }
            (true, None) => {
                let generation = store.next_generation(now);
                let identity = Identity::new(generation, authentication, now);
                let module = Module {
                    id: module_id.to_owned(),
                    managed_by,
                    identity,
                };
                store
                    .device_mut(device_id)?
                    .modules
                    .insert(module_id.to_owned(), module);
            }
            (false, None) => return Err(HubError::module_not_found(module_id)),
            (false, Some(module)) => {
                if_match.check_identity(module.identity.version)?;
                let module = store.device_mut(device_id)?.module_mut(module_id)?;
                module.managed_by = managed_by;
                module.identity.authentication = authentication;
                module.identity.version += 1;
            }
        }
        let device = store.device(device_id)?;
        Ok(respond(device, device.module(module_id)?))
    }

    pub(crate) fn delete_module(
        &self,
        request: &ServiceRequest,
        device_id: &str,
        module_id: &str,
    ) -> Result<ServiceResponse> {
        let if_match = IfMatch::of(&request.headers);
        require(&if_match)?;
        let mut store = self.store.write();
        let device = device_for_modules(&store, request, device_id)?;
        if_match.check_identity(device.module(module_id)?.identity.version)?;
        if edge::SYSTEM_MODULES.contains(&module_id) {
            let text = "The system modules of an edge device can't be deleted.";
            return Err(HubError::new(
                Code::SYSTEM_MODULE_MODIFY_UNAUTHORIZED_ACCESS,
                text,
            ));
        }
        store.device_mut(device_id)?.modules.remove(module_id);
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }
}

/// With a shared access signature, a device that is missing or disabled makes the service take the caller for
/// somebody without rights; with a bearer token it says what is missing.
fn device_for_modules<'a>(store: &'a Store, request: &ServiceRequest, device_id: &str) -> Result<&'a Device> {
    let device = store.device(device_id);
    let usable = device.as_ref().is_ok_and(|device| device.enabled);
    if matches!(request.caller, Caller::SharedAccess { .. }) && !usable {
        return Err(HubError::unauthorized());
    }
    device
}

fn respond(device: &Device, module: &Module) -> ServiceResponse {
    let tag = etag::of_identity(module.identity.version);
    ServiceResponse::json(StatusCode::OK, &ModuleView(device, module))
        .with_header("etag", &format!("\"{tag}\""))
}
