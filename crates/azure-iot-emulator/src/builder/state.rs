//! Policies with their keys, and the initial state of the services. Both are loaded before the ports are bound.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use crate::auth::caller::{DEFAULT_POLICIES, PROVISIONING_POLICIES};
use crate::auth::sas::{Policies, Policy};
use crate::builder::error::StartError;
use crate::builder::options::Builder;
use crate::digitaltwins::DigitalTwins;
use crate::durable::file::DataFile;
use crate::durable::journal::{Journal, Writer};
use crate::iothub::IotHub;
use crate::service::{StatefulService, load_all};

/// The policies, and the journal of the data file, if any.
pub(super) struct InitialState {
    pub(super) policies: InitialPolicies,
    pub(super) journal: Option<Journal>,
    pub(super) writer: Option<Writer>,
}

/// The policies of each service.
pub(super) struct InitialPolicies {
    pub(super) hub: Vec<Policy>,
    pub(super) provisioning: Vec<Policy>,
}

impl Builder {
    /// Loads the initial state of the services, and starts writing their changes to the data file.
    pub(super) fn load_initial_state(
        &self,
        services: &[Arc<dyn StatefulService>],
        hub: Option<&IotHub>,
        twins: Option<&DigitalTwins>,
    ) -> Result<InitialState, StartError> {
        let Some(path) = &self.data_file else {
            self.preset_hub(hub)?;
            self.load_state_and_building(services, twins)?;
            return Ok(InitialState {
                policies: self.policies(&BTreeMap::new())?,
                journal: None,
                writer: None,
            });
        };
        let unusable = |reason: &dyn Display| StartError::DataFile {
            path: path.clone(),
            reason: reason.to_string(),
        };
        let (mut file, saved) = DataFile::open(path).map_err(|error| unusable(&error))?;
        let policies = self.policies(&saved.policy_keys)?;
        let keys = policies
            .hub
            .iter()
            .chain(&policies.provisioning)
            .map(|policy| (policy.name().to_owned(), policy.primary_key().to_owned()));
        file.set_policy_keys(keys.collect());
        // The file keeps the state of a disabled service.
        let mut others = saved.services;
        for service in services {
            if let Some(state) = others.shift_remove(service.name()) {
                service.load(&state).map_err(|error| unusable(&error))?;
            } else if service.name() == "iothub" {
                self.preset_hub(hub)?;
            }
        }
        self.load_state_and_building(services, twins)?;
        let started = Journal::start(file, services.to_vec(), others);
        let (journal, writer) = started.map_err(|error| unusable(&error))?;
        Ok(InitialState {
            policies,
            journal: Some(journal),
            writer: Some(writer),
        })
    }

    /// Applies the preset to a new hub.
    fn preset_hub(&self, hub: Option<&IotHub>) -> Result<(), StartError> {
        if let (Some(preset), Some(hub)) = (&self.preset, hub) {
            hub.preset(preset)?;
        }
        Ok(())
    }

    /// Loads the state set in the options, and adds the building to an empty instance.
    fn load_state_and_building(
        &self,
        services: &[Arc<dyn StatefulService>],
        twins: Option<&DigitalTwins>,
    ) -> Result<(), StartError> {
        if let Some(state) = &self.state {
            let services: Vec<_> = services.iter().map(|service| &**service).collect();
            load_all(&services, state)?;
        }
        if let Some(twins) = twins
            && self.building
            && twins.is_empty()
        {
            twins.load_building()?;
        }
        Ok(())
    }

    /// Returns the policies. Keys come from the options, otherwise from the data file, otherwise they are random.
    fn policies(&self, saved: &BTreeMap<String, String>) -> Result<InitialPolicies, StartError> {
        let mut hub = Policies::generate(&DEFAULT_POLICIES);
        let mut provisioning = Policies::generate(&PROVISIONING_POLICIES);
        let preset = self.policy_keys.iter().map(|(name, key)| (name, key));
        for (name, key) in saved.iter().chain(preset) {
            let unusable = || StartError::PolicyKey { policy: name.clone() };
            let policy = hub
                .iter_mut()
                .chain(&mut provisioning)
                .find(|policy| policy.name() == name)
                .ok_or_else(unusable)?;
            *policy = policy.clone().with_primary_key(key).map_err(|_| unusable())?;
        }
        Ok(InitialPolicies { hub, provisioning })
    }
}
