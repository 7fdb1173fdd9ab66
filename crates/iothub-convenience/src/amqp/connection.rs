//! One authenticated connection, with the link that messages go over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

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

use super::cbs::Cbs;
use super::convert;
use super::credential::{AmqpCredential, Token};
use super::error::{AmqpError, AmqpErrorKind, MessageFate};
use super::transport::Target;

const DEVICE_BOUND: &str = "/messages/devicebound";
/// A peer from which nothing is heard for this long is taken for dead.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// The most notifications that are held unsettled at a time.
const RECEIVER_CREDIT: u32 = 10;
/// The shortest wait before a token is looked at again.
const RENEWAL_PAUSE: Duration = Duration::from_millis(200);
/// The wait after a renewal that failed.
const RENEWAL_RETRY: Duration = Duration::from_secs(5);
/// How often a session is looked at while something waits for it.
const WATCH_PERIOD: Duration = Duration::from_millis(100);
/// How long the goodbyes may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What it takes to open a connection.
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

fn timed_out(what: &str) -> AmqpError {
    AmqpError::new(AmqpErrorKind::Timeout).with_message(what)
}

impl Connection {
    /// Connects and authenticates.
    pub(crate) async fn open(settings: &Settings) -> Result<Arc<Self>, AmqpError> {
        let opening = timeout(settings.connect_timeout, Self::open_unhurried(settings));
        opening
            .await
            .unwrap_or_else(|_| Err(timed_out("the connection did not come about")))
    }

    async fn open_unhurried(settings: &Settings) -> Result<Arc<Self>, AmqpError> {
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

    /// Whether it can be used, as far as is known.
    pub(crate) fn is_alive(&self) -> bool {
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        let session_ended = self.session.try_lock().is_ok_and(|session| session.is_ended());
        !self.failed.load(Ordering::Relaxed)
            && !session_ended
            && handle.as_ref().is_some_and(|handle| !handle.is_closed())
    }

    /// Has the next user open another one.
    pub(crate) fn give_up(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Sends a message and waits for what the service makes of it. The error's fate tells whether it may have arrived.
    pub(crate) async fn send(&self, message: Message<Data>) -> Result<(), AmqpError> {
        let handed_over = timeout(self.operation_timeout, async {
            let mut slot = self.sender.lock().await;
            let sender = match slot.as_mut() {
                Some(sender) => sender,
                None => slot.insert(self.attach_sender().await?),
            };
            match sender.send_batchable(message).await {
                Ok(outcome) => Ok(outcome),
                Err(error) => {
                    // The link is gone, and with it all but the hope for another one.
                    *slot = None;
                    Err(convert::of_send(error))
                }
            }
        });
        let outcome = handed_over
            .await
            .unwrap_or_else(|_| Err(timed_out("the service did not take the message")))?;
        match timeout(self.operation_timeout, self.while_connected(outcome)).await {
            Ok(Ok(outcome)) => convert::of_outcome(outcome),
            Ok(Err(error)) => Err(convert::of_send(error).with_fate(MessageFate::Unknown)),
            Err(_) => Err(timed_out("no outcome came back").with_fate(MessageFate::Unknown)),
        }
    }

    /// Waits for an outcome. The library forgets to tell those who wait that the session is over for as long as the
    /// link is there, so the link goes as soon as that is noticed.
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

    /// A link for notifications.
    pub(crate) async fn attach_receiver(&self, address: &str) -> Result<Receiver, AmqpError> {
        let attaching = timeout(self.operation_timeout, async {
            let mut session = self.session.lock().await;
            Receiver::builder()
                .name(format!("notifications-{}", uuid::Uuid::new_v4()))
                .source(address)
                .receiver_settle_mode(ReceiverSettleMode::First)
                .credit_mode(CreditMode::Auto(RECEIVER_CREDIT))
                .attach(&mut session)
                .await
                .map_err(convert::of_receiver_attach)
        });
        attaching
            .await
            .unwrap_or_else(|_| Err(timed_out("the link did not come about")))
    }

    async fn put_token(&self, token: &Token) -> Result<(), AmqpError> {
        let putting = timeout(self.operation_timeout, async {
            match self.cbs.lock().await.as_mut() {
                Some(cbs) => cbs.put_token(token).await,
                None => Err(AmqpError::new(AmqpErrorKind::ConnectionLost)),
            }
        });
        putting
            .await
            .unwrap_or_else(|_| Err(timed_out("the token was not answered")))
    }

    /// Says goodbye link by link: a library that is only dropped may take the session down with it.
    pub(crate) async fn close(&self) {
        self.give_up();
        if let Some(renewal) = self.renewal.get() {
            renewal.abort();
        }
        let goodbyes = async {
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
        if timeout(CLOSE_TIMEOUT, goodbyes).await.is_err() {
            tracing::debug!("the AMQP connection is dropped without the service's goodbye");
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

/// Puts a new token whenever the credential has one, well ahead of the old one's expiry.
async fn keep_authenticated(connection: Weak<Connection>, settings: Settings, mut token: Token) {
    loop {
        // The credential decides when it has a new token; asking again after five sixths of what is left finds it.
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
