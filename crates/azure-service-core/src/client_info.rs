//! Name, namespace and version of a client.

use std::fmt;

use crate::error::Error;

/// Name, namespace and version of a client, for spans, log events and the `User-Agent` header.
///
/// Created by [`client_info!`](crate::client_info).
#[derive(Clone, Copy)]
pub struct ClientInfo {
    /// The client's type name, the first half of span names.
    pub name: &'static str,
    /// The service's resource provider, such as `Microsoft.Storage`: the span attribute `az.namespace`.
    pub namespace: &'static str,
    /// `env!("CARGO_PKG_NAME")`.
    pub package: &'static str,
    /// `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// Headers specific to the service that are safe to log.
    pub logged_headers: &'static [&'static str],
    /// Logs an event. The function is defined in the client crate, which makes that crate the event's target.
    #[doc(hidden)]
    pub log: fn(CallEvent<'_>),
}

impl fmt::Debug for ClientInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientInfo")
            .field("name", &self.name)
            .field("namespace", &self.namespace)
            .field("package", &self.package)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A log event of a call.
#[doc(hidden)]
#[derive(Debug)]
pub enum CallEvent<'a> {
    /// A request is retried.
    Retry {
        operation: &'static str,
        attempt: u32,
        after: &'a AttemptFailure,
    },
    /// A call inside a composite method failed. The method may still succeed.
    Step(&'a Error),
    /// A call failed.
    Failure(&'a Error),
}

/// The failure of an attempt that is followed by a retry.
#[doc(hidden)]
#[derive(Debug)]
pub struct AttemptFailure {
    pub status: Option<u16>,
    pub code: Option<String>,
    pub request_id: Option<String>,
    pub reason: String,
}

/// Creates the [`ClientInfo`] of a client in the calling crate.
///
/// The crate's name is the target of log events: retries at level info, failed calls at level warn, each with request
/// id and error code.
///
/// ```
/// let info = azure_service_core::client_info! {
///     name: "RoomsClient",
///     namespace: "Contoso.Rooms",
///     logged_headers: ["rooms-errorcode"],
/// };
/// assert_eq!(info.name, "RoomsClient");
/// ```
#[macro_export]
macro_rules! client_info {
    (
        name: $name:literal,
        namespace: $namespace:literal
        $(, logged_headers: [$($header:literal),* $(,)?])?
        $(,)?
    ) => {
        $crate::ClientInfo {
            name: $name,
            namespace: $namespace,
            package: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            logged_headers: &[$($($header),*)?],
            log: |event: $crate::__CallEvent<'_>| match event {
                $crate::__CallEvent::Retry { operation, attempt, after } => $crate::__tracing::info!(
                    target: env!("CARGO_CRATE_NAME"),
                    operation,
                    attempt,
                    status = after.status,
                    code = after.code,
                    request_id = after.request_id,
                    "{operation} is retried: {}",
                    after.reason,
                ),
                $crate::__CallEvent::Step(error) => $crate::__tracing::info!(
                    target: env!("CARGO_CRATE_NAME"),
                    operation = error.operation(),
                    status = error.status(),
                    code = error.code(),
                    request_id = error.request_id(),
                    "step failed: {error}",
                ),
                $crate::__CallEvent::Failure(error) => $crate::__tracing::warn!(
                    target: env!("CARGO_CRATE_NAME"),
                    operation = error.operation(),
                    status = error.status(),
                    code = error.code(),
                    request_id = error.request_id(),
                    "call failed: {error}",
                ),
            },
        }
    };
}
