//! The identity registry: modules.

use http::StatusCode;

use super::codes::Code;
use super::devices::require;
use super::errors::{HubError, Result};
use super::etag::{self, IfMatch};
use super::input::{self, ModuleInput, Owner};
use super::model::{Authentication, Device, Identity, Module};
use super::render::ModuleView;
use super::store::Store;
use super::timestamp::Timestamp;
use super::{IotHub, edge};
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
        input::check_module_id(module_id)?;
        let body: ModuleInput = input::parse(&request.body)?;
        if body.module_id.as_deref() != Some(module_id) || body.device_id.is_some_and(|id| id != device_id) {
            return Err(HubError::argument(
                "The module or device id of the body is not that of the path.",
            ));
        }
        let write = ModuleWrite {
            authentication: input::authentication(body.authentication, Owner::Module)?,
            managed_by: input::present(body.managed_by),
        };
        let if_match = IfMatch::of(&request.headers);
        let now = self.now();
        let mut store = self.store.write();
        let device = device_for_modules(&store, request, device_id)?;
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
        store.delete_module(device_id, module_id)?;
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }
}

/// What a PUT can write of a module.
#[derive(Debug)]
pub(crate) struct ModuleWrite {
    pub(crate) managed_by: Option<String>,
    pub(crate) authentication: Authentication,
}

impl Store {
    pub(crate) fn create_module(
        &mut self,
        device_id: &str,
        module_id: &str,
        write: ModuleWrite,
        now: Timestamp,
    ) -> Result<()> {
        let generation = self.next_generation(now);
        let device = self.device_mut(device_id)?;
        if device.modules.len() >= MODULE_LIMIT {
            let text = format!("A device can have {MODULE_LIMIT} modules.");
            return Err(HubError::new(Code::TOO_MANY_MODULES_ON_DEVICE, text));
        }
        let identity = Identity::new(generation, write.authentication, now);
        let module = Module {
            id: module_id.to_owned(),
            managed_by: write.managed_by,
            identity,
        };
        device.modules.insert(module_id.to_owned(), module);
        Ok(())
    }

    /// Replaces all that a PUT can write of a module that exists.
    pub(crate) fn update_module(
        &mut self,
        device_id: &str,
        module_id: &str,
        write: ModuleWrite,
    ) -> Result<()> {
        let module = self.device_mut(device_id)?.module_mut(module_id)?;
        module.managed_by = write.managed_by;
        module.identity.authentication = write.authentication;
        module.identity.version += 1;
        Ok(())
    }

    pub(crate) fn delete_module(&mut self, device_id: &str, module_id: &str) -> Result<()> {
        if edge::SYSTEM_MODULES.contains(&module_id) {
            let text = "The system modules of an edge device can't be deleted.";
            return Err(HubError::new(
                Code::SYSTEM_MODULE_MODIFY_UNAUTHORIZED_ACCESS,
                text,
            ));
        }
        self.device_mut(device_id)?.modules.remove(module_id);
        Ok(())
    }
}

/// With a shared access signature, a device that is missing or disabled makes the service take the caller for
/// somebody without rights; with a bearer token it says what is missing.
fn device_for_modules<'a>(store: &'a Store, request: &ServiceRequest, device_id: &str) -> Result<&'a Device> {
    let device = store.device(device_id);
    let usable = device.as_ref().is_ok_and(|device| device.enabled);
    if !request.caller.is_bearer() && !usable {
        return Err(HubError::unauthorized());
    }
    device
}

fn respond(device: &Device, module: &Module) -> ServiceResponse {
    let tag = etag::of_identity(module.identity.version);
    ServiceResponse::json(StatusCode::OK, &ModuleView(device, module))
        .with_header("etag", &format!("\"{tag}\""))
}
