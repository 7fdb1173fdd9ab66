//! Checks credentials as the emulator does. A shared access signature is accepted only if it is the HMAC of its resource and
//! expiry with the policy's key, and covers the request.
//!
//! The first line of the input is the host and path of the request. If the second line is `sign`, the other lines are the
//! fields of a token that the target signs; otherwise they are the `Authorization` header.

#![no_main]

use azure_iot_emulator::fuzzing::Authority;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::Sha256;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

fn sign(resource: &str, expiry: &str) -> Vec<u8> {
    let key = STANDARD.decode(KEY).expect("the key is base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length is valid");
    mac.update(format!("{resource}\n{expiry}").as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Returns the value of a field of a signature.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let (_, fields) = header.trim().split_once(' ')?;
    let mut fields = fields.trim().split('&').filter_map(|field| field.split_once('='));
    fields.find_map(|(key, value)| (key == name).then_some(value))
}

fn assert_signed(header: &str, host: &str) {
    let [resource, expiry, signature] = ["sr", "se", "sig"].map(|name| field(header, name));
    let (resource, expiry) = (resource.expect("a resource"), expiry.expect("an expiry"));
    let signature = percent_decode_str(signature.expect("a signature")).decode_utf8();
    let signature = STANDARD.decode(&*signature.expect("text")).expect("base64");
    assert_eq!(signature, sign(resource, expiry), "{header}");
    let signed = percent_decode_str(resource)
        .decode_utf8()
        .expect("text")
        .to_lowercase();
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, _)| name)
        .to_lowercase();
    assert!(
        signed.contains(&name) || signed.starts_with("localhost"),
        "{resource} for {host}"
    );
}

fuzz_target!(|text: &str| {
    let (address, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let header = match rest.strip_prefix("sign\n") {
        Some(fields) => {
            let mut lines = fields.lines();
            let [resource, expiry, policy] = [(); 3].map(|()| lines.next().unwrap_or_default());
            let signature = STANDARD.encode(sign(resource, expiry));
            let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
            format!("SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={policy}")
        }
        None => rest.to_owned(),
    };
    let accepted = Authority::new(KEY).accepts(&header, host, &format!("/{path}"));
    if accepted && !header.trim().to_ascii_lowercase().starts_with("bearer ") {
        assert_signed(&header, host);
    }
});
