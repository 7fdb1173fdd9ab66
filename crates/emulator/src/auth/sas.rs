//! Shared access signatures of a hub's policies.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha2::Sha256;
use time::OffsetDateTime;

use super::{AuthError, CLOCK_SKEW, Caller, Rights};

/// A shared access policy. Its `Debug` form does not show the keys.
#[derive(Clone)]
pub struct Policy {
    name: String,
    rights: Rights,
    /// Base64, as in connection strings.
    primary_key: String,
    secondary_key: String,
}

impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Policy")
            .field("name", &self.name)
            .field("rights", &self.rights)
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// A policy with freshly generated keys.
    pub fn generate(name: impl Into<String>, rights: Rights) -> Self {
        Self {
            name: name.into(),
            rights,
            primary_key: generate_key(),
            secondary_key: generate_key(),
        }
    }

    /// The policy with this primary key.
    ///
    /// # Errors
    /// If the key is not base64, or empty.
    pub fn with_primary_key(mut self, key: &str) -> Result<Self, AuthError> {
        match STANDARD.decode(key) {
            Ok(bytes) if !bytes.is_empty() => {
                self.primary_key = key.to_owned();
                Ok(self)
            }
            _ => Err(AuthError::Malformed),
        }
    }

    /// The policy's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The primary key, in base64.
    pub fn primary_key(&self) -> &str {
        &self.primary_key
    }

    /// The secondary key, in base64.
    pub fn secondary_key(&self) -> &str {
        &self.secondary_key
    }
}

/// A new key as hubs make them: 32 random bytes, in base64.
pub(crate) fn generate_key() -> String {
    STANDARD.encode(rand::random::<[u8; 32]>())
}

/// The policies of a hub and the host names that it answers to.
#[derive(Debug, Clone)]
pub struct Policies {
    policies: Arc<[Policy]>,
    hosts: Arc<[String]>,
}

impl Policies {
    /// Policies of a hub that is known by these host names, besides the one that a client addresses.
    pub fn new(policies: Vec<Policy>, hosts: Vec<String>) -> Self {
        Self {
            policies: policies.into(),
            hosts: hosts.into(),
        }
    }

    /// The policies that every new hub has.
    pub fn defaults() -> Vec<Policy> {
        let read_write = Rights::REGISTRY_READ.union(Rights::REGISTRY_WRITE);
        vec![
            Policy::generate("iothubowner", Rights::ALL),
            Policy::generate("service", Rights::SERVICE_CONNECT),
            Policy::generate("device", Rights::DEVICE_CONNECT),
            Policy::generate("registryRead", Rights::REGISTRY_READ),
            Policy::generate("registryReadWrite", read_write),
        ]
    }

    /// Checks what follows `SharedAccessSignature ` against a request.
    pub(crate) fn check(
        &self,
        credentials: &str,
        host: &str,
        path_segments: &[String],
        now: OffsetDateTime,
    ) -> Result<Caller, AuthError> {
        let mut token = Token::parse(credentials)?;
        // A token without a policy is signed with a device's key; devices have no business with this API.
        let policy_name = token.policy.take().ok_or(AuthError::UnknownPolicy)?;
        let policy = self
            .policies
            .iter()
            .find(|policy| policy.name == policy_name)
            .ok_or(AuthError::UnknownPolicy)?;
        if !token.signed_by(&policy.primary_key) && !token.signed_by(&policy.secondary_key) {
            return Err(AuthError::WrongSignature);
        }
        if token.expiry.saturating_add(CLOCK_SKEW.whole_seconds()) <= now.unix_timestamp() {
            return Err(AuthError::Expired);
        }
        if !self.resource_contains(token.resource, host, path_segments) {
            return Err(AuthError::WrongResource);
        }
        Ok(Caller::SharedAccess {
            policy: policy_name,
            rights: policy.rights,
        })
    }

    fn resource_contains(&self, resource: &str, host: &str, path_segments: &[String]) -> bool {
        // Some clients write a space as `+`, some leave `+` as it is; an id can't hold a space, so either reading
        // may match.
        let as_form = resource.replace('+', " ");
        [as_form.as_str(), resource].into_iter().any(|text| {
            let Ok(decoded) = percent_decode_str(text).decode_utf8() else {
                return false;
            };
            let mut parts = decoded.trim_end_matches('/').split('/');
            let resource_host = parts.next().unwrap_or_default();
            self.is_host(resource_host, host)
                && parts
                    .enumerate()
                    .all(|(at, part)| path_segments.get(at).is_some_and(|segment| segment == part))
        })
    }

