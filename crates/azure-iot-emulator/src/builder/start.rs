//! The start sequence.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio_rustls::TlsAcceptor;

use crate::auth::hub_hosts::HubHosts;
use crate::builder::error::StartError;
use crate::builder::management::RunningServices;
use crate::builder::options::Builder;
use crate::builder::shared::Shared;
use crate::builder::{digitaltwins, iothub, management, provisioning};
use crate::faults::Faults;
use crate::running::Emulator;
use crate::server::limits::connections_per_endpoint;
use crate::service::StatefulService;
use crate::tls;

impl Emulator {
    /// Starts all services on free ports of 127.0.0.1.
    ///
    /// # Errors
    /// See [`Builder::start`].
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Returns the default options.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Starts the emulator.
    ///
    /// # Errors
    /// If a port is in use, or an option, the data file or the initial state is not valid; see [`StartError`].
    pub async fn start(self) -> Result<Emulator, StartError> {
        let hub = self.new_iothub()?;
        let provisioning = self.new_provisioning(hub.as_ref());
        let twins = self.new_digitaltwins()?;
        let services: Vec<Arc<dyn StatefulService>> = [
            hub.clone().map(|hub| hub as Arc<dyn StatefulService>),
            provisioning
                .clone()
                .map(|service| service as Arc<dyn StatefulService>),
            twins.clone().map(|twins| twins as Arc<dyn StatefulService>),
        ]
        .into_iter()
        .flatten()
        .collect();
        let initial = self.load_initial_state(&services, hub.as_deref(), twins.as_deref())?;
        let names = self.certificate_names()?;
        let certificates = tls::generate(&names)?;
        let shared = Shared {
            tls: TlsAcceptor::from(certificates.server_config),
            tls_with_client_certificates: TlsAcceptor::from(certificates.with_client_certificates),
            faults: Faults::default(),
            journal: initial.journal,
            connections: connections_per_endpoint(),
        };
        let iothub = match (hub, self.iothub_port) {
            (Some(hub), Some(port)) => {
                Some(iothub::start(&self, port, hub, &initial.policies.hub, &shared).await?)
            }
            _ => None,
        };
        let provisioning = match (provisioning, self.provisioning_port) {
            (Some(service), Some(port)) => {
                let policies = &initial.policies.provisioning;
                Some(provisioning::start(&self, port, service, policies, &shared).await?)
            }
            _ => None,
        };
        let digitaltwins = match (twins, self.digitaltwins_port) {
            (Some(twins), Some(port)) => Some(digitaltwins::start(&self, port, twins, &shared).await?),
            _ => None,
        };
        let running = RunningServices {
            iothub: iothub.as_ref(),
            provisioning: provisioning.as_ref(),
            digitaltwins: digitaltwins.as_ref(),
        };
        let management = management::start(&self, services, running, &shared).await?;
        Ok(Emulator {
            iothub,
            provisioning,
            digitaltwins,
            management,
            hub_policies: initial.policies.hub,
            provisioning_policies: initial.policies.provisioning,
            ca_pem: certificates.ca_pem,
            clock: self.clock,
            faults: shared.faults,
            _writer: initial.writer,
        })
    }

    /// Returns the names for the certificate in addition to the loopback names.
    fn certificate_names(&self) -> Result<Vec<String>, StartError> {
        let mut names = self.host_names.clone();
        names.extend(HubHosts::new(&self.hub_name).names());
        names.extend(self.provisioning_hosts());
        for name in &names {
            ServerName::try_from(name.as_str()).map_err(|_| StartError::HostName { name: name.clone() })?;
        }
        Ok(names)
    }
}
