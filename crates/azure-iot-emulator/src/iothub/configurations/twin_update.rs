//! Computes the configuration statuses and desired properties of one device's twins.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use twin_query::iothub::{Expression, Source, TargetCondition};

use crate::iothub::configurations::authorship::AuthoredPath;
use crate::iothub::configurations::{authorship, loaded, settings};
use crate::iothub::query::rows;
use crate::iothub::registry::edge;
use crate::iothub::store::configuration::Configuration;
use crate::iothub::store::content::{EDGE_AGENT, Settings, Target};
use crate::iothub::store::identity::{ConfigurationStatus, Device};
use crate::iothub::store::view::TwinView;

pub(crate) type Statuses = BTreeMap<String, ConfigurationStatus>;

/// The new configuration status and desired properties of one twin. Twins that no configuration targets are updated
/// as well, because they may have been targeted before.
pub(crate) struct TwinUpdate {
    pub(crate) module_id: Option<String>,
    pub(crate) statuses: Statuses,
    /// The new desired properties; `None` leaves them unchanged.
    pub(crate) desired: Option<DesiredUpdate>,
}

/// New desired properties.
pub(crate) struct DesiredUpdate {
    pub(crate) values: Map<String, Value>,
    /// The configurations that set the values, in the order in which they take effect.
    pub(crate) authored: Vec<AuthoredPath>,
}

impl DesiredUpdate {
    /// Applies the settings of configurations, in their order.
    fn new<'a>(
        mut values: Map<String, Value>,
        settings: impl Iterator<Item = (&'a Configuration, &'a Settings)>,
    ) -> Self {
        let mut authored = Vec::new();
        for (configuration, settings) in settings {
            settings::apply(&mut values, settings);
            authored.extend(authorship::paths(configuration, settings));
        }
        Self { values, authored }
    }
}

/// A configuration with its parsed condition.
pub(crate) struct ParsedConfiguration {
    configuration: Configuration,
    condition: TargetCondition,
}

impl ParsedConfiguration {
    fn selects(&self, view: TwinView<'_>) -> bool {
        let matches = |expression: &Expression, source: Source| rows::matches(Some(expression), source, view);
        match &self.condition {
            TargetCondition::None => false,
            TargetCondition::All => view.module.is_none(),
            TargetCondition::Devices(expression) => {
                view.module.is_none() && matches(expression, Source::Devices)
            }
            TargetCondition::Modules(expression) => {
                view.module.is_some() && matches(expression, Source::Modules)
            }
        }
    }

    fn target(&self) -> Target {
        self.configuration.content.target()
    }
}

/// Parses configurations and sorts them by precedence, lowest first: by priority, then by age, oldest first.
pub(crate) fn parse_all<'a>(
    configurations: impl Iterator<Item = &'a Configuration>,
) -> Vec<ParsedConfiguration> {
    let mut parsed: Vec<ParsedConfiguration> = configurations.map(parse).collect();
    parsed.sort_by_key(|parsed| (parsed.configuration.priority, parsed.configuration.created));
    parsed
}

fn parse(configuration: &Configuration) -> ParsedConfiguration {
    ParsedConfiguration {
        configuration: configuration.clone(),
        // An invalid configuration selects nothing; a warning was logged when it was loaded.
        condition: loaded::condition(configuration).unwrap_or(TargetCondition::None),
    }
}

/// Returns the updates of a device's twin and its modules' twins.
pub(crate) fn of_device(device: &Device, configurations: &[ParsedConfiguration]) -> Vec<TwinUpdate> {
    let selecting = |target: Target, view: TwinView<'_>| -> Vec<&Configuration> {
        configurations
            .iter()
            .filter(|parsed| parsed.target() == target && parsed.selects(view))
            .map(|parsed| &parsed.configuration)
            .collect()
    };
    let view = TwinView { device, module: None };
    let mut updates = vec![of_twin(None, &selecting(Target::Devices, view), view)];
    for module in device.modules.values() {
        if device.edge && edge::SYSTEM_MODULES.contains(&module.id.as_str()) {
            continue;
        }
        let view = TwinView {
            device,
            module: Some(module),
        };
        updates.push(of_twin(Some(&module.id), &selecting(Target::Modules, view), view));
    }
    if device.edge {
        add_deployment(device, &selecting(Target::EdgeDevices, view), &mut updates);
    }
    updates
}

/// Returns the update of one twin. All configurations take effect; if two set the same property, the later one wins.
fn of_twin(module_id: Option<&str>, configurations: &[&Configuration], view: TwinView<'_>) -> TwinUpdate {
    let own: Vec<(&Configuration, &Settings)> = configurations
        .iter()
        .filter_map(|configuration| Some((*configuration, configuration.content.own()?)))
        .collect();
    let statuses = own.iter().enumerate().map(|(at, (configuration, settings))| {
        let later: Vec<&Settings> = own.iter().skip(at + 1).map(|(_, settings)| *settings).collect();
        let overridden = settings::is_overridden(settings, &later);
        (configuration.id.clone(), status(!overridden))
    });
    let statuses = statuses.collect();
    let desired =
        (!own.is_empty()).then(|| DesiredUpdate::new(view.twin().desired.values.clone(), own.into_iter()));
    TwinUpdate {
        module_id: module_id.map(str::to_owned),
        statuses,
        desired,
    }
}

/// Adds the deployment of an edge device: one base deployment, and the layers with a higher priority.
fn add_deployment(device: &Device, configurations: &[&Configuration], updates: &mut Vec<TwinUpdate>) {
    // Without a base deployment, layers have no effect.
    let first = configurations
        .iter()
        .rposition(|configuration| configuration.content.is_base())
        .unwrap_or(configurations.len());
    let effective = &configurations[first..];
    let statuses: Statuses = configurations
        .iter()
        .enumerate()
        .map(|(at, configuration)| (configuration.id.clone(), status(at >= first)))
        .collect();
    let mut names: BTreeSet<&str> = effective
        .iter()
        .flat_map(|configuration| configuration.content.modules())
        .map(|(name, _)| name.as_str())
        .collect();
    names.extend(edge::SYSTEM_MODULES);
    for name in names {
        let desired = deployed_properties(device, name, effective);
        let existing = updates
            .iter_mut()
            .find(|update| update.module_id.as_deref() == Some(name));
        match existing {
            // A module's own configurations take precedence.
            Some(own) if own.desired.is_none() => own.desired = desired,
            Some(_) => {}
            None => updates.push(TwinUpdate {
                module_id: Some(name.to_owned()),
                // The service reports the status of deployments in the agent's twin.
                statuses: if name == EDGE_AGENT {
                    statuses.clone()
                } else {
                    Statuses::new()
                },
                desired,
            }),
        }
    }
}

/// Returns the desired properties of a deployed module; `None` if no content has settings for it.
fn deployed_properties(
    device: &Device,
    module_id: &str,
    configurations: &[&Configuration],
) -> Option<DesiredUpdate> {
    let mut settings = configurations
        .iter()
        .filter_map(|configuration| Some((*configuration, configuration.content.of_module(module_id)?)))
        .peekable();
    settings.peek()?;
    // A module that does not exist yet has no desired properties.
    let values = device
        .modules
        .get(module_id)
        .map(|module| module.identity.twin.desired.values.clone())
        .unwrap_or_default();
    Some(DesiredUpdate::new(values, settings))
}

fn status(applied: bool) -> ConfigurationStatus {
    if applied {
        ConfigurationStatus::Applied
    } else {
        ConfigurationStatus::Targeted
    }
}