    /// With a port or without: clients differ in what they sign when the connection string names a port.
    fn is_host(&self, resource_host: &str, addressed: &str) -> bool {
        self.hosts
            .iter()
            .map(String::as_str)
            .chain([addressed])
            .any(|known| {
                known.eq_ignore_ascii_case(resource_host)
                    || without_port(known).eq_ignore_ascii_case(resource_host)
            })
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

struct Token<'a> {
    /// As sent: the signature covers this text, whatever way it is escaped.
    resource: &'a str,
    signature: Vec<u8>,
    expiry_text: &'a str,
    expiry: i64,
    policy: Option<String>,
}

impl<'a> Token<'a> {
    fn parse(credentials: &'a str) -> Result<Self, AuthError> {
        let (mut resource, mut signature, mut expiry_text, mut policy) = (None, None, None, None);
        for field in credentials.split('&') {
            let (name, value) = field.split_once('=').ok_or(AuthError::Malformed)?;
            let slot = match name {
                "sr" => &mut resource,
                "sig" => &mut signature,
                "se" => &mut expiry_text,
                "skn" => &mut policy,
                _ => return Err(AuthError::Malformed),
            };
            if slot.replace(value).is_some() {
                return Err(AuthError::Malformed);
            }
        }
        let expiry_text = expiry_text.ok_or(AuthError::Malformed)?;
        let decode = |text: &str| {
            percent_decode_str(text)
                .decode_utf8()
                .map(|text| text.into_owned())
        };
        let signature = decode(signature.ok_or(AuthError::Malformed)?).map_err(|_| AuthError::Malformed)?;
        let policy = policy.filter(|name| !name.is_empty()).map(decode).transpose();
        Ok(Self {
            resource: resource.ok_or(AuthError::Malformed)?,
            signature: STANDARD.decode(signature).map_err(|_| AuthError::Malformed)?,
            expiry_text,
            expiry: expiry_text.parse().map_err(|_| AuthError::Malformed)?,
            policy: policy.map_err(|_| AuthError::Malformed)?,
        })
    }

