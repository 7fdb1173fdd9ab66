//! The access that a token grants, and its expiry.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::auth::CLOCK_SKEW;
use crate::auth::caller::{Caller, Rights};
use crate::clock::Clock;

/// The access that a token grants.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Access {
    pub(crate) caller: Caller,
    /// The time at which access ends unless the client sends a new token.
    pub(crate) until: OffsetDateTime,
}

impl Access {
    pub(crate) fn new(caller: Caller, token: &str) -> Self {
        let until = expiry(token).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Self {
            caller,
            until: until.saturating_add(CLOCK_SKEW),
        }
    }
}

/// Returns the expiry of a shared access signature or JSON Web Token. Opaque tokens do not expire.
fn expiry(token: &str) -> Option<OffsetDateTime> {
    let seconds = if let Some(fields) = token.strip_prefix("SharedAccessSignature ") {
        fields
            .split('&')
            .find_map(|field| field.strip_prefix("se="))?
            .parse()
            .ok()
    } else {
        let claims = token.split('.').nth(1);
        let claims = claims.and_then(|claims| URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok());
        let claims: Option<Value> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
        match claims {
            Some(claims) => claims.get("exp")?.as_i64(),
            None => Some(i64::MAX),
        }
    };
    let last = OffsetDateTime::UNIX_EPOCH.replace_year(9000).ok();
    OffsetDateTime::from_unix_timestamp(seconds?).ok().or(last)
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
    fn expiry_is_parsed_from_signatures_and_json_web_tokens() {
        let read = |token: &str| expiry(token).map(OffsetDateTime::unix_timestamp);
        assert_eq!(
            read("SharedAccessSignature sr=h&sig=s&se=1735689600&skn=p"),
            Some(1_735_689_600)
        );
        assert_eq!(read("SharedAccessSignature sr=h"), None);
        let claims = URL_SAFE_NO_PAD.encode(r#"{"exp":1735689600}"#);
        assert_eq!(read(&format!("Bearer e30.{claims}.x")), Some(1_735_689_600));
        assert!(read("Bearer opaque").is_some_and(|expiry| expiry > 4_000_000_000));
    }
}
