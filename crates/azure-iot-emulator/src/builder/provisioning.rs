//! The start of the provisioning service.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::auth::authenticator::Authenticator;
use crate::auth::bearer::BearerTokens;
use crate::auth::hub_hosts::HubHosts;
use crate::auth::sas::{Policies, Policy};
use crate::builder::error::StartError;
use crate::builder::options::Builder;
use crate::builder::shared::{Shared, listen};
use crate::clock::Clock;
use crate::iothub::IotHub;
use crate::provisioning::{LinkedHub, ProvisioningService};
use crate::running::RunningProvisioning;
use crate::server::endpoint::Endpoint;
use crate::socket::local_authority;

/// The host name at which the devices of all provisioning services register.
const GLOBAL_HOST: &str = "global.azure-devices-provisioning.net";

impl ProvisioningService {
    /// Creates a service without enrollments that assigns devices to `hub`, whose host name is `hub_host`, such as
    /// `myhub.azure-devices.net`.
    pub fn new(
        clock: Clock,
        id_scope: impl Into<String>,
        hub_host: impl Into<String>,
        hub: Arc<IotHub>,
    ) -> Self {
        let hub = LinkedHub {
            host: hub_host.into(),
            target: hub,
        };
        Self::with_hub(clock, id_scope.into(), hub)
    }
}

impl Builder {
    /// Creates the provisioning service for `hub`, unless the service is disabled.
    pub(super) fn new_provisioning(&self, hub: Option<&Arc<IotHub>>) -> Option<Arc<ProvisioningService>> {
        self.provisioning_port?;
        let hosts = HubHosts::new(&self.hub_name);
        let service = ProvisioningService::new(
            self.clock.clone(),
            &self.id_scope,
            hosts.classic(),
            Arc::clone(hub?),
        );
        service.set_throttling(self.throttling);
        if let Some(seconds) = self.retry_after {
            service.set_retry_after(seconds);
        }
        Some(Arc::new(service))
    }

    /// Returns the host name of the service and the global host name that devices use.
    pub(super) fn provisioning_hosts(&self) -> [String; 2] {
        let service = format!("{}.azure-devices-provisioning.net", self.provisioning_name);
        [service, GLOBAL_HOST.to_owned()]
    }
}

pub(super) async fn start(
    options: &Builder,
    port: u16,
    service: Arc<ProvisioningService>,
    policies: &[Policy],
    shared: &Shared,
) -> Result<RunningProvisioning, StartError> {
    let (clock, tokens) = (options.clock.clone(), BearerTokens::for_provisioning());
    let [host, _] = options.provisioning_hosts();
    let policies = Policies::new(policies.to_vec(), vec![host], Vec::new());
    let endpoint = Endpoint {
        service: service.clone(),
        authenticator: Authenticator::shared_access_or_bearer(clock, policies, tokens),
        faults: shared.faults.clone(),
        tls: Some(shared.tls_with_client_certificates.clone()),
        upgrade: None,
        journal: shared.journal.clone(),
    };
    let address = SocketAddr::new(options.address, port);
    let server = listen("provisioning", address, endpoint, shared.connections).await?;
    Ok(RunningProvisioning {
        url: format!("https://{}", local_authority(server.port(), 443)),
        service,
        server,
    })
}
