//! Optional times in wire format.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::timestamp::Timestamp;

/// Time, without an offset, that identities have for an event that never happened.
pub(crate) const NEVER_IN_IDENTITY: &str = "0001-01-01T00:00:00";
/// Time that twins have for an event that never happened.
pub(crate) const NEVER_IN_TWIN: &str = "0001-01-01T00:00:00Z";

/// An optional time. If there is none, it serializes to the placeholder for an event that never
/// happened.
pub(crate) struct OrNever(pub(crate) Option<Timestamp>, pub(crate) &'static str);

impl fmt::Display for OrNever {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(time) => time.fmt(formatter),
            None => formatter.write_str(self.1),
        }
    }
}

impl Serialize for OrNever {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HUB-DEVICE-7.
    #[test]
    fn missing_time_has_a_placeholder() {
        assert_eq!(
            OrNever(None, NEVER_IN_IDENTITY).to_string(),
            "0001-01-01T00:00:00"
        );
    }
}
