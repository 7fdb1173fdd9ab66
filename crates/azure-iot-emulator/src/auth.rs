//! Credentials: authentication of callers, and their rights.

pub(crate) mod authenticator;
pub(crate) mod bearer;
pub(crate) mod caller;
pub(crate) mod error;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub(crate) mod hub_hosts;
pub(crate) mod key;
pub(crate) mod sas;

pub(crate) use caller::Rights;

/// Allowed clock skew, as in the services.
pub(crate) const CLOCK_SKEW: time::Duration = time::Duration::minutes(5);
