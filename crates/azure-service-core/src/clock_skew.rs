//! The clock skew between client and service.

use std::fmt;

use time::{Duration, OffsetDateTime};

/// The skew that services allow when they check tokens.
const ALLOWED: Duration = Duration::minutes(5);

/// The skew between this computer's clock and the service's, if it exceeds the skew that services allow for tokens.
///
/// # Example
///
/// ```
/// use azure_core::time::{Duration, OffsetDateTime};
/// use azure_service_core::ClockSkew;
///
/// let skew = ClockSkew::from_service_time(OffsetDateTime::now_utc() - Duration::hours(2));
/// assert_eq!(skew.unwrap().to_string(), "this computer's clock is 2 h ahead of the service's");
/// assert!(ClockSkew::from_service_time(OffsetDateTime::now_utc()).is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSkew(Duration);

impl ClockSkew {
    /// Compares this computer's clock with a time that a service has just sent. Returns `None` if they differ by at
    /// most five minutes.
    #[must_use]
    pub fn from_service_time(service: OffsetDateTime) -> Option<Self> {
        let skew = OffsetDateTime::now_utc() - service;
        (skew.abs() > ALLOWED).then_some(Self(skew))
    }
}

impl fmt::Display for ClockSkew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = (self.0.abs() + Duration::seconds(30)).whole_minutes();
        let (count, unit) = match minutes {
            0..120 => (minutes, "min"),
            // Rounds to the nearest hour or day.
            120..2880 => ((minutes + 30) / 60, "h"),
            _ => ((minutes + 720) / 1440, "days"),
        };
        let direction = if self.0.is_positive() {
            "ahead of"
        } else {
            "behind"
        };
        write!(
            f,
            "this computer's clock is {count} {unit} {direction} the service's"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skew_is_shown_in_its_largest_unit() {
        for (skew, text) in [
            (Duration::minutes(7), "7 min ahead of"),
            (Duration::minutes(-119), "119 min behind"),
            (Duration::minutes(-150), "3 h behind"),
            (Duration::days(400), "400 days ahead of"),
        ] {
            let shown = ClockSkew(skew).to_string();
            assert_eq!(shown, format!("this computer's clock is {text} the service's"));
        }
    }
}
