//! Creates, updates and deletes identities.

use std::collections::BTreeMap;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::registry::edge;
use crate::iothub::rules::identity_input::{DeviceWrite, ModuleWrite};
use crate::iothub::store::Store;
use crate::iothub::store::device_registry::RegistryDevice;
use crate::iothub::store::identity::{Authentication, Connection, Device, Identity, Module};
use crate::iothub::store::queue::MessageQueue;
use crate::iothub::store::twin::Twin;
use crate::timestamp::Timestamp;

/// Maximum number of modules of a device.
const MODULE_LIMIT: usize = 50;

/// Returns a random first version of an identity, so that clients do not rely on it as a counter.
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
            configurations: BTreeMap::new(),
            message_count: 0,
            messages: MessageQueue::default(),
            twin: Twin::new(now),
            additions: None,
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
        let links = edge::links_of_new(self, device_id, generation, &write)?;
        let mut identity = Identity::new(generation, write.authentication, now);
        write.additions.apply(&mut identity);
        let registry_device = self.registry_link.as_ref();
        let mut device = Device {
            id: device_id.to_owned(),
            identity,
            enabled: write.enabled,
            status_reason: write.status_reason,
            status_updated: None,
            edge: write.edge,
            scope: links.scope,
            parent_scopes: links.parent_scopes,
            modules: BTreeMap::new(),
            registry_device: registry_device.map(|link| Box::new(RegistryDevice::new(link, now))),
        };
        if device.edge {
            self.add_system_modules(&mut device, now);
        }
        Ok(self.devices.add(device_id, device))
    }

    /// Replaces all writable members of an existing device.
    pub(crate) fn update_device(
        &mut self,
        device_id: &str,
        write: DeviceWrite,
        now: Timestamp,
    ) -> Result<&Device> {
        let links = edge::links_of_updated(self, self.device(device_id)?, &write)?;
        let generations = edge::SYSTEM_MODULES.map(|_| self.next_generation(now));
        let device = self.device_mut(device_id)?;
        if device.enabled != write.enabled {
            device.status_updated = Some(now);
        }
        device.enabled = write.enabled;
        device.status_reason = write.status_reason;
        device.identity.authentication = write.authentication;
        write.additions.apply(&mut device.identity);
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
            let text = format!("A device can have at most {MODULE_LIMIT} modules.");
            return Err(HubError::new(Code::TOO_MANY_MODULES_ON_DEVICE, text));
        }
        let mut identity = Identity::new(generation, write.authentication, now);
        write.additions.apply(&mut identity);
        let module = Module {
            id: module_id.to_owned(),
            managed_by: write.managed_by,
            identity,
        };
        device.modules.insert(module_id.to_owned(), module);
        Ok(())
    }

    /// Replaces all writable members of an existing module.
    pub(crate) fn update_module(
        &mut self,
        device_id: &str,
        module_id: &str,
        write: ModuleWrite,
    ) -> Result<()> {
        let module = self.device_mut(device_id)?.module_mut(module_id)?;
        module.managed_by = write.managed_by;
        module.identity.authentication = write.authentication;
        write.additions.apply(&mut module.identity);
        module.identity.version += 1;
        Ok(())
    }

    pub(crate) fn delete_module(&mut self, device_id: &str, module_id: &str) -> Result<()> {
        edge::check_modification(module_id)?;
        self.device_mut(device_id)?.modules.remove(module_id);
        Ok(())
    }
}
