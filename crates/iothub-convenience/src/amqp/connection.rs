//! One authenticated connection, with the link that messages go over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::link::receiver::CreditMode;
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::session::{Session, SessionHandle};
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
use crate::amqp::error::{AmqpError, AmqpErrorKind, MessageFate};
use crate::amqp::transport::Target;

const DEVICE_BOUND: &str = "/messages/devicebound";
/// A connection on which nothing is received for this long is considered broken.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// The maximum number of unsettled notifications.
const RECEIVER_CREDIT: u32 = 10;
/// The shortest wait before the next check of a token.
const RENEWAL_PAUSE: Duration = Duration::from_millis(200);
/// The wait after a renewal that failed.
const RENEWAL_RETRY: Duration = Duration::from_secs(5);
/// How often a session is checked while an outcome is pending.
const WATCH_PERIOD: Duration = Duration::from_millis(100);
/// How long closing may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Settings of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) target: Target,
    /// The hub's host as its connection string or the caller names it.
    pub(crate) host: String,
    pub(crate) credential: AmqpCredential,
    pub(crate) connect_timeout: Duration,
    pub(crate) operation_timeout: Duration,
}

#[derive(Debug)]
pub(crate) struct Connection {
    handle: StdMutex<Option<ConnectionHandle<()>>>,
    session: Mutex<SessionHandle<()>>,
    cbs: Mutex<Option<Cbs>>,
    sender: Mutex<Option<Sender>>,
    failed: AtomicBool,
    renewal: OnceLock<AbortHandle>,
    operation_timeout: Duration,
}

/// Waits for `work`, for at most `limit`; `what` says what then did not happen.
///
/// The timer has a resolution of a millisecond, in which a hub nearby may have responded.
async fn within<T>(
    limit: Duration,
    what: &str,
    work: impl Future<Output = Result<T, AmqpError>>,
) -> Result<T, AmqpError> {
    let begin = Instant::now();
    match timeout(limit, work).await {
        Ok(result) if begin.elapsed() <= limit => result,
        _ => {
            let text = format!("{what} within {} s", limit.as_secs_f64());
            Err(AmqpError::new(AmqpErrorKind::Timeout).with_message(text))
        }
    }
}

impl Connection {
    /// Connects and authenticates. `limit` replaces the timeout of the settings.
    pub(crate) async fn open(settings: &Settings, limit: Option<Duration>) -> Result<Arc<Self>, AmqpError> {
        let limit = limit.unwrap_or(settings.connect_timeout);
        within(limit, "no connection was established", Self::connect(settings)).await
    }

    async fn connect(settings: &Settings) -> Result<Arc<Self>, AmqpError> {
        let token = settings.credential.token(&settings.host).await?;
        let stream = settings.target.connect().await?;
        let host_name = settings.host.split(':').next().unwrap_or_default();
        let mut handle = fe2o3_amqp::Connection::builder()
            .container_id(uuid::Uuid::new_v4().to_string())
            .hostname(host_name)
            .max_frame_size(65536)
            .idle_time_out(u32::try_from(IDLE_TIMEOUT.as_millis()).unwrap_or(u32::MAX))
            .sasl_profile(SaslProfile::Anonymous)
            .open_with_stream(stream)
            .await
            .map_err(convert::of_open)?;
        let mut session = Session::begin(&mut handle).await.map_err(convert::of_begin)?;
        let mut cbs = Cbs::attach(&mut session).await?;
        cbs.put_token(&token).await?;
        let connection = Arc::new(Self {
            handle: StdMutex::new(Some(handle)),
            session: Mutex::new(session),
            cbs: Mutex::new(Some(cbs)),
            sender: Mutex::new(None),
            failed: AtomicBool::new(false),
            renewal: OnceLock::new(),
            operation_timeout: settings.operation_timeout,
        });
        let renewing = keep_authenticated(Arc::downgrade(&connection), settings.clone(), token);
        connection
            .renewal
            .get_or_init(|| tokio::spawn(renewing).abort_handle());
        Ok(connection)
    }

    /// Returns whether it can be used, as far as is known.
    pub(crate) fn is_alive(&self) -> bool {
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        let session_ended = self.session.try_lock().is_ok_and(|session| session.is_ended());
        !self.failed.load(Ordering::Relaxed)
            && !session_ended
            && handle.as_ref().is_some_and(|handle| !handle.is_closed())
    }

