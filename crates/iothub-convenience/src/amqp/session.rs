//! An AMQP session together with its connection.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;

use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::session::SessionHandle;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, Notify, watch};
use tokio::task::AbortHandle;

use crate::amqp::convert;
use crate::amqp::error::{AmqpError, AmqpErrorKind};

/// The only session of a connection. Dropping it closes the connection in the background.
#[derive(Debug)]
pub(crate) struct Session {
    handles: Arc<Mutex<Handles>>,
    /// A signal to the background task to release `handles`.
    wanted: Arc<Notify>,
    end: SessionEnd,
    watching: AbortHandle,
}

#[derive(Debug)]
struct Handles {
    // Declared first, and therefore dropped first: dropping this handle ends the session, which requires an open
    // connection.
    session: SessionHandle<()>,
    connection: ConnectionHandle<()>,
}

/// A signal that the session has ended. The connection and its links end with the session.
#[derive(Debug, Clone)]
pub(crate) struct SessionEnd(watch::Receiver<Option<AmqpError>>);

impl SessionEnd {
    /// Awaits `work` until the session ends. This is necessary because in the library some waits on a link do not end
    /// with the session. If both are ready, the result of `work` is returned.
    ///
    /// # Errors
    ///
    /// The reason for the end, usually of kind [`AmqpErrorKind::ConnectionLost`].
    pub(crate) async fn race<T>(&self, work: impl Future<Output = T>) -> Result<T, AmqpError> {
        let mut end = self.0.clone();
        tokio::select! {
            biased;
            result = work => Ok(result),
            reason = end.wait_for(Option::is_some) => {
                let reason = reason.ok().and_then(|reason| reason.clone());
                // There is no reason if the session was dropped.
                Err(reason.unwrap_or_else(|| AmqpError::new(AmqpErrorKind::ConnectionLost)))
            }
        }
    }

    fn has_come(&self) -> bool {
        self.0.borrow().is_some()
    }
}

impl Session {
    pub(crate) fn new(connection: ConnectionHandle<()>, session: SessionHandle<()>) -> Self {
        let handles = Arc::new(Mutex::new(Handles { session, connection }));
        let wanted = Arc::new(Notify::new());
        let (ended, end) = watch::channel(None);
        let watching = tokio::spawn(watch_end(handles.clone(), wanted.clone(), ended)).abort_handle();
        Self {
            handles,
            wanted,
            end: SessionEnd(end),
            watching,
        }
    }

    /// Returns whether the background task has reported the end of the session.
    pub(crate) fn has_ended(&self) -> bool {
        self.end.has_come()
    }

    pub(crate) fn end(&self) -> SessionEnd {
        self.end.clone()
    }

    /// Awaits `work` until the session ends; see [`SessionEnd::race`].
    pub(crate) async fn race<T>(&self, work: impl Future<Output = T>) -> Result<T, AmqpError> {
        self.end.race(work).await
    }

    /// Returns the session handle for attaching a link.
    pub(crate) async fn handle(&self) -> MappedMutexGuard<'_, SessionHandle<()>> {
        MutexGuard::map(self.lock().await, |handles| &mut handles.session)
    }

    async fn lock(&self) -> MutexGuard<'_, Handles> {
        let mut lock = pin!(self.handles.lock());
        poll_fn(|context| {
            // Polls before notifying, to be in the mutex's FIFO queue: the background task locks again as soon as it
            // has released the lock, and would otherwise get it first.
            let guard = lock.as_mut().poll(context);
            if guard.is_pending() {
                self.wanted.notify_one();
            }
            guard
        })
        .await
    }

    /// Ends the session and closes the connection.
    pub(crate) async fn close(&self) {
        let mut handles = self.lock().await;
        if let Err(error) = handles.session.end().await {
            tracing::debug!(%error, "the AMQP session ended with an error");
        }
        if let Err(error) = handles.connection.close().await {
            tracing::debug!(%error, "the AMQP connection ended with an error");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// Waits for the end of the session and reports its reason.
async fn watch_end(
    handles: Arc<Mutex<Handles>>,
    wanted: Arc<Notify>,
    ended: watch::Sender<Option<AmqpError>>,
) {
    loop {
        let mut handles = handles.lock().await;
        let Handles { session, connection } = &mut *handles;
        let end = tokio::select! {
            end = session.on_end() => end,
            () = wanted.notified() => continue,
        };
        let reason = match end {
            Err(error) => convert::of_session_end(error),
            // The session ended because the connection ended, so the reason is in the connection's result.
            Ok(()) if connection.is_closed() => convert::of_close(connection.on_close().await),
            Ok(()) => AmqpError::new(AmqpErrorKind::ConnectionLost),
        };
        tracing::debug!(%reason, "the AMQP session has ended");
        ended.send_replace(Some(reason));
        return;
    }
}
