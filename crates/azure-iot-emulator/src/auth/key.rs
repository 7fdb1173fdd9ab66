//! Symmetric keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Generates a key as a provisioning service does: 64 random bytes in base64.
pub(crate) fn generate_long_key() -> String {
    let bytes = [rand::random::<[u8; 32]>(), rand::random()].concat();
    STANDARD.encode(bytes)
}

/// Generates a key as a hub does: 32 random bytes in base64.
pub(crate) fn generate_key() -> String {
    STANDARD.encode(rand::random::<[u8; 32]>())
}
