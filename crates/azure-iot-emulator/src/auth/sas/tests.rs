use super::*;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use time::macros::datetime;

const K1: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const K2: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
const K3: &str = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eDf3t3c29rZ2NfW1dTT0tHQz87NzMvKycjHxsXEw8LBwA==";
const NOW: OffsetDateTime = datetime!(2015-01-01 00:00 UTC);

fn policies(name: &str, key: &str) -> Policies {
    let policy = Policy::generate(name, Rights::all())
        .with_primary_key(key)
        .unwrap();
    Policies::new(
        vec![policy],
        vec!["myhub.azure-devices.net".to_owned()],
        vec!["localhost:8443".to_owned()],
    )
}

fn token(resource: &str, signature: &str, expiry: &str, policy: &str) -> String {
    let signature = utf8_percent_encode(signature, NON_ALPHANUMERIC);
    format!("sr={resource}&sig={signature}&se={expiry}&skn={policy}")
}

fn path(path: &str) -> Vec<String> {
    crate::service::request::split_path(path).unwrap()
}

/// HUB-AUTH-4, HUB-AUTH-5, HUB-AUTH-8: each signature is verified over the resource exactly as sent.
#[test]
fn known_signatures_are_accepted() {
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
        let addressed = if resource.starts_with(host) {
            host
        } else {
            "localhost"
        };
        let token = token(resource, signature, expiry, policy);
        let result = policies(policy, key).check(&token, addressed, &path(at), NOW);
        assert!(result.is_ok(), "{name}: {result:?}");
    }
}

/// HUB-AUTH-5, HUB-AUTH-7: the case of a percent-escape changes the signature, so it must not be normalized.
#[test]
fn escapes_are_not_normalized_before_the_signature() {
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
        // Paths are compared by segment: a longer id with the same prefix is another device.
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

/// HUB-AUTH-7, HUB-AUTH-10, HUB-AUTH-11, HUB-AUTH-21.
#[test]
fn expiry_policy_key_and_host_are_checked() {
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
    let elsewhere = Policies::new(owner.policies.to_vec(), vec![], vec![]);
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
    assert_eq!(owner.check(keyless, host, &at, NOW), Err(AuthError::NoPolicy));
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

/// HUB-AUTH-8: clients may sign a default port that `Host` lacks, or sign the bare host when `Host` has the
/// port.
#[test]
fn default_port_equals_no_port() {
    let policies = Policies::new(vec![Policy::generate("p", Rights::all())], vec![], vec![]);
    let key = STANDARD.decode(policies.policies[0].primary_key()).unwrap();
    let accepted = |resource: &str, host: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{resource}\n4102444800").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let token = token(resource, &signature, "4102444800", "p");
        policies.check(&token, host, &path("/devices"), NOW).is_ok()
    };
    for resource in [
        "localhost",
        "localhost%3A443",
        "localhost:443",
        "localhost:5671",
        "LOCALHOST:443%2Fdevices",
    ] {
        for host in ["localhost", "localhost:443"] {
            assert!(accepted(resource, host), "{resource} {host}");
        }
    }
    assert!(accepted("localhost", "localhost:8443"));
    for (resource, host) in [
        ("localhost:443", "localhost:8443"),
        ("localhost:8443", "localhost"),
        ("localhost:8443", "localhost:443"),
        ("elsewhere:443", "localhost"),
    ] {
        assert!(!accepted(resource, host), "{resource} {host}");
    }
}

/// HUB-AUTH-6: fields may be in any order, and one client's first token has its expiry in milliseconds.
#[test]
fn token_fields_may_be_in_any_order() {
    let key = "bm90LWEtcmVhbC1rZXktMDEyMzQ1Njc4OTAxMjM0NTY=";
    let credentials = "sr=myhub.azure-devices.net&sig=shY7HYTC2ZzE31%2Bh4XP4K89kTkmUtNIq1VYDZC8xcOI%3D&skn=iothubowner&se=1700000000000";
    let result =
        policies("iothubowner", key).check(credentials, "myhub.azure-devices.net", &path("/devices"), NOW);
    assert!(result.is_ok(), "{result:?}");
}

/// HUB-AUTH-9.
#[test]
fn secondary_key_is_accepted_and_debug_shows_no_key() {
    let policy = Policy::generate("p", Rights::all());
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(&policy.secondary_key).unwrap()).unwrap();
    mac.update(b"h\n4102444800");
    let credentials = token(
        "h",
        &STANDARD.encode(mac.finalize().into_bytes()),
        "4102444800",
        "p",
    );
    let debug = format!("{policy:?}");
    assert!(!debug.contains(policy.primary_key()) && !debug.contains(&policy.secondary_key));
    assert!(
        Policies::new(vec![policy], vec![], vec![])
            .check(&credentials, "h", &[], NOW)
            .is_ok()
    );
}
