//! Message sending, and the AMQP connection that a client shares with its clones.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use azure_core::http::RetryOptions;
use azure_service_core::{Attempt, ServiceClient};
use tokio::sync::Mutex;
use tokio::time::timeout_at;
use url::Url;

use crate::amqp::connection::{CallTimeouts, Connection, Settings, within};
use crate::amqp::credential::AmqpCredential;
use crate::amqp::error::AmqpError;
use crate::amqp::message::CloudToDeviceMessage;
use crate::amqp::options::AmqpOptions;
use crate::amqp::transport::Target;
use crate::error::Result;

/// The maximum wait between two attempts.
const MAX_DELAY: Duration = Duration::from_secs(30);

/// The AMQP side of a client. Clones share the connection, which is opened on first use.
#[derive(Clone)]
pub(crate) struct Messaging(Arc<Shared>);

struct Shared {
    settings: Settings,
    max_retries: u32,
    retry_delay: Duration,
    /// The current connection. It is locked while a connection is opened, so that only one is opened.
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
    /// Creates the AMQP side of a client without connecting. `endpoint` is the endpoint of the REST API, `host` its
    /// host with the port unless that is 443.
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
                max_message_size: options.max_message_size,
            },
            max_retries: options.max_retries,
            retry_delay: options.retry_delay,
            connection: Mutex::new(None),
        })))
    }

    /// Returns the open connection or opens one. `limit` replaces the timeout in the settings.
    pub(crate) async fn connection(&self, limit: Option<Duration>) -> Result<Arc<Connection>, AmqpError> {
        let connecting = async {
            let mut slot = self.0.connection.lock().await;
            if let Some(connection) = slot.as_ref().filter(|connection| connection.is_alive()) {
                return Ok(connection.clone());
            }
            let connection = Box::pin(Connection::open(&self.0.settings)).await?;
            if let Some(old) = slot.replace(connection.clone()) {
                // The old connection closes in the background, because links of other calls may still be in use.
                tokio::spawn(async move { old.close().await });
            }
            Ok(connection)
        };
        let limit = limit.unwrap_or(self.0.settings.connect_timeout);
        within(limit, "no connection was established", connecting).await
    }

    /// Returns the hub's host and port, for error messages.
    pub(crate) fn target(&self) -> String {
        self.0.settings.target.authority()
    }

    /// Returns the wait after this number of attempts, or `None` if no attempt is left.
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

    /// Calls `attempt` for the public method `operation` until it succeeds, fails permanently, or the retries are used
    /// up. `retry` replaces the retry options in the settings. Returns the result with the number of attempts.
    ///
    /// No attempt starts after `deadline`.
    pub(crate) async fn attempt<T, Fut>(
        &self,
        operation: &'static str,
        retry: Option<&RetryOptions>,
        deadline: Option<Instant>,
        mut attempt: impl FnMut() -> Fut,
    ) -> Result<(T, u32), AmqpError>
    where
        Fut: Future<Output = Result<T, AmqpError>>,
    {
        let (count, failure) = (AtomicU32::new(0), StdMutex::new(None::<AmqpError>));
        let take_failure = || failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut attempt = || {
            let attempts = count.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(failure) = take_failure() {
                tracing::info!(
                    operation,
                    attempts,
                    code = failure.code(),
                    "{operation} is retried: {failure}"
                );
            }
            let result = attempt();
            let failure = &failure;
            async move {
                let error = match result.await {
                    Ok(value) => return Attempt::Final(Ok((value, attempts))),
                    Err(error) => error.with_target(self.target()).with_operation(operation),
                };
                let is_retryable = error.may_retry();
                *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
                match Err(error.with_attempts(attempts)) {
                    result if is_retryable => Attempt::Retryable(result),
                    result => Attempt::Final(result),
                }
            }
        };
        let retrying = async {
            if let Some(options) = retry {
                return azure_service_core::retry(options, attempt).await;
            }
            loop {
                let result = match attempt().await {
                    Attempt::Final(result) => return result,
                    Attempt::Retryable(result) => result,
                };
                match self.pause_after(count.load(Ordering::Relaxed)) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return result,
                }
            }
        };
        let Some(deadline) = deadline else {
            return retrying.await;
        };
        let mut retrying = pin!(retrying);
        match timeout_at(deadline.into(), retrying.as_mut()).await {
            Ok(result) => result,
            Err(_) => match take_failure() {
                Some(error) => Err(error.with_attempts(count.load(Ordering::Relaxed))),
                // A failure is stored only during a pause between attempts, so an attempt is running now. The attempt's
                // timeouts end it at the deadline, with an error that names the step it had reached.
                None => retrying.await,
            },
        }
    }

    /// Sends a message for the public method `operation`.
    pub(crate) async fn send(
        &self,
        operation: &'static str,
        (device_id, module_id): (&str, Option<&str>),
        message: &CloudToDeviceMessage,
        core: &ServiceClient<iothub_protocol::Client>,
    ) -> Result<SentMessage> {
        let (encoded, message_id) = message.encode(device_id, module_id)?;
        let options = core.call_options();
        let deadline = Instant::now() + core.call_timeout();
        let timeouts = CallTimeouts {
            attempt: options.attempt_timeout,
            deadline,
        };
        let send = async || {
            let limit = timeouts.step(self.0.settings.connect_timeout);
            let connection = self.connection(Some(limit)).await?;
            let sent = connection.send(encoded.clone(), timeouts).await;
            sent.inspect_err(|error| {
                if error.breaks_connection() {
                    connection.mark_broken();
                }
            })
        };
        // Boxed, because the AMQP library's futures take tens of kilobytes.
        let send = || Box::pin(send());
        let retry = options.retry.as_ref();
        let ((), attempts) = self.attempt(operation, retry, Some(deadline), send).await?;
        Ok(SentMessage { message_id, attempts })
    }
}

/// A message that the hub has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentMessage {
    /// The message id, which feedback refers to: set by the caller, or a random UUID.
    pub message_id: String,
    /// The number of attempts until the hub accepted the message.
    pub attempts: u32,
}
