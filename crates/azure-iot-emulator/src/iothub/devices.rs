//! The identity registry: devices.

use http::StatusCode;

use super::codes::Code;
use super::errors::{HubError, Result};
use super::etag::{self, IfMatch};
use super::input::{self, DeviceInput, Owner};
use super::model::{Authentication, Connection, Device, Identity, Module};
use super::render::DeviceView;
use super::store::Store;
use super::timestamp::Timestamp;
use super::twin::Twin;
use super::{IotHub, edge};
use crate::service::{ServiceRequest, ServiceResponse};

/// The most devices that a list has.
const LIST_LIMIT: usize = 1000;

/// A device PUT after the checks that need no look at the registry.
#[derive(Debug)]
pub(crate) struct DeviceWrite {
    pub(crate) enabled: bool,
    pub(crate) status_reason: Option<String>,
    pub(crate) authentication: Authentication,
    pub(crate) edge: bool,
    pub(crate) scope: Option<String>,
    pub(crate) parent_scopes: Vec<String>,
}

impl DeviceWrite {
    pub(crate) fn of(input: DeviceInput) -> Result<Self> {
        Ok(Self {
            enabled: input::enabled(input.status.as_deref())?,
            status_reason: input::status_reason(input.status_reason)?,
            authentication: input::authentication(input.authentication, Owner::Device)?,
            edge: input
                .capabilities
                .and_then(|capabilities| capabilities.iot_edge)
                .unwrap_or(false),
            scope: input::present(input.device_scope),
            parent_scopes: input.parent_scopes.unwrap_or_default(),
        })
    }
}

impl IotHub {
    pub(crate) fn get_device(&self, device_id: &str) -> Result<ServiceResponse> {
        Ok(respond(self.store.read().device(device_id)?))
    }

    pub(crate) fn list_devices(&self, request: &ServiceRequest) -> ServiceResponse {
        let top = request
            .query_value("top")
            .and_then(|top| top.parse().ok())
            .unwrap_or(LIST_LIMIT);
        let top = if (1..=LIST_LIMIT).contains(&top) {
            top
        } else {
            LIST_LIMIT
        };
        let store = self.store.read();
        let devices: Vec<_> = store.devices.values().take(top).map(DeviceView).collect();
        ServiceResponse::json(StatusCode::OK, &devices)
    }

    pub(crate) fn put_device(&self, request: &ServiceRequest, device_id: &str) -> Result<ServiceResponse> {
        input::check_id(device_id)?;
        let body: DeviceInput = input::parse(&request.body)?;
        if body.device_id.as_deref() != Some(device_id) {
            return Err(HubError::argument(
                "The device id of the body is not that of the path.",
            ));
        }
        let write = DeviceWrite::of(body)?;
        let if_match = IfMatch::of(&request.headers);
        let now = self.now();
        let mut store = self.store.write();
        let existing = store.devices.get(device_id);
        match (if_match.is_absent(), existing) {
            (true, None) => Ok(respond(store.create_device(device_id, write, now)?)),
            (true, Some(_)) => Err(already_exists(device_id)),
            (false, None) => Err(HubError::device_not_found(device_id)),
            (false, Some(device)) => {
                if_match.check_identity(device.identity.version)?;
                Ok(respond(store.update_device(device_id, write, now)?))
            }
        }
    }

    pub(crate) fn delete_device(&self, request: &ServiceRequest, device_id: &str) -> Result<ServiceResponse> {
        let if_match = IfMatch::of(&request.headers);
        require(&if_match)?;
        let mut store = self.store.write();
        if_match.check_identity(store.device(device_id)?.identity.version)?;
        store.devices.remove(device_id);
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }
}

/// Deletions need an `If-Match` header.
pub(crate) fn require(if_match: &IfMatch) -> Result<()> {
    if if_match.is_absent() {
        return Err(HubError::new(Code::PRECONDITION_FAILED, "Etag missing"));
    }
    Ok(())
}

pub(crate) fn already_exists(device_id: &str) -> HubError {
    let text = format!("A device with ID '{device_id}' is already registered.");
    HubError::new(Code::DEVICE_ALREADY_EXISTS, text)
}

fn respond(device: &Device) -> ServiceResponse {
    let tag = etag::of_identity(device.identity.version);
    ServiceResponse::json(StatusCode::OK, &DeviceView(device)).with_header("etag", &format!("\"{tag}\""))
}

/// The first version of an identity is random, so that nobody takes it for a count.
fn first_version() -> u64 {
    u64::from(rand::random::<u32>() % 900_000_000 + 100_000_000)
}

impl Identity {
    pub(crate) fn new(generation: u64, authentication: Authentication, now: Timestamp) -> Self {
        Self {
            generation,
            version: first_version(),
            authentication,
            connection: Connection::default(),
            configurations: std::collections::BTreeMap::new(),
            message_count: 0,
            messages: super::messaging::Queue::default(),
            twin: Twin::new(now),
        }
    }
}

impl Store {
    pub(crate) fn create_device(
        &mut self,
        device_id: &str,
        write: DeviceWrite,
        now: Timestamp,
    ) -> Result<&Device> {
        let generation = self.next_generation(now);
        let links = edge::on_create(self, device_id, generation, &write)?;
        let mut device = Device {
            id: device_id.to_owned(),
            identity: Identity::new(generation, write.authentication, now),
            enabled: write.enabled,
            status_reason: write.status_reason,
            status_updated: None,
            edge: write.edge,
            scope: links.scope,
            parent_scopes: links.parent_scopes,
            modules: std::collections::BTreeMap::new(),
        };
        if device.edge {
            self.add_system_modules(&mut device, now);
        }
        Ok(self.devices.add(device_id, device))
    }

    /// Replaces all that a PUT can write of a device that exists.
    pub(crate) fn update_device(
        &mut self,
        device_id: &str,
        write: DeviceWrite,
        now: Timestamp,
    ) -> Result<&Device> {
        let links = edge::on_update(self, self.device(device_id)?, &write)?;
        let generations = edge::SYSTEM_MODULES.map(|_| self.next_generation(now));
        let device = self.device_mut(device_id)?;
        if device.enabled != write.enabled {
            device.status_updated = Some(now);
        }
        device.enabled = write.enabled;
        device.status_reason = write.status_reason;
        device.identity.authentication = write.authentication;
        device.identity.version += 1;
        device.scope = links.scope;
        device.parent_scopes = links.parent_scopes;
        match (device.edge, write.edge) {
            (false, true) => add_modules(device, generations, now),
            (true, false) => device
                .modules
                .retain(|id, _| !edge::SYSTEM_MODULES.contains(&id.as_str())),
            _ => {}
        }
        device.edge = write.edge;
        Ok(device)
    }

    fn add_system_modules(&mut self, device: &mut Device, now: Timestamp) {
        let generations = edge::SYSTEM_MODULES.map(|_| self.next_generation(now));
        add_modules(device, generations, now);
    }
}

fn add_modules(device: &mut Device, generations: [u64; 2], now: Timestamp) {
    for (id, generation) in edge::SYSTEM_MODULES.into_iter().zip(generations) {
        let module = Module {
            id: id.to_owned(),
            managed_by: Some("iotEdge".to_owned()),
            identity: Identity::new(generation, Authentication::None, now),
        };
        device.modules.insert(id.to_owned(), module);
    }
}
