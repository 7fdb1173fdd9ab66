//! ETags of identities and twins.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Returns the ETag of an identity: base64 of a decimal number.
pub(crate) fn of_identity(version: u64) -> String {
    STANDARD.encode(version.to_string())
}

/// Returns the ETag of a twin: base64 of eight bytes, big-endian.
pub(crate) fn of_twin(version: u64) -> String {
    STANDARD.encode(version.to_be_bytes())
}

/// Decodes the ETag of an identity.
pub(crate) fn identity_version(tag: &str) -> Option<u64> {
    String::from_utf8(STANDARD.decode(tag).ok()?).ok()?.parse().ok()
}

/// Decodes the ETag of a twin.
pub(crate) fn twin_version(tag: &str) -> Option<u64> {
    Some(u64::from_be_bytes(STANDARD.decode(tag).ok()?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HUB-ETAG-1, HUB-ETAG-5.
    #[test]
    fn etags_encode_versions() {
        assert_eq!(of_identity(0), "MA==");
        assert_eq!(of_identity(318_751_955), "MzE4NzUxOTU1");
        assert_eq!(of_twin(1), "AAAAAAAAAAE=");
        assert_eq!(identity_version("MzE4NzUxOTU1"), Some(318_751_955));
        assert_eq!(twin_version("AAAAAAAAAAU="), Some(5));
        assert_eq!(twin_version("MA=="), None);
    }
}
