//! The connection that a client and its clones share, and the sending of messages.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use url::Url;

use crate::amqp::connection::{Connection, Settings};
use crate::amqp::credential::AmqpCredential;
use crate::amqp::error::AmqpError;
use crate::amqp::message::CloudToDeviceMessage;
use crate::amqp::options::AmqpOptions;
use crate::amqp::transport::Target;
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

    /// The open connection, or a new one. `limit` replaces the timeout of the settings.
    pub(crate) async fn connection(&self, limit: Option<Duration>) -> Result<Arc<Connection>, AmqpError> {
        let mut slot = self.0.connection.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| connection.is_alive()) {
            return Ok(connection.clone());
        }
        let connection = Connection::open(&self.0.settings, limit).await?;
        if let Some(old) = slot.replace(connection.clone()) {
            // Links of other calls may still be in use.
            tokio::spawn(async move { old.close().await });
        }
        Ok(connection)
    }

    /// Host and port of the hub, for errors.
    pub(crate) fn target(&self) -> String {
        self.0.settings.target.authority()
    }

    /// How long to wait after this many attempts, `None` if there is no further one.
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

    /// Sends a message for the public method `operation`. `limit` is the caller's timeout of an attempt.
    pub(crate) async fn send(
        &self,
        operation: &'static str,
        (device_id, module_id): (&str, Option<&str>),
        message: &CloudToDeviceMessage,
        limit: Option<Duration>,
    ) -> Result<SentMessage> {
        let (encoded, message_id) = message.encode(device_id, module_id)?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let sent = match self.connection(limit).await {
                Ok(connection) => connection
                    .send(encoded.clone(), limit)
                    .await
                    .inspect_err(|error| {
                        if error.breaks_connection() {
                            connection.give_up();
                        }
                    }),
                Err(error) => Err(error),
            };
            let error = match sent {
                Ok(()) => return Ok(SentMessage { message_id, attempts }),
                Err(error) => error.with_target(self.target()).with_operation(operation),
            };
            match self.pause_after(attempts).filter(|_| error.may_retry()) {
                Some(pause) => {
                    tracing::info!(
                        operation,
                        attempts,
                        code = error.code(),
                        "{operation} is retried: {error}"
                    );
                    tokio::time::sleep(pause).await;
                }
                None => return Err(error.with_attempts(attempts).into()),
            }
        }
    }
}

/// A message that the hub has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentMessage {
    /// Its id, which feedback refers to: the caller's or a random one.
    pub message_id: String,
    /// How many times it was sent until the hub accepted it.
    pub attempts: u32,
}
