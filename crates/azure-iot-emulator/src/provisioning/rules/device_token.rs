//! Shared access signatures of devices, and keys derived from those of groups.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha2::Sha256;
use time::OffsetDateTime;

use crate::auth::CLOCK_SKEW;
use crate::auth::sas::Token;

/// The name of the policy in the signatures of devices.
const POLICY: &str = "registration";

/// A signature for one registration that has not expired. Its key is not checked yet.
pub(crate) struct DeviceToken<'a>(Token<'a>);

impl<'a> DeviceToken<'a> {
    /// Parses the `Authorization` of a request; `None` if it is not a valid signature for this registration.
    pub(crate) fn parse(
        authorization: &'a str,
        id_scope: &str,
        registration_id: &str,
        now: OffsetDateTime,
    ) -> Option<Self> {
        let (scheme, credentials) = authorization.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("SharedAccessSignature") {
            return None;
        }
        let token = Token::parse(credentials.trim()).ok()?;
        let resource = percent_decode_str(token.resource).decode_utf8().ok()?;
        let expected = format!("{id_scope}/registrations/{registration_id}");
        let is_policy = token.policy.as_deref().is_none_or(|policy| policy == POLICY);
        let expires = token.expiry.saturating_add(CLOCK_SKEW.whole_seconds());
        (resource.eq_ignore_ascii_case(&expected) && is_policy && expires > now.unix_timestamp())
            .then_some(Self(token))
    }

    /// Returns whether one of these keys (base64) signed the token.
    pub(crate) fn is_signed_by(&self, keys: [&str; 2]) -> bool {
        keys.iter().any(|key| self.0.signed_by(key))
    }
}

/// Derives the key of a device from that of its group: the HMAC-SHA256 of the registration id, in base64.
#[expect(clippy::expect_used, reason = "keys are checked when they are stored")]
pub(crate) fn derived_key(group_key: &str, registration_id: &str) -> String {
    let key = STANDARD.decode(group_key).expect("a stored key is base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC accepts keys of any length");
    mac.update(registration_id.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
