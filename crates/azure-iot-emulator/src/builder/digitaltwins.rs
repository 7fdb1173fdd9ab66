//! The start of Digital Twins.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::auth::authenticator::Authenticator;
use crate::auth::bearer::BearerTokens;
use crate::builder::error::StartError;
use crate::builder::options::Builder;
use crate::builder::shared::{Shared, listen};
use crate::digitaltwins::DigitalTwins;
use crate::running::RunningInstance;
use crate::server::endpoint::Endpoint;
use crate::socket::local_authority;

impl Builder {
    /// Creates the instance, unless it is disabled. Sets the blob directory first, because jobs in a loaded state
    /// start immediately.
    pub(super) fn new_digitaltwins(&self) -> Result<Option<Arc<DigitalTwins>>, StartError> {
        if self.digitaltwins_port.is_none() {
            return Ok(None);
        }
        let twins = DigitalTwins::new(self.clock.clone());
        if let Some(directory) = &self.blob_directory {
            if directory.exists() && !directory.is_dir() {
                let path = directory.clone();
                return Err(StartError::BlobDirectory { path });
            }
            twins.set_blob_directory(directory);
        }
        Ok(Some(Arc::new(twins)))
    }
}

pub(super) async fn start(
    options: &Builder,
    port: u16,
    twins: Arc<DigitalTwins>,
    shared: &Shared,
) -> Result<RunningInstance, StartError> {
    for pem in &options.webhook_certificates {
        twins.trust_webhook_certificates(pem)?;
    }
    for (endpoint, url) in &options.webhooks {
        twins.add_webhook(endpoint, url)?;
    }
    if let Some(journal) = &shared.journal {
        twins.set_journal(journal.clone());
    }
    twins.set_rate_limits(options.throttling);
    twins.set_query_lag(options.query_lag);
    let endpoint = Endpoint {
        service: twins.clone(),
        authenticator: Authenticator::bearer(options.clock.clone(), BearerTokens::for_digital_twins()),
        faults: shared.faults.clone(),
        tls: Some(shared.tls.clone()),
        upgrade: None,
        journal: shared.journal.clone(),
    };
    let address = SocketAddr::new(options.address, port);
    let server = listen("digitaltwins", address, endpoint, shared.connections).await?;
    Ok(RunningInstance {
        url: format!("https://{}", local_authority(server.port(), 443)),
        twins,
        server,
    })
}
