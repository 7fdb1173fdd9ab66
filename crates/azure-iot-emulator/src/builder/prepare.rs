//! What happens before anything listens: policies with their keys, and the state that there was.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Builder, StartError};
use crate::auth::{Policies, Policy};
use crate::digitaltwins::DigitalTwins;
use crate::durable::{DataFile, Journal, Writer};
use crate::iothub::IotHub;
use crate::running::load_all;
use crate::service::Service;

/// What there is before anything listens.
pub(super) struct Prepared {
    pub(super) policies: Vec<Policy>,
    pub(super) journal: Option<Journal>,
    pub(super) writer: Option<Writer>,
}

impl Builder {
    /// Gives the services the state they start with, and makes durable what they make of it.
    pub(super) fn prepare(
        &self,
        services: &[Arc<dyn Service>],
        hub: Option<&IotHub>,
        twins: Option<&DigitalTwins>,
    ) -> Result<Prepared, StartError> {
        let Some(path) = &self.data_file else {
            self.fill(hub)?;
            self.complete(services, twins)?;
            return Ok(Prepared {
                policies: self.policies(&BTreeMap::new())?,
                journal: None,
                writer: None,
            });
        };
        let bad = |reason: String| StartError::DataFile {
            path: path.clone(),
            reason,
        };
        let (mut file, saved) = DataFile::open(path).map_err(|error| bad(error.to_string()))?;
        let policies = self.policies(&saved.policy_keys)?;
        let keys = policies
            .iter()
            .map(|policy| (policy.name().to_owned(), policy.primary_key().to_owned()));
        file.set_policy_keys(keys.collect());
        // A service that is left out this time keeps what the file has of it.
        let mut states = saved.services;
        for service in services {
            if let Some(state) = states.shift_remove(service.name()) {
                let loaded = service.load(&state);
                loaded.map_err(|reason| bad(format!("{}: {reason}", service.name())))?;
            } else if service.name() == "iothub" {
                self.fill(hub)?;
            }
        }
        self.complete(services, twins)?;
        let (journal, writer) =
            Journal::start(file, services.to_vec(), states).map_err(|error| bad(error.to_string()))?;
        Ok(Prepared {
            policies,
            journal: Some(journal),
            writer: Some(writer),
        })
    }

    /// Fills a hub that is new.
    fn fill(&self, hub: Option<&IotHub>) -> Result<(), StartError> {
        match (&self.preset, hub) {
            (Some(preset), Some(hub)) => hub.preset(preset).map_err(StartError::Preset),
            _ => Ok(()),
        }
    }

    /// Loads the state that was asked for, and fills an instance that is still empty.
    fn complete(
        &self,
        services: &[Arc<dyn Service>],
        twins: Option<&DigitalTwins>,
    ) -> Result<(), StartError> {
        if let Some(state) = &self.state {
            let services: Vec<_> = services.iter().map(|service| &**service).collect();
            load_all(&services, state).map_err(StartError::State)?;
        }
        match twins {
            Some(twins) if self.building && twins.is_empty() => {
                twins.load_building().map_err(StartError::Preset)
            }
            _ => Ok(()),
        }
    }

    /// The policies with the keys they had before, or else with those that are preset.
    fn policies(&self, saved: &BTreeMap<String, String>) -> Result<Vec<Policy>, StartError> {
        let mut policies = Policies::defaults();
        let preset = self.policy_keys.iter().map(|(name, key)| (name, key));
        for (name, key) in saved.iter().chain(preset) {
            let unusable = || StartError::PolicyKey { policy: name.clone() };
            let policy = policies
                .iter_mut()
                .find(|policy| policy.name() == name)
                .ok_or_else(unusable)?;
            *policy = policy.clone().with_primary_key(key).map_err(|_| unusable())?;
        }
        Ok(policies)
    }
}
