//! One identity in a bulk request, an import file or a preset.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::registry::edge;
use crate::iothub::rules::identity_input::{
    AuthenticationInput, CapabilitiesInput, DeviceInput, DeviceWrite, ModuleInput, ModuleWrite,
};
use crate::iothub::rules::precondition::IfMatch;
use crate::iothub::rules::twin_patch::TwinChange;
use crate::iothub::rules::{body, identity_input, object};
use crate::iothub::store::Store;
use crate::iothub::store::api_version::ApiVersion;
use crate::iothub::store::identity::Identity;
use crate::iothub::store::twin::Twin;
use crate::iothub::store::twin_key::TwinKey;
use crate::timestamp::Timestamp;

/// An item. Clients spell the name of its ETag member in different ways.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BulkItem {
    id: Option<String>,
    module_id: Option<String>,
    etag: Option<String>,
    #[serde(rename = "eTag")]
    other_etag: Option<String>,
    #[serde(rename = "twinETag")]
    twin_etag: Option<String>,
    import_mode: Option<String>,
    status: Option<String>,
    status_reason: Option<String>,
    #[serde(deserialize_with = "object::optional")]
    authentication: Option<AuthenticationInput>,
    tags: Option<Value>,
    properties: Option<Value>,
    #[serde(deserialize_with = "object::optional")]
    capabilities: Option<CapabilitiesInput>,
    device_scope: Option<String>,
    parent_scopes: Option<Vec<String>>,
    managed_by: Option<String>,
    /// Whether the item may change the twin of a system module.
    #[serde(skip)]
    restores_system_module: bool,
}

/// Error of an item.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkItemError {
    device_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_id: Option<String>,
    error_code: u32,
    error_status: String,
}

impl BulkItem {
    pub(crate) fn device_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns the ids of the device and the module.
    pub(crate) fn ids(&self) -> (String, Option<String>) {
        (self.id.clone().unwrap_or_default(), self.module_id.clone())
    }

    /// Prepares an item for an import. A system module without an import mode comes from an exported file; its edge
    /// device already has the module, so only the twin is written.
    pub(crate) fn for_import(mut self) -> Self {
        let is_system = self
            .module_id
            .as_deref()
            .is_some_and(|id| edge::SYSTEM_MODULES.contains(&id));
        if is_system && self.import_mode.is_none() {
            self.import_mode = Some("updateTwin".to_owned());
            self.restores_system_module = true;
        }
        self
    }

    fn device_write(self, version: ApiVersion) -> Result<DeviceWrite> {
        let input = DeviceInput {
            device_id: None,
            status: self.status,
            status_reason: self.status_reason,
            authentication: self.authentication,
            capabilities: self.capabilities,
            device_scope: self.device_scope,
            parent_scopes: self.parent_scopes,
            attributes: None,
        };
        let mut write = DeviceWrite::new(input, version)?;
        // An item has no attributes, so it keeps those of the identity.
        write.additions.attributes = None;
        Ok(write)
    }

    fn module_write(self, version: ApiVersion) -> Result<ModuleWrite> {
        let input = ModuleInput {
            managed_by: self.managed_by,
            authentication: self.authentication,
            ..ModuleInput::default()
        };
        let mut write = ModuleWrite::new(input, version)?;
        write.additions.attributes = None;
        Ok(write)
    }
}

impl BulkItemError {
    pub(crate) fn new(device_id: String, module_id: Option<String>, error: HubError) -> Self {
        Self {
            device_id,
            module_id,
            error_code: error.code.number(),
            error_status: error.text,
        }
    }
}

/// The action of an import mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ItemAction {
    Create,
    Update,
    CreateOrUpdate,
    Delete,
    UpdateTwin,
}

/// Parses an import mode: the action, and whether it is conditional on an ETag.
fn import_mode(mode: Option<&str>) -> Result<(ItemAction, bool)> {
    let Some(mode) = mode else {
        return Ok((ItemAction::CreateOrUpdate, false));
    };
    let lower = mode.to_ascii_lowercase();
    let (action, conditional) = match lower.strip_suffix("ifmatchetag") {
        Some(action) => (action, true),
        None => (lower.as_str(), false),
    };
    let action = match action {
        "create" if !conditional => ItemAction::Create,
        "update" => ItemAction::Update,
        "createorupdate" => ItemAction::CreateOrUpdate,
        "delete" => ItemAction::Delete,
        "updatetwin" => ItemAction::UpdateTwin,
        _ => return Err(HubError::argument(format!("Unknown import mode \"{mode}\"."))),
    };
    Ok((action, conditional))
}

