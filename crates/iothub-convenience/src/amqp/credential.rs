//! Tokens for `$cbs`.

use std::fmt;

use azure_core::credentials::Secret;
use azure_service_core::{SasCredential, TokenSource};
use time::OffsetDateTime;

use crate::amqp::error::{AmqpError, AmqpErrorKind};

/// The prefix of a Microsoft Entra token in a `put-token` request.
const BEARER: &str = "Bearer ";

/// A source of tokens.
#[derive(Clone)]
pub(crate) enum AmqpCredential {
    /// The key of a shared access policy. Its tokens are the same as over HTTP.
    Sas(SasCredential),
    /// A Microsoft Entra identity. Its tokens are the same as over HTTP.
    Entra(TokenSource),
}

/// A token with the properties of its `put-token` request.
#[derive(Clone, PartialEq)]
pub(crate) struct Token {
    /// The token type in the `put-token` request.
    pub(crate) token_type: &'static str,
    /// The audience of the token.
    pub(crate) audience: String,
    pub(crate) value: Secret,
    pub(crate) expires_on: OffsetDateTime,
}

impl fmt::Debug for AmqpCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmqpCredential").finish_non_exhaustive()
    }
}

impl AmqpCredential {
    /// Returns a token for the hub at `host`.
    pub(crate) async fn token(&self, host: &str) -> Result<Token, AmqpError> {
        match self {
            Self::Sas(credential) => {
                let token = credential.token();
                Ok(Token {
                    token_type: "servicebus.windows.net:sastoken",
                    audience: host.to_owned(),
                    value: token.token,
                    expires_on: token.expires_on,
                })
            }
            Self::Entra(source) => {
                let token = source.token().await;
                let token =
                    token.map_err(|error| AmqpError::new(AmqpErrorKind::Credential).with_source(error))?;
                Ok(Token {
                    token_type: "bearer",
                    audience: source.scope().to_owned(),
                    value: Secret::new(format!("{BEARER}{}", token.token.secret())),
                    expires_on: token.expires_on,
                })
            }
        }
    }

    /// Discards a token that the hub has refused, so that the next connection uses a new token.
    pub(crate) fn discard(&self, token: &Token) {
        if let (Self::Entra(source), Some(value)) = (self, token.value.secret().strip_prefix(BEARER)) {
            source.discard(&Secret::new(value.to_owned()));
        }
    }
}
