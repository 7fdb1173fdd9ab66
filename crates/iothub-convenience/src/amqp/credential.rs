//! Tokens for `$cbs`.

use std::fmt;
use std::sync::Arc;

use azure_core::credentials::{Secret, TokenCredential};
use azure_service_core::SasCredential;
use time::OffsetDateTime;

use crate::amqp::error::{AmqpError, AmqpErrorKind};

/// A source of tokens.
#[derive(Clone)]
pub(crate) enum AmqpCredential {
    /// The key of a shared access policy, with the same tokens as over HTTP.
    Sas(SasCredential),
    /// A Microsoft Entra identity.
    Entra {
        credential: Arc<dyn TokenCredential>,
        scope: String,
    },
}

/// A token with the properties of its `put-token` request.
#[derive(Clone, PartialEq)]
pub(crate) struct Token {
    /// The token type of `$cbs`.
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
            Self::Entra { credential, scope } => {
                let token = credential.get_token(&[scope.as_str()], None).await;
                let token =
                    token.map_err(|error| AmqpError::new(AmqpErrorKind::Credential).with_source(error))?;
                Ok(Token {
                    token_type: "bearer",
                    audience: scope.clone(),
                    value: Secret::new(format!("Bearer {}", token.token.secret())),
                    expires_on: token.expires_on,
                })
            }
        }
    }
}