/// Returns the precondition of a conditional item. Quotes around its ETag are optional.
fn condition(etag: Option<String>) -> Result<IfMatch> {
    match body::non_empty(etag).as_deref().map(|tag| tag.trim_matches('"')) {
        None => Err(HubError::new(Code::PRECONDITION_FAILED, "Etag missing")),
        Some("*") => Ok(IfMatch::Any),
        Some(tag) => Ok(IfMatch::Tags(vec![tag.to_owned()])),
    }
}

/// Applies an item atomically.
pub(crate) fn apply(
    store: &mut Store,
    mut item: BulkItem,
    version: ApiVersion,
    now: Timestamp,
) -> Result<()> {
    // A missing id is invalid like an empty one.
    let device_id = item.id.take().unwrap_or_default();
    identity_input::check_id(&device_id)?;
    let module_id = body::non_empty(item.module_id.take());
    let (action, conditional) = import_mode(item.import_mode.as_deref())?;
    let etag = if action == ItemAction::UpdateTwin {
        item.twin_etag.take()
    } else {
        item.etag.take().or(item.other_etag.take())
    };
    let change = TwinChange::new(item.tags.take(), item.properties.take())?;

    let key = TwinKey {
        device_id: &device_id,
        module_id: module_id.as_deref(),
    };
    let existing = match key.module_id {
        None => store.devices.get(&device_id).map(|device| &device.identity),
        Some(module_id) => {
            let modules = &store.device(&device_id)?.modules;
            modules.get(module_id).map(|module| &module.identity)
        }
    };
    check_existing(key, action, existing)?;
    if let Some(identity) = existing.filter(|_| conditional) {
        let condition = condition(etag)?;
        match action {
            ItemAction::UpdateTwin => condition.check_twin(identity.twin.etag)?,
            _ => condition.check_identity(identity.version)?,
        }
    }
    if existing.is_some() && !item.restores_system_module {
        edge::check_twin_write(key)?;
    }
    let exists = existing.is_some();
    let mut twin = existing.map_or_else(|| Twin::new(now), |identity| identity.twin.clone());
    // The twin is validated before the identity is written, so that an error leaves both unchanged.
    twin.apply(change, now)?;

    match (action, key.module_id) {
        (ItemAction::Delete, None) => {
            store.devices.remove(&device_id);
            return Ok(());
        }
        (ItemAction::Delete, Some(module_id)) => return store.delete_module(&device_id, module_id),
        (ItemAction::UpdateTwin, _) => {}
        (_, None) => write_device(store, &device_id, item.device_write(version)?, exists, now)?,
        (_, Some(module_id)) => {
            identity_input::check_module_id(module_id)?;
            let write = item.module_write(version)?;
            write_module(store, &device_id, module_id, write, exists, now)?;
        }
    }
    key.find_mut(store)?.twin = twin;
    Ok(())
}

/// Checks that the identity exists, or does not exist, as the action requires.
fn check_existing(key: TwinKey<'_>, action: ItemAction, existing: Option<&Identity>) -> Result<()> {
    match (action, existing, key.module_id) {
        (ItemAction::Create, Some(_), None) => Err(HubError::device_already_exists(key.device_id)),
        (ItemAction::Create, Some(_), Some(_)) => {
            Err(HubError::new(Code::MODULE_ALREADY_EXISTS_ON_DEVICE, "Conflict"))
        }
        (ItemAction::Update | ItemAction::Delete | ItemAction::UpdateTwin, None, None) => {
            Err(HubError::device_not_found(key.device_id))
        }
        (ItemAction::Update | ItemAction::Delete | ItemAction::UpdateTwin, None, Some(module_id)) => {
            Err(HubError::module_not_found(module_id))
        }
        (_, Some(_), _) | (ItemAction::Create | ItemAction::CreateOrUpdate, None, _) => Ok(()),
    }
}

fn write_device(
    store: &mut Store,
    device_id: &str,
    write: DeviceWrite,
    exists: bool,
    now: Timestamp,
) -> Result<()> {
    if exists {
        store.update_device(device_id, write, now)?;
    } else {
        store.create_device(device_id, write, now)?;
    }
    Ok(())
}

fn write_module(
    store: &mut Store,
    device_id: &str,
    module_id: &str,
    write: ModuleWrite,
    exists: bool,
    now: Timestamp,
) -> Result<()> {
    if exists {
        store.update_module(device_id, module_id, write)
    } else {
        store.create_module(device_id, module_id, write, now)
    }
}
