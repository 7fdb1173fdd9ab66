//! Configurations take effect: who is targeted, and what becomes of their desired properties.
//!
//! The service does this every few minutes; here it is done right after whatever might make a difference. What a
//! configuration sets stays set: a caller who writes something else finds it put back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use twin_query::iothub::{Expression, Source, TargetCondition};

use super::content::{self, Settings, Target};
use super::{Configuration, parse_condition};
use crate::iothub::IotHub;
use crate::iothub::edge::SYSTEM_MODULES;
use crate::iothub::errors::Result;
use crate::iothub::model::{Authentication, ConfigurationStatus, Device};
use crate::iothub::modules::ModuleWrite;
use crate::iothub::query;
use crate::iothub::render::TwinView;
use crate::iothub::store::Store;
use crate::iothub::timestamp::Timestamp;
use crate::iothub::twin::TwinChange;
use crate::iothub::twins::TwinKey;

type Statuses = BTreeMap<String, ConfigurationStatus>;

/// Which devices to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    All,
    Device(&'a str),
}

/// A configuration made ready.
struct Plan {
    configuration: Configuration,
    condition: TargetCondition,
}

impl Plan {
    fn holds(&self, view: TwinView<'_>) -> bool {
        let holds = |expression: &Expression, source: Source| query::holds(Some(expression), source, view);
        match &self.condition {
            TargetCondition::None => false,
            TargetCondition::All => view.module.is_none(),
            TargetCondition::Devices(expression) => {
                view.module.is_none() && holds(expression, Source::Devices)
            }
            TargetCondition::Modules(expression) => {
                view.module.is_some() && holds(expression, Source::Modules)
            }
        }
    }

    fn target(&self) -> Target {
        self.configuration.content.target()
    }
}

/// What one twin should become. A twin that nobody targets is mentioned as well, for it may have been targeted.
struct Wanted {
    module_id: Option<String>,
    statuses: Statuses,
    /// `None` leaves the desired properties alone.
    desired: Option<Map<String, Value>>,
}

impl IotHub {
    /// Lets the configurations take effect.
    pub(crate) fn reconcile(&self, scope: Scope<'_>) {
        // Most hubs have no configuration, and then nobody should wait for the lock.
        if matches!(scope, Scope::Device(_)) && self.store.read().configurations.is_empty() {
            return;
        }
        let now = self.now();
        self.store.write().reconcile(scope, now);
    }
}

impl Store {
    pub(crate) fn reconcile(&mut self, scope: Scope<'_>, now: Timestamp) {
        let mut plans: Vec<Plan> = self.configurations.values().filter_map(ready).collect();
        // The last one wins: the highest priority, and among equals the newest.
        plans.sort_by(|left, right| {
            let key = |plan: &Plan| (plan.configuration.priority, plan.configuration.created);
            key(left).cmp(&key(right))
        });
        let device_ids: Vec<String> = match scope {
            Scope::Device(device_id) => vec![device_id.to_owned()],
            Scope::All => self.devices.keys().cloned().collect(),
        };
        for device_id in device_ids {
            let Some(device) = self.devices.get(&device_id) else {
                continue;
            };
            let wanted = wanted(device, &plans);
            for wanted in wanted {
                if let Err(error) = self.make(&device_id, wanted, now) {
                    tracing::warn!(device_id, error = error.text, "a configuration can't be applied");
                }
            }
        }
    }

    fn make(&mut self, device_id: &str, wanted: Wanted, now: Timestamp) -> Result<()> {
        let module_id = wanted.module_id.as_deref();
        let device = self.device(device_id)?;
        let existing = match module_id {
            None => Some(&device.identity),
            Some(module_id) => device.modules.get(module_id).map(|module| &module.identity),
        };
        let empty = Map::new();
        let current = existing.map_or(&empty, |identity| &identity.twin.desired.values);
        let patch = wanted
            .desired
            .map(|desired| content::difference(current, &desired))
            .filter(|patch| !patch.is_empty());
        let is_new = existing.is_none();
        let unchanged = existing.is_some_and(|identity| identity.configurations == wanted.statuses);
        if unchanged && patch.is_none() {
            return Ok(());
        }
        if let Some(module_id) = module_id.filter(|_| is_new) {
            let write = ModuleWrite {
                managed_by: Some("iotEdge".to_owned()),
                authentication: Authentication::generated(),
            };
            self.create_module(device_id, module_id, write, now)?;
        }
        let key = TwinKey { device_id, module_id };
        let identity = key.find_mut(self)?;
        let applied = match patch {
            Some(patch) => {
                let change = TwinChange::new(None, Some(json!({ "desired": patch })))?;
                identity.twin.patch(change, now)
            }
            None => Ok(()),
        };
        identity.configurations = wanted.statuses;
        if applied.is_err() {
            for status in identity.configurations.values_mut() {
                *status = ConfigurationStatus::Targeted;
            }
        }
        applied
    }

