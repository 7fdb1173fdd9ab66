//! An authenticated connection and its links.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use fe2o3_amqp::link::receiver::CreditMode;
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::types::definitions::{ReceiverSettleMode, SenderSettleMode};
use fe2o3_amqp::types::messaging::{Data, Message};
use fe2o3_amqp::{Receiver, Sender};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::amqp::cbs::Cbs;
use crate::amqp::convert;
use crate::amqp::credential::{AmqpCredential, Token};
use crate::amqp::error::{AmqpError, AmqpErrorKind, DeliveryState};
use crate::amqp::receiving::ReceivingLink;
use crate::amqp::session::Session;
use crate::amqp::transport::Target;

const DEVICE_BOUND: &str = "/messages/devicebound";
/// The time without incoming frames after which a connection counts as broken.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// The maximum number of unsettled notifications.
const RECEIVER_CREDIT: u32 = 10;
/// The minimum wait before the next check of a token.
const RENEWAL_PAUSE: Duration = Duration::from_millis(200);
/// The wait after a failed renewal.
const RENEWAL_RETRY: Duration = Duration::from_secs(5);
/// The timeout for closing a connection or a link.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Settings of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) target: Target,
    /// The hub's host name, as given by the connection string or the caller.
    pub(crate) host: String,
    pub(crate) credential: AmqpCredential,
    pub(crate) connect_timeout: Duration,
    pub(crate) operation_timeout: Duration,
    /// The maximum size of a received message, in bytes. Zero means no limit.
    pub(crate) max_message_size: u64,
}

#[derive(Debug)]
pub(crate) struct Connection {
    session: Session,
    cbs: Mutex<Option<Cbs>>,
    sender: Mutex<Option<Sender>>,
    broken: AtomicBool,
    renewal: OnceLock<AbortHandle>,
    operation_timeout: Duration,
    max_message_size: u64,
}

/// The timeouts of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallTimeouts {
    /// The timeout of each step, in place of the timeouts in the settings.
    pub(crate) attempt: Option<Duration>,
    /// The deadline of the whole call, with all its attempts.
    pub(crate) deadline: Instant,
}

impl CallTimeouts {
    /// Returns the timeout of a step that begins now. `default` is the timeout in the settings.
    pub(crate) fn step(self, default: Duration) -> Duration {
        let remaining = self.deadline.saturating_duration_since(Instant::now());
        self.attempt.unwrap_or(default).min(remaining)
    }
}

/// Waits for `work` for at most `limit`. If it times out, the error message starts with `failure`.
///
/// The timer has a resolution of one millisecond; a response within the same millisecond may still be too late.
pub(crate) async fn within<T>(
    limit: Duration,
    failure: &str,
    work: impl Future<Output = Result<T, AmqpError>>,
) -> Result<T, AmqpError> {
    let begin = Instant::now();
    match timeout(limit, work).await {
        Ok(result) if begin.elapsed() <= limit => result,
        _ => {
            let message = format!("{failure} within {} s", limit.as_secs_f64());
            Err(AmqpError::new(AmqpErrorKind::Timeout).with_message(message))
        }
    }
}

impl Connection {
    /// Connects and authenticates.
    pub(crate) async fn open(settings: &Settings) -> Result<Arc<Self>, AmqpError> {
        let token = settings.credential.token(&settings.host).await?;
        // The parts are boxed, because the AMQP library's futures take tens of kilobytes, and several times as much in
        // debug builds.
        let stream = Box::pin(settings.target.connect()).await?;
        let host_name = settings.host.split(':').next().unwrap_or_default();
        let opening = fe2o3_amqp::Connection::builder()
            .container_id(uuid::Uuid::new_v4().to_string())
            .hostname(host_name)
            .max_frame_size(65536)
            .idle_time_out(u32::try_from(IDLE_TIMEOUT.as_millis()).unwrap_or(u32::MAX))
            .sasl_profile(SaslProfile::Anonymous)
            .open_with_stream(stream);
        let mut handle = Box::pin(opening).await.map_err(convert::of_open)?;
        let session = fe2o3_amqp::Session::begin(&mut handle)
            .await
            .map_err(convert::of_begin)?;
        let session = Session::new(handle, session);
        let authenticating = async {
            let mut cbs = Cbs::attach(&session, settings.max_message_size).await?;
            cbs.put_token(&token).await?;
            Ok(cbs)
        };
        let cbs = session.race(Box::pin(authenticating)).await.flatten();
        let cbs = cbs.inspect_err(|error| {
            if error.kind() == AmqpErrorKind::TokenRefused {
                settings.credential.discard(&token);
            }
        })?;
        let connection = Arc::new(Self {
            session,
            cbs: Mutex::new(Some(cbs)),
            sender: Mutex::new(None),
            broken: AtomicBool::new(false),
            renewal: OnceLock::new(),
            operation_timeout: settings.operation_timeout,
            max_message_size: settings.max_message_size,
        });
        let renewing = keep_authenticated(Arc::downgrade(&connection), settings.clone(), token);
        connection
            .renewal
            .get_or_init(|| tokio::spawn(renewing).abort_handle());
        Ok(connection)
    }

    /// Returns whether the connection is usable, as far as the client knows.
    pub(crate) fn is_alive(&self) -> bool {
        !self.broken.load(Ordering::Relaxed) && !self.session.has_ended()
    }

