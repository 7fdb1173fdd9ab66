//! The access that a token grants, and its expiry.

use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::watch;

use crate::auth::CLOCK_SKEW;
use crate::auth::authenticator::Authenticated;
use crate::auth::caller::{Caller, Rights};
use crate::clock::Clock;

/// The access that a token grants.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Access {
    pub(crate) caller: Caller,
    /// The time at which access ends unless the client sends a new token.
    pub(crate) until: OffsetDateTime,
}

/// Latest expiry of access. It is before the end of the year 9999, where every [`Clock`] stops, so that a clock can
/// reach it.
const LAST_EXPIRY: OffsetDateTime = datetime!(9000-01-01 00:00 UTC);

impl From<Authenticated> for Access {
    #[expect(clippy::expect_used, reason = "expired credentials are not accepted")]
    fn from(authenticated: Authenticated) -> Self {
        let expiry = authenticated.expiry.min(LAST_EXPIRY.unix_timestamp());
        let expiry = OffsetDateTime::from_unix_timestamp(expiry);
        let expiry = expiry.expect("accepted credentials expire after the year 0, where clocks begin");
        Self {
            caller: authenticated.caller,
            until: expiry.saturating_add(CLOCK_SKEW),
        }
    }
}

/// The current access of a connection. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct AccessCell(watch::Sender<Option<Access>>);

impl Default for AccessCell {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl AccessCell {
    pub(crate) fn set(&self, access: Access) {
        self.0.send_replace(Some(access));
    }

    /// Returns whether the client currently has access to the service side.
    pub(crate) fn may_connect(&self, clock: &Clock) -> bool {
        let access = self.0.borrow();
        access
            .as_ref()
            .is_some_and(|access| access.caller.may(Rights::SERVICE_CONNECT) && clock.now() < access.until)
    }

    /// Waits until access was granted and has expired.
    pub(crate) async fn lost(&self, clock: &Clock) {
        let mut changes = self.0.subscribe();
        loop {
            let until = changes.borrow_and_update().as_ref().map(|access| access.until);
            let run_out = async {
                match until {
                    Some(until) => clock.sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = run_out => return,
                // Cannot fail, because the cell outlives this future.
                _ = changes.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_ends_after_the_clock_skew_and_within_the_range_of_clocks() {
        let until = |expiry| {
            let caller = Caller::owner();
            Access::from(Authenticated { caller, expiry }).until
        };
        assert_eq!(until(1_735_689_600), datetime!(2025-01-01 00:05 UTC));
        // One client's first token has its expiry in milliseconds.
        assert_eq!(until(1_735_689_600_000), datetime!(9000-01-01 00:05 UTC));
        assert_eq!(until(i64::MAX), datetime!(9000-01-01 00:05 UTC));
    }
}
