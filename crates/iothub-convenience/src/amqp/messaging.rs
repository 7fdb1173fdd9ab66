//! The connection that a client and its clones share, and the sending of messages.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use url::Url;

use super::connection::{Connection, Settings};
use super::credential::AmqpCredential;
use super::error::AmqpError;
use super::message::CloudToDeviceMessage;
use super::options::AmqpOptions;
use super::transport::Target;
use crate::error::Result;

/// The longest wait between two attempts.
const MAX_DELAY: Duration = Duration::from_secs(30);

/// AMQP to one hub. Clones share the connection, which is opened when it is first needed.
#[derive(Clone)]
pub(crate) struct Messaging(Arc<Shared>);

struct Shared {
    settings: Settings,
    max_retries: u32,
    retry_delay: Duration,
    /// Held while a connection is opened, so that only one is.
    connection: Mutex<Option<Arc<Connection>>>,
}

impl fmt::Debug for Messaging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messaging")
            .field("target", &self.0.settings.target)
            .finish_non_exhaustive()
    }
}

impl Messaging {
    /// `endpoint` is that of the REST API, `host` its host with the port if it is not the usual one. Nothing is sent.
    pub(crate) fn new(
        endpoint: &Url,
        host: String,
        credential: AmqpCredential,
        options: &AmqpOptions,
    ) -> Result<Self> {
        Ok(Self(Arc::new(Shared {
            settings: Settings {
                target: Target::new(endpoint, options)?,
                host,
                credential,
                connect_timeout: options.connect_timeout,
                operation_timeout: options.operation_timeout,
            },
            max_retries: options.max_retries,
            retry_delay: options.retry_delay,
            connection: Mutex::new(None),
        })))
    }

    /// The connection there is, or a new one.
    pub(crate) async fn connection(&self) -> Result<Arc<Connection>, AmqpError> {
        let mut slot = self.0.connection.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| connection.is_alive()) {
            return Ok(connection.clone());
        }
        let connection = Connection::open(&self.0.settings).await?;
        if let Some(old) = slot.replace(connection.clone()) {
            // It may have links of others that are still good for their goodbyes.
            tokio::spawn(async move { old.close().await });
        }
        Ok(connection)
    }

    /// How long to wait after so many attempts, `None` if there were enough of them.
    pub(crate) fn pause_after(&self, attempts: u32) -> Option<Duration> {
        (attempts <= self.0.max_retries).then(|| {
            let factor = 2_u32.saturating_pow(attempts.saturating_sub(1));
            self.0.retry_delay.saturating_mul(factor).min(MAX_DELAY)
        })
    }

    pub(crate) async fn close(&self) {
        let connection = self.0.connection.lock().await.take();
        if let Some(connection) = connection {
            connection.close().await;
        }
    }

    pub(crate) async fn send(
        &self,
        device_id: &str,
        module_id: Option<&str>,
        message: &CloudToDeviceMessage,
    ) -> Result<SentMessage> {
        let (encoded, message_id) = message.encode(device_id, module_id)?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let sent = match self.connection().await {
                Ok(connection) => connection.send(encoded.clone()).await.inspect_err(|error| {
                    if error.breaks_connection() {
                        connection.give_up();
                    }
                }),
                Err(error) => Err(error),
            };
            let error = match sent {
                Ok(()) => return Ok(SentMessage { message_id, attempts }),
                Err(error) => error,
            };
            match self.pause_after(attempts).filter(|_| error.may_retry()) {
                Some(pause) => {
                    tracing::debug!(%error, attempts, "a message is sent again");
                    tokio::time::sleep(pause).await;
                }
                None => return Err(error.with_attempts(attempts).into()),
            }
        }
    }
}

/// A message that the hub has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentMessage {
    /// Its id, by which feedback names it: the caller's or a random one.
    pub message_id: String,
    /// How many times it was sent until the hub took it.
    pub attempts: u32,
}