    /// Marks the connection as broken; the next call opens another one.
    pub(crate) fn give_up(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Sends a message and waits for its outcome. The error's fate tells whether it may have arrived. `limit` replaces the
    /// timeout of the settings for both parts.
    pub(crate) async fn send(
        &self,
        message: Message<Data>,
        limit: Option<Duration>,
    ) -> Result<(), AmqpError> {
        let limit = limit.unwrap_or(self.operation_timeout);
        let handed_over = async {
            let mut slot = self.sender.lock().await;
            let sender = match slot.as_mut() {
                Some(sender) => sender,
                None => slot.insert(self.attach_sender().await?),
            };
            match sender.send_batchable(message).await {
                Ok(outcome) => Ok(outcome),
                Err(error) => {
                    // The link cannot be used any more; the next message attaches another one.
                    *slot = None;
                    Err(convert::of_send(error))
                }
            }
        };
        let outcome = within(limit, "the hub did not accept the message", handed_over).await?;
        let outcome = async {
            let outcome = self.while_connected(outcome).await;
            outcome.map_err(|error| convert::of_send(error).with_fate(MessageFate::Unknown))
        };
        let outcome = within(limit, "no outcome came back", outcome).await;
        convert::of_outcome(outcome.map_err(|error| error.with_fate(MessageFate::Unknown))?)
    }

    /// Waits for an outcome. While a link exists, the library does not report that its session has ended, so the link is
    /// dropped as soon as that is noticed.
    async fn while_connected<T>(&self, outcome: impl Future<Output = T>) -> T {
        let mut outcome = std::pin::pin!(outcome);
        loop {
            if let Ok(outcome) = timeout(WATCH_PERIOD, outcome.as_mut()).await {
                return outcome;
            }
            let ended = self.session.try_lock().is_ok_and(|session| session.is_ended());
            if ended {
                self.give_up();
                drop(self.sender.lock().await.take());
            }
        }
    }

    async fn attach_sender(&self) -> Result<Sender, AmqpError> {
        let mut session = self.session.lock().await;
        Sender::builder()
            .name(format!("devicebound-{}", uuid::Uuid::new_v4()))
            .target(DEVICE_BOUND)
            .sender_settle_mode(SenderSettleMode::Unsettled)
            .receiver_settle_mode(ReceiverSettleMode::First)
            .attach(&mut session)
            .await
            .map_err(convert::of_sender_attach)
    }

    /// Attaches a link for notifications. `limit` replaces the timeout of the settings.
    pub(crate) async fn attach_receiver(
        &self,
        address: &str,
        limit: Option<Duration>,
    ) -> Result<Receiver, AmqpError> {
        let attaching = async {
            let mut session = self.session.lock().await;
            Receiver::builder()
                .name(format!("notifications-{}", uuid::Uuid::new_v4()))
                .source(address)
                .receiver_settle_mode(ReceiverSettleMode::First)
                .credit_mode(CreditMode::Auto(RECEIVER_CREDIT))
                .attach(&mut session)
                .await
                .map_err(convert::of_receiver_attach)
        };
        let limit = limit.unwrap_or(self.operation_timeout);
        within(limit, "the link was not attached", attaching).await
    }

    async fn put_token(&self, token: &Token) -> Result<(), AmqpError> {
        let putting = async {
            match self.cbs.lock().await.as_mut() {
                Some(cbs) => cbs.put_token(token).await,
                None => Err(AmqpError::new(AmqpErrorKind::ConnectionLost)),
            }
        };
        within(self.operation_timeout, "the token was not accepted", putting).await
    }

    /// Closes all links, the session and the connection. Dropping a link may end the session with it.
    pub(crate) async fn close(&self) {
        self.give_up();
        if let Some(renewal) = self.renewal.get() {
            renewal.abort();
        }
        let closing = async {
            if let Some(sender) = self.sender.lock().await.take()
                && let Err(error) = sender.close().await
            {
                tracing::debug!(%error, "the link for messages ended with an error");
            }
            if let Some(cbs) = self.cbs.lock().await.take() {
                cbs.detach().await;
            }
            if let Err(error) = self.session.lock().await.end().await {
                tracing::debug!(%error, "the AMQP session ended with an error");
            }
            let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(mut handle) = handle
                && let Err(error) = handle.close().await
            {
                tracing::debug!(%error, "the AMQP connection ended with an error");
            }
        };
        if timeout(CLOSE_TIMEOUT, closing).await.is_err() {
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

/// Puts a new token whenever the credential has one, well before the old one expires.
async fn keep_authenticated(connection: Weak<Connection>, settings: Settings, mut token: Token) {
    loop {
        // The credential decides when it renews its token; five sixths of the remaining lifetime is after that.
        let left = token.expires_on - OffsetDateTime::now_utc();
        let left = Duration::try_from(left).unwrap_or_default();
        tokio::time::sleep((left * 5 / 6).max(RENEWAL_PAUSE)).await;
        let Some(connection) = connection.upgrade().filter(|connection| connection.is_alive()) else {
            return;
        };
        let renewed = match settings.credential.token(&settings.host).await {
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
                if token.expires_on <= OffsetDateTime::now_utc() {
                    connection.give_up();
                    return;
                }
                drop(connection);
                tokio::time::sleep(RENEWAL_RETRY.min(left / 6)).await;
            }
        }
    }
}
