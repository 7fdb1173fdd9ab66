//! `POST /devices`: many identities and twins in one request, each on its own: what fails does not undo the rest.

use std::collections::HashSet;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::IotHub;
use super::codes::Code;
use super::configurations::Scope;
use super::devices::{DeviceWrite, already_exists};
use super::edge;
use super::errors::{HubError, Result};
use super::etag::IfMatch;
use super::input::{self, AuthenticationInput, CapabilitiesInput, DeviceInput, Owner};
use super::modules::ModuleWrite;
use super::store::Store;
use super::timestamp::Timestamp;
use super::twin::{Twin, TwinChange};
use crate::error::PresetError;
use crate::service::{ServiceRequest, ServiceResponse};

/// The most items of a request.
const ITEM_LIMIT: usize = 100;

/// One item; clients disagree about the spelling of its entity tag.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Item {
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
    authentication: Option<AuthenticationInput>,
    tags: Option<Value>,
    properties: Option<Value>,
    capabilities: Option<CapabilitiesInput>,
    device_scope: Option<String>,
    parent_scopes: Option<Vec<String>>,
    managed_by: Option<String>,
}

/// What is wrong with an item.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemError {
    device_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_id: Option<String>,
    error_code: u32,
    error_status: String,
}

impl Item {
    /// The device and the module that it is about.
    pub(crate) fn ids(&self) -> (String, Option<String>) {
        (self.id.clone().unwrap_or_default(), self.module_id.clone())
    }

    /// As a line of an import: the system modules of an edge device come with it, so only their twins are written.
    pub(crate) fn for_import(mut self) -> Self {
        let is_system = self
            .module_id
            .as_deref()
            .is_some_and(|id| edge::SYSTEM_MODULES.contains(&id));
        if is_system && self.import_mode.is_none() {
            self.import_mode = Some("updateTwin".to_owned());
        }
        self
    }
}

impl ItemError {
    pub(crate) fn new(device_id: String, module_id: Option<String>, error: HubError) -> Self {
        Self {
            device_id,
            module_id,
            error_code: error.code.number(),
            error_status: error.text,
        }
    }
}

/// What an import mode does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Create,
    Update,
    CreateOrUpdate,
    Delete,
    UpdateTwin,
}

impl IotHub {
    pub(crate) fn bulk_update(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let items: Vec<Item> = input::parse(&request.body)?;
        if items.len() > ITEM_LIMIT {
            let text = format!("A request can have {ITEM_LIMIT} devices, not {}.", items.len());
            return Err(HubError::new(Code::TOO_MANY_DEVICES, text));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = items
            .iter()
            .find(|item| !seen.insert((&item.id, &item.module_id)))
        {
            return Err(HubError::new(
                Code::DEVICE_DEFINED_MULTIPLE_TIMES,
                twice.id.as_deref().unwrap_or_default(),
            ));
        }
        let now = self.now();
        let mut errors = Vec::new();
        {
            let mut store = self.store.write();
            let mut touched = Vec::new();
            for item in items {
                let (device_id, module_id) = item.ids();
                if let Err(error) = apply(&mut store, item, now) {
                    errors.push(ItemError::new(device_id, module_id, error));
                } else {
                    touched.push(device_id);
                }
            }
            if !store.configurations.is_empty() {
                for device_id in &touched {
                    store.reconcile(Scope::Device(device_id), now);
                }
            }
        }
        let succeeded = errors.is_empty();
        let body = json!({"isSuccessful": succeeded, "errors": errors, "warnings": []});
        if succeeded {
            return Ok(ServiceResponse::json(StatusCode::OK, &body));
        }
        let code = Code::BULK_REGISTRY_OPERATION_FAILURE;
        Ok(ServiceResponse::json(code.status(), &body)
            .with_header("iothuberrorcode", code.name())
            .with_header("iothub-errorcode", code.name()))
    }
}

impl IotHub {
    /// Fills the hub: `{"devices": […], "configurations": […]}`.
    pub(crate) fn preset(&self, preset: &Value) -> std::result::Result<(), PresetError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, default)]
        #[derive(Default)]
        struct Preset {
            devices: Vec<Item>,
            configurations: Vec<Value>,
        }
        let preset = Preset::deserialize(preset).map_err(|error| PresetError::Malformed {
            reason: error.to_string(),
        })?;
        let now = self.now();
        let mut store = self.store.write();
        for item in preset.devices {
            let (device_id, module_id) = item.ids();
            apply(&mut store, item.for_import(), now).map_err(|error| PresetError::Device {
                device_id,
                module_id,
                reason: error.text,
            })?;
        }
        for body in preset.configurations {
            store
                .import_configuration(body, now)
                .map_err(|error| PresetError::Configuration { reason: error.text })?;
        }
        store.reconcile(Scope::All, now);
        Ok(())
    }
}