    /// In constant time as far as the signature is concerned.
    fn signed_by(&self, key: &str) -> bool {
        let Ok(key) = STANDARD.decode(key) else {
            return false;
        };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else {
            return false;
        };
        mac.update(self.resource.as_bytes());
        mac.update(b"\n");
        mac.update(self.expiry_text.as_bytes());
        mac.verify_slice(&self.signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use time::macros::datetime;

    const K1: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const K2: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
    const K3: &str =
        "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eDf3t3c29rZ2NfW1dTT0tHQz87NzMvKycjHxsXEw8LBwA==";
    const NOW: OffsetDateTime = datetime!(2015-01-01 00:00 UTC);

    fn policies(name: &str, key: &str) -> Policies {
        let policy = Policy::generate(name, Rights::ALL).with_primary_key(key).unwrap();
        Policies::new(
            vec![policy],
            vec!["myhub.azure-devices.net".to_owned(), "localhost:8443".to_owned()],
        )
    }

    fn token(resource: &str, signature: &str, expiry: &str, policy: &str) -> String {
        let signature = utf8_percent_encode(signature, NON_ALPHANUMERIC);
        format!("sr={resource}&sig={signature}&se={expiry}&skn={policy}")
    }

    fn path(path: &str) -> Vec<String> {
        crate::service::split_path(path).unwrap()
    }

    /// Section 7: the labelled vectors, each verified over the resource text exactly as it is sent.
    #[test]
    fn section_7_vectors() {
        let host = "myhub.azure-devices.net";
        for (name, key, policy, resource, expiry, signature, at) in [
            (
                "V1",
                K1,
                "iothubowner",
                host,
                "1735689600",
                "jjnsvw73BKWt+2smudQxaqnIDmL236S7+z+sYPHU6Zs=",
                "/devices",
            ),
            (
                "V2",
                K2,
                "registryRead",
                host,
                "1456973447",
                "Ign97B91fMOP+m1lk9nHr3t88iZRZw5tnynSHd8KRaI=",
                "/devices",
            ),
            (
                "V4",
                K3,
                "service",
                "myhub.azure-devices.net%2Fdevices%2Fdev+1%2Bx",
                "4102444800",
                "IP3alq3i/OHKTAWp8N9OD4HwfSwD1Ra6LK0iwIb1qaI=",
                "/devices/dev%201%2Bx",
            ),
            (
                "V5a",
                K1,
                "service",
                "localhost%3A8443",
                "4102444800",
                "R0AwwXW//n+eoGcRW87WpTY9SvdHO0J6KqAwLEpZA1w=",
                "/twins/a",
            ),
            (
                "V5b",
                K1,
                "service",
                "localhost:8443",
                "4102444800",
                "9Yz7J/IRKpXnOR18isYLUGiBcNbjeVi/2qS81mKccCs=",
                "/twins/a",
            ),
        ] {
            let result = policies(policy, key).check(
                &token(resource, signature, expiry, policy),
                host,
                &path(at),
                NOW,
            );
            assert!(result.is_ok(), "{name}: {result:?}");
        }
    }

    /// Section 7, V3 and V3l: the case of an escape changes the signature, so it must be taken as sent.
    #[test]
    fn section_7_escapes_are_not_normalised_before_the_signature() {
        let policies = policies("iothubowner", K1);
        for (resource, signature) in [
            (
                "myhub.azure-devices.net%2Fdevices%2Fdevice1",
                "xH0/+RciNlrmGRmft/GaRUOWtxiP3dKxt1GTGUR2qrw=",
            ),
            (
                "myhub.azure-devices.net%2fdevices%2fdevice1",
                "LwFNTb4p8ood9+bXq23sOOeZZW9JVqghzxnFE8EUWgM=",
            ),
        ] {
            let token = token(resource, signature, "1735689600", "iothubowner");
            let check = |at: &str| policies.check(&token, "myhub.azure-devices.net", &path(at), NOW);
            assert!(check("/devices/device1").is_ok());
            assert!(check("/devices/device1/modules/m").is_ok());
            // By segment: a longer id with the same beginning is another device.
            assert_eq!(check("/devices/device12"), Err(AuthError::WrongResource));
            assert_eq!(check("/devices"), Err(AuthError::WrongResource));
            let swapped = token.replace("%2Fdevices", "%2fdevices");
            if swapped != token {
                let result = policies.check(
                    &swapped,
                    "myhub.azure-devices.net",
                    &path("/devices/device1"),
                    NOW,
                );
                assert_eq!(result, Err(AuthError::WrongSignature));
            }
        }
    }

    #[test]
    fn section_7_expiry_policy_key_and_host_are_checked() {
        let signature = "jjnsvw73BKWt+2smudQxaqnIDmL236S7+z+sYPHU6Zs=";
        let host = "myhub.azure-devices.net";
        let good = token(host, signature, "1735689600", "iothubowner");
        let owner = policies("iothubowner", K1);
        let at = path("/devices");
        let expiry = OffsetDateTime::from_unix_timestamp(1_735_689_600).unwrap();
        assert!(
            owner
                .check(&good, host, &at, expiry + time::Duration::minutes(4))
                .is_ok()
        );
        assert_eq!(
            owner.check(&good, host, &at, expiry + time::Duration::minutes(5)),
            Err(AuthError::Expired)
        );
        assert_eq!(
            policies("service", K1).check(&good, host, &at, NOW),
            Err(AuthError::UnknownPolicy)
        );
        assert_eq!(
            policies("iothubowner", K2).check(&good, host, &at, NOW),
            Err(AuthError::WrongSignature)
        );
        let elsewhere = Policies::new(owner.policies.to_vec(), vec![]);
        assert_eq!(
            elsewhere.check(&good, "localhost:1", &at, NOW),
            Err(AuthError::WrongResource)
        );
        assert!(
            elsewhere
                .check(&good, "MYHUB.azure-devices.net:443", &at, NOW)
                .is_ok()
        );
        let keyless = "sr=h&sig=AAAA&se=1735689600";
        assert_eq!(
            owner.check(keyless, host, &at, NOW),
            Err(AuthError::UnknownPolicy)
        );
        for bad in [
            "",
            "sr=h",
            "sr=h&sig=!!&se=1&skn=p",
            "sr=h&sig=AAAA&se=soon&skn=p",
            "sr=a&sr=b&sig=AAAA&se=1",
        ] {
            assert_eq!(
                owner.check(bad, host, &at, NOW),
                Err(AuthError::Malformed),
                "{bad}"
            );
        }
    }

    /// Section 7: fields come in any order, and the first token of one client counts milliseconds.
    #[test]
    fn section_7_field_order_and_far_expiry() {
        let key = "bm90LWEtcmVhbC1rZXktMDEyMzQ1Njc4OTAxMjM0NTY=";
        let credentials = "sr=myhub.azure-devices.net&sig=shY7HYTC2ZzE31%2Bh4XP4K89kTkmUtNIq1VYDZC8xcOI%3D&skn=iothubowner&se=1700000000000";
        let result = policies("iothubowner", key).check(
            credentials,
            "myhub.azure-devices.net",
            &path("/devices"),
            NOW,
        );
        assert!(result.is_ok(), "{result:?}");
    }

    #[test]
    fn the_secondary_key_signs_too_and_debug_shows_no_key() {
        let policy = Policy::generate("p", Rights::ALL);
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&STANDARD.decode(policy.secondary_key()).unwrap()).unwrap();
        mac.update(b"h\n4102444800");
        let credentials = token(
            "h",
            &STANDARD.encode(mac.finalize().into_bytes()),
            "4102444800",
            "p",
        );
        let debug = format!("{policy:?}");
        assert!(!debug.contains(policy.primary_key()) && !debug.contains(policy.secondary_key()));
        assert!(
            Policies::new(vec![policy], vec![])
                .check(&credentials, "h", &[], NOW)
                .is_ok()
        );
    }
}
