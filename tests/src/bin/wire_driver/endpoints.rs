//! Endpoints and credentials of the driver.

use std::env::{VarError, var};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::Transport;
use azure_core::time::{Duration, OffsetDateTime};
use azure_service_core::transport_trusting;

use super::Failure;

/// Endpoints and credentials from environment variables.
pub(crate) struct Endpoints {
    /// `WIRE_URL`: the endpoint of Digital Twins.
    pub(crate) url: String,
    /// `WIRE_HOST`: the host of the hub, with its port.
    pub(crate) host: String,
    /// `WIRE_CONNECTION_STRING`: the connection string of the hub.
    pub(crate) connection_string: String,
    /// `WIRE_AMQP`: the host and port of the hub's AMQP endpoint.
    pub(crate) amqp: String,
    /// The content of the file that `WIRE_CA` names: the certificate to trust.
    pub(crate) certificate: String,
    /// `WIRE_TOKEN`: the bearer token.
    token: String,
}

impl Endpoints {
    /// Returns `None` if no variable is set.
    pub(crate) fn from_variables() -> Result<Option<Self>, Failure> {
        let url = match var("WIRE_URL") {
            Err(VarError::NotPresent) => return Ok(None),
            url => url?,
        };
        Ok(Some(Self {
            url,
            host: var("WIRE_HOST")?,
            connection_string: var("WIRE_CONNECTION_STRING")?,
            amqp: var("WIRE_AMQP")?,
            certificate: std::fs::read_to_string(var("WIRE_CA")?)?,
            token: var("WIRE_TOKEN")?,
        }))
    }

    /// Returns a transport that trusts the certificate.
    pub(crate) fn transport(&self) -> Result<Transport, Failure> {
        Ok(transport_trusting(&self.certificate)?)
    }

    pub(crate) fn credential(&self) -> FixedToken {
        FixedToken(self.token.clone())
    }
}

/// A credential that always returns the same token.
#[derive(Debug)]
pub(crate) struct FixedToken(String);

#[async_trait]
impl TokenCredential for FixedToken {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let expires_on = OffsetDateTime::now_utc() + Duration::HOUR;
        Ok(AccessToken::new(self.0.clone(), expires_on))
    }
}