/// The action of an import mode, and whether it depends on an entity tag.
fn import_mode(mode: Option<&str>) -> Result<(Action, bool)> {
    let Some(mode) = mode else {
        return Ok((Action::CreateOrUpdate, false));
    };
    let lower = mode.to_ascii_lowercase();
    let (action, conditional) = match lower.strip_suffix("ifmatchetag") {
        Some(action) => (action, true),
        None => (lower.as_str(), false),
    };
    let action = match action {
        "create" if !conditional => Action::Create,
        "update" => Action::Update,
        "createorupdate" => Action::CreateOrUpdate,
        "delete" => Action::Delete,
        "updatetwin" => Action::UpdateTwin,
        _ => return Err(HubError::argument(format!("There is no import mode {mode:?}."))),
    };
    Ok((action, conditional))
}

/// The condition of an item, whose tag may be quoted or not.
fn condition(conditional: bool, etag: Option<String>) -> Result<IfMatch> {
    if !conditional {
        return Ok(IfMatch::Any);
    }
    match input::present(etag).as_deref().map(|tag| tag.trim_matches('"')) {
        None => Err(HubError::new(Code::PRECONDITION_FAILED, "Etag missing")),
        Some("*") => Ok(IfMatch::Any),
        Some(tag) => Ok(IfMatch::Tags(vec![tag.to_owned()])),
    }
}

pub(crate) fn apply(store: &mut Store, item: Item, now: Timestamp) -> Result<()> {
    let device_id = item.id.unwrap_or_default();
    input::check_id(&device_id)?;
    let module_id = input::present(item.module_id);
    let (action, conditional) = import_mode(item.import_mode.as_deref())?;
    let etag = if action == Action::UpdateTwin {
        item.twin_etag
    } else {
        item.etag.or(item.other_etag)
    };
    let condition = condition(conditional, etag)?;
    let change = TwinChange::new(item.tags, item.properties)?;

    // What is there, as far as the action is concerned with it.
    let existing = match &module_id {
        None => store.devices.get(&device_id).map(|device| &device.identity),
        Some(module_id) => store
            .device(&device_id)?
            .modules
            .get(module_id)
            .map(|module| &module.identity),
    };
    let missing = || match &module_id {
        None => HubError::device_not_found(&device_id),
        Some(module_id) => HubError::module_not_found(module_id),
    };
    let mut twin = existing.map_or_else(|| Twin::new(now), |identity| identity.twin.clone());
    match (action, existing) {
        (Action::Create, Some(_)) if module_id.is_none() => return Err(already_exists(&device_id)),
        (Action::Create, Some(_)) => {
            return Err(HubError::new(Code::MODULE_ALREADY_EXISTS_ON_DEVICE, "Conflict"));
        }
        (Action::Update | Action::Delete | Action::UpdateTwin, None) => return Err(missing()),
        (Action::UpdateTwin, Some(identity)) => condition.check_twin(identity.twin.etag)?,
        (_, Some(identity)) => condition.check_identity(identity.version)?,
        (Action::Create | Action::CreateOrUpdate, None) => {}
    }
    let exists = existing.is_some();
    // Before anything is written, so that an item takes effect as a whole or not at all.
    twin.patch(change, now)?;

    match (action, &module_id) {
        (Action::Delete, None) => {
            store.devices.remove(&device_id);
            return Ok(());
        }
        (Action::Delete, Some(module_id)) => return store.delete_module(&device_id, module_id),
        (Action::UpdateTwin, _) => {}
        (_, None) => {
            let write = DeviceWrite::of(DeviceInput {
                device_id: None,
                status: item.status,
                status_reason: item.status_reason,
                authentication: item.authentication,
                capabilities: item.capabilities,
                device_scope: item.device_scope,
                parent_scopes: item.parent_scopes,
            })?;
            if exists {
                store.update_device(&device_id, write, now)?;
            } else {
                store.create_device(&device_id, write, now)?;
            }
        }
        (_, Some(module_id)) => {
            input::check_module_id(module_id)?;
            let write = ModuleWrite {
                managed_by: input::present(item.managed_by),
                authentication: input::authentication(item.authentication, Owner::Module)?,
            };
            if exists {
                store.update_module(&device_id, module_id, write)?;
            } else {
                store.create_module(&device_id, module_id, write, now)?;
            }
        }
    }
    let device = store.device_mut(&device_id)?;
    match &module_id {
        None => device.identity.twin = twin,
        Some(module_id) => device.module_mut(module_id)?.identity.twin = twin,
    }
    Ok(())
}
