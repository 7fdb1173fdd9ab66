//! Signals that stop the program.

/// Returns a future that waits for SIGINT or SIGTERM. A signal that arrives between this call and the first poll
/// completes it, too.
#[cfg(unix)]
pub(crate) fn end_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Returns a future that waits for Ctrl+C.
#[cfg(not(unix))]
pub(crate) fn end_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "could not listen for signals");
        }
    })
}