    /// Marks the connection as broken, so the next call opens a new one.
    pub(crate) fn mark_broken(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    /// Sends a message and waits for its outcome. After a failure, the [`DeliveryState`] of the error shows whether the
    /// hub may have accepted it. `timeouts` may replace the timeout in the settings for each of the two steps.
    pub(crate) async fn send(&self, message: Message<Data>, timeouts: CallTimeouts) -> Result<(), AmqpError> {
        let mut is_sent = false;
        let sending = async {
            let mut slot = self.sender.lock().await;
            let sender = match slot.as_mut() {
                Some(sender) => sender,
                None => slot.insert(self.attach_sender().await?),
            };
            match sender.send_batchable(message).await {
                Ok(outcome) => {
                    is_sent = true;
                    Ok(outcome)
                }
                Err(error) => {
                    // The link is no longer usable; the next message attaches a new one.
                    *slot = None;
                    Err(convert::of_send(error))
                }
            }
        };
        let limit = timeouts.step(self.operation_timeout);
        let sent = self
            .on_link(limit, "the hub did not accept the message", sending)
            .await;
        let unknown = |error: AmqpError| error.with_delivery_state(DeliveryState::Unknown);
        let outcome = sent.map_err(|error| if is_sent { unknown(error) } else { error })?;
        let outcome = async { outcome.await.map_err(convert::of_send) };
        let limit = timeouts.step(self.operation_timeout);
        let outcome = self
            .on_link(limit, "the hub did not report an outcome", outcome)
            .await;
        convert::of_outcome(outcome.map_err(unknown)?)
    }

    /// Awaits work on a link until `limit` elapses or the session ends.
    async fn on_link<T>(
        &self,
        limit: Duration,
        failure: &str,
        work: impl Future<Output = Result<T, AmqpError>>,
    ) -> Result<T, AmqpError> {
        within(limit, failure, async { self.session.race(work).await.flatten() }).await
    }

    async fn attach_sender(&self) -> Result<Sender, AmqpError> {
        let mut session = self.session.handle().await;
        Sender::builder()
            .name(format!("devicebound-{}", uuid::Uuid::new_v4()))
            .target(DEVICE_BOUND)
            .sender_settle_mode(SenderSettleMode::Unsettled)
            .receiver_settle_mode(ReceiverSettleMode::First)
            .attach(&mut session)
            .await
            .map_err(convert::of_sender_attach)
    }

    /// Attaches a receiving link. `limit` replaces the timeout in the settings, including the timeout of settlements.
    pub(crate) async fn attach_receiver(
        &self,
        address: &str,
        limit: Option<Duration>,
    ) -> Result<ReceivingLink, AmqpError> {
        let attaching = async {
            let mut session = self.session.handle().await;
            Receiver::builder()
                .name(format!("notifications-{}", uuid::Uuid::new_v4()))
                .source(address)
                .receiver_settle_mode(ReceiverSettleMode::First)
                .credit_mode(CreditMode::Auto(RECEIVER_CREDIT))
                .max_message_size(self.max_message_size)
                .attach(&mut session)
                .await
                .map_err(convert::of_receiver_attach)
        };
        let limit = limit.unwrap_or(self.operation_timeout);
        let receiver = self
            .on_link(limit, "the link was not attached", attaching)
            .await?;
        Ok(ReceivingLink::new(receiver, self.session.end(), limit))
    }

    async fn put_token(&self, token: &Token) -> Result<(), AmqpError> {
        let putting = async {
            match self.cbs.lock().await.as_mut() {
                Some(cbs) => cbs.put_token(token).await,
                None => Err(AmqpError::new(AmqpErrorKind::ConnectionLost)),
            }
        };
        self.on_link(self.operation_timeout, "the token was not accepted", putting)
            .await
    }

    /// Closes links, session and connection in this order, because dropping an open link may end the session.
    pub(crate) async fn close(&self) {
        self.mark_broken();
        if let Some(renewal) = self.renewal.get() {
            renewal.abort();
        }
        let closing = async {
            if let Some(sender) = self.sender.lock().await.take()
                && let Err(error) = sender.close().await
            {
                tracing::debug!(%error, "the message link was detached with an error");
            }
            if let Some(cbs) = self.cbs.lock().await.take() {
                cbs.detach().await;
            }
            self.session.close().await;
        };
        if !matches!(
            timeout(CLOSE_TIMEOUT, self.session.race(closing)).await,
            Ok(Ok(()))
        ) {
            tracing::debug!("the AMQP connection is dropped without an orderly close");
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(renewal) = self.renewal.get() {
            renewal.abort();
        }
    }
}

/// Renews the token of the connection before it expires.
async fn keep_authenticated(connection: Weak<Connection>, settings: Settings, mut token: Token) {
    loop {
        // The credential renews the token after five sixths of its lifetime.
        let left = token.expires_on - OffsetDateTime::now_utc();
        let left = Duration::try_from(left).unwrap_or_default();
        tokio::time::sleep((left * 5 / 6).max(RENEWAL_PAUSE)).await;
        let Some(connection) = connection.upgrade().filter(|connection| connection.is_alive()) else {
            return;
        };
        let next = settings.credential.token(&settings.host);
        // The wait ends with the session, because the credential may take arbitrarily long.
        let renewed = match connection.session.race(next).await.flatten() {
            Ok(next) if next == token => continue,
            Ok(next) => connection.put_token(&next).await.map(|()| next),
            Err(error) => Err(error),
        };
        match renewed {
            Ok(next) => {
                tracing::debug!(expires_on = %next.expires_on, "the AMQP token was renewed");
                token = next;
            }
            Err(error) => {
                tracing::warn!(%error, "the AMQP token was not renewed");
                // A hub that does not respond to a token will not respond to a message either.
                if error.is_timeout() || token.expires_on <= OffsetDateTime::now_utc() {
                    connection.mark_broken();
                    return;
                }
                drop(connection);
                tokio::time::sleep(RENEWAL_RETRY.min(left / 6)).await;
            }
        }
    }
}