    /// Gives an edge device this content at once.
    pub(crate) fn apply_content(
        &mut self,
        device_id: &str,
        content: &content::Content,
        now: Timestamp,
    ) -> Result<()> {
        let device = self.device(device_id)?;
        let mut parts: Vec<(Option<String>, &Settings)> = content
            .modules()
            .map(|(name, settings)| (Some(name.clone()), settings))
            .collect();
        parts.extend(content.own().map(|settings| (None, settings)));
        let wanted: Vec<Wanted> = parts
            .into_iter()
            .map(|(module_id, settings)| {
                let identity = match &module_id {
                    None => Some(&device.identity),
                    Some(id) => device.modules.get(id).map(|module| &module.identity),
                };
                let mut desired = identity
                    .map(|identity| identity.twin.desired.values.clone())
                    .unwrap_or_default();
                content::put_into(&mut desired, settings);
                Wanted {
                    module_id,
                    statuses: identity
                        .map(|identity| identity.configurations.clone())
                        .unwrap_or_default(),
                    desired: Some(desired),
                }
            })
            .collect();
        wanted
            .into_iter()
            .try_for_each(|wanted| self.make(device_id, wanted, now))
    }
}

/// What can't be parsed was refused when it was sent, so nothing is left out here.
fn ready(configuration: &Configuration) -> Option<Plan> {
    let condition = parse_condition(&configuration.target_condition, configuration.content.target()).ok()?;
    Some(Plan {
        configuration: configuration.clone(),
        condition,
    })
}

fn wanted(device: &Device, plans: &[Plan]) -> Vec<Wanted> {
    let of = |target: Target, view: TwinView<'_>| -> Vec<&Plan> {
        plans
            .iter()
            .filter(|plan| plan.target() == target && plan.holds(view))
            .collect()
    };
    let view = TwinView { device, module: None };
    let mut wanted = vec![own(None, &of(Target::Devices, view), view)];
    for module in device.modules.values() {
        if device.edge && SYSTEM_MODULES.contains(&module.id.as_str()) {
            continue;
        }
        let view = TwinView {
            device,
            module: Some(module),
        };
        wanted.push(own(Some(&module.id), &of(Target::Modules, view), view));
    }
    if device.edge {
        deploy(device, &of(Target::EdgeDevices, view), &mut wanted);
    }
    wanted
}

/// Device and module configurations take effect together; where two set the same, the later plan does.
fn own(module_id: Option<&str>, plans: &[&Plan], view: TwinView<'_>) -> Wanted {
    let settings: Vec<&Settings> = plans
        .iter()
        .filter_map(|plan| plan.configuration.content.own())
        .collect();
    let statuses = plans.iter().enumerate().map(|(at, plan)| {
        let lost = settings
            .get(at)
            .is_some_and(|own| content::is_overridden(own, settings.get(at + 1..).unwrap_or_default()));
        (plan.configuration.id.clone(), status(!lost))
    });
    let statuses = statuses.collect();
    let desired = (!settings.is_empty()).then(|| {
        let mut desired = view.twin().desired.values.clone();
        for settings in &settings {
            content::put_into(&mut desired, settings);
        }
        desired
    });
    Wanted {
        module_id: module_id.map(str::to_owned),
        statuses,
        desired,
    }
}

/// An edge device runs one base deployment, and the layers whose priority is above it.
fn deploy(device: &Device, plans: &[&Plan], wanted: &mut Vec<Wanted>) {
    let base = plans
        .iter()
        .rposition(|plan| plan.configuration.content.is_base());
    let effective = base.and_then(|base| plans.get(base..)).unwrap_or_default();
    let first = plans.len() - effective.len();
    let statuses: Statuses = plans
        .iter()
        .enumerate()
        .map(|(at, plan)| (plan.configuration.id.clone(), status(at >= first)))
        .collect();
    let mut names: BTreeSet<&str> = effective
        .iter()
        .flat_map(|plan| plan.configuration.content.modules())
        .map(|(name, _)| name.as_str())
        .collect();
    names.extend(SYSTEM_MODULES);
    for name in names {
        let module = device.modules.get(name);
        let mut parts = effective
            .iter()
            .filter_map(|plan| plan.configuration.content.of_module(name))
            .peekable();
        let desired = parts.peek().is_some().then(|| {
            let mut desired = module
                .map(|module| module.identity.twin.desired.values.clone())
                .unwrap_or_default();
            for settings in effective
                .iter()
                .filter_map(|plan| plan.configuration.content.of_module(name))
            {
                content::put_into(&mut desired, settings);
            }
            desired
        });
        // The agent's twin is where the service says which deployments there are.
        let statuses = if name == "$edgeAgent" {
            statuses.clone()
        } else {
            Statuses::new()
        };
        match wanted
            .iter_mut()
            .find(|wanted| wanted.module_id.as_deref() == Some(name))
        {
            // A module that has a configuration of its own as well gets the deployment first.
            Some(own) if own.desired.is_none() => own.desired = desired,
            Some(_) => {}
            None => wanted.push(Wanted {
                module_id: Some(name.to_owned()),
                statuses,
                desired,
            }),
        }
    }
}

fn status(applied: bool) -> ConfigurationStatus {
    if applied {
        ConfigurationStatus::Applied
    } else {
        ConfigurationStatus::Targeted
    }
}
